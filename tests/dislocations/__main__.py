"""`make dislocations MINUTES=20`: one venue of fourteen is off ten times; messages per dislocation, against the truth.

python -m tests.dislocations [--minutes N]
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.dislocations.run import play


def main(arguments: list[str]) -> int:
    """0 when each dislocation was one group with one end, of the right venue, and nothing else was told."""
    parser = argparse.ArgumentParser(prog="tests.dislocations", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="crossbook-dislocations-") as folder:
        result = play(options.minutes, Path(folder))
    findings = result.findings()
    print(*result.lines(), *(f"  -> {finding}" for finding in findings), sep="\n")
    return 1 if findings or not any(one.kinds for one in result.planted) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
