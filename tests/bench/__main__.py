"""`make bench`: runs the benches (all, or those named), prints the table, writes .bench/latest.json.

python -m tests.bench [engine] [transport] [flush] [frames] [pipeline]
"""

import sys
from collections.abc import Callable
from pathlib import Path

from tests.bench import engine, flush, frames, pipeline, transport
from tests.bench.report import Row, print_table, write_json

BENCHES: dict[str, Callable[[], list[Row]]] = {
    "engine": engine.run,
    "transport": transport.run,
    "flush": flush.run,
    "frames": frames.run,
    "pipeline": pipeline.run,
}
LATEST = Path(__file__).parents[2] / ".bench" / "latest.json"


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"unknown bench {unknown[0]!r}; known: {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    rows: list[Row] = []
    for name in names or BENCHES:
        print(f"bench {name} ...", file=sys.stderr, flush=True)
        rows += BENCHES[name]()
    print_table(rows)
    write_json(rows, LATEST)
    print(f"written to {LATEST.relative_to(Path.cwd()) if LATEST.is_relative_to(Path.cwd()) else LATEST}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
