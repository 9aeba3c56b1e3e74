"""`make bench`: runs the benches (all, or those named), prints the table, writes .bench/latest.json.

python -m tests.bench [engine] [transport] [flush] [frames] [pipeline] [--baseline]

--baseline writes .bench/baseline.json, which is committed, in place of latest.json; only the rows that ran change.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from tests.bench import engine, flush, frames, pipeline, transport
from tests.bench.report import Row, print_table, read_rows, write_json

BENCHES: dict[str, Callable[[], list[Row]]] = {
    "engine": engine.run,
    "transport": transport.run,
    "flush": flush.run,
    "frames": frames.run,
    "pipeline": pipeline.run,
}
REPORTS = Path(__file__).parents[2] / ".bench"
LATEST, BASELINE = REPORTS / "latest.json", REPORTS / "baseline.json"
NEW_BASELINE = "--baseline"


def main(names: list[str]) -> int:
    is_new_baseline = NEW_BASELINE in names
    names = [name for name in names if name != NEW_BASELINE]
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"unknown bench {unknown[0]!r}; known: {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    rows: list[Row] = []
    for name in names or BENCHES:
        print(f"bench {name} ...", file=sys.stderr, flush=True)
        rows += BENCHES[name]()
    before = read_rows(BASELINE)
    print_table(rows, before)
    path = BASELINE if is_new_baseline else LATEST
    write_json(rows, path, kept=before if is_new_baseline else {})
    print(f"written to {path.relative_to(REPORTS.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
