"""`make bench-alertmanager`: messages, losses, duplicates and times of alerts and of a real Alertmanager, side by side.

python -m tests.bench.alertmanager --binary FILE [--minutes N] [--dislocations N]
"""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

from tests.bench.alertmanager.run import run
from tests.bench.alertmanager.tally import details, lines


def main(arguments: list[str]) -> int:
    """0 when both have told something."""
    parser = argparse.ArgumentParser(prog="tests.bench.alertmanager", description=__doc__)
    parser.add_argument("--binary", type=Path, required=True, help="an alertmanager, as build.sh makes it")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--dislocations", type=int, default=9)
    parser.add_argument("--venues", type=int, default=14)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="crossbook-alertmanager-") as folder:
        made = run(options.binary, options.minutes, options.dislocations, options.venues, Path(folder))
        outcome = asyncio.run(made)
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", *outcome.notes, sep="\n")
    print(*details(outcome.cases), "", *lines(outcome.cases), sep="\n")
    return 0 if all(any(case.messages for case in cases) for cases in outcome.cases.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
