"""`make judged MINUTES=20`: every opportunity at size beside the simulator's own books, through all of its faults.

python -m tests.judged [--minutes N] [--venues VENUE,...] [--assets N] [--seed N] [--no-faults] [--keep FOLDER]
"""

import argparse
import contextlib
import sys
import tempfile
from pathlib import Path

from tests.judged.run import play
from tests.support.local.system import ALL_VENUES


def main(arguments: list[str]) -> int:
    """0 when each profit that was told was there and each planted one that pays at size was found."""
    parser = argparse.ArgumentParser(prog="tests.judged", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--venues", default=",".join(ALL_VENUES))
    parser.add_argument("--assets", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-faults", action="store_true")
    parser.add_argument("--keep", type=Path, help="a folder that the run's files stay in")
    options = parser.parse_args(arguments)
    with contextlib.ExitStack() as stack:
        folder = options.keep or stack.enter_context(tempfile.TemporaryDirectory(prefix="crossbook-judged-"))
        result = play(
            options.minutes * 60,
            Path(folder),
            options.venues.split(","),
            assets=options.assets,
            seed=options.seed,
            has_faults=not options.no_faults,
        )
    findings = result.findings()
    print(*result.lines(), *(f"  -> {finding}" for finding in findings), sep="\n")
    return 1 if findings or not result.verdict.claims else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
