"""`make property`: plays of many seeds for every venue, on all processors.

python -m tests.property --seeds 10000
python -m tests.property --venues VENUE --first 4711 --seeds 1
"""

import argparse
import sys
import time

from crossbook.simulator.registry import TRAITS
from tests.property.many import TOLD, failures, workers


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.property", description=__doc__)
    parser.add_argument("--venues", default=",".join(sorted(TRAITS)), help="comma-separated; default: all")
    parser.add_argument("--seeds", type=int, default=1_000, help="how many, for each venue")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    options = parser.parse_args()
    has_failed = False
    with workers() as pool:
        for venue in options.venues.split(","):
            began = time.monotonic()
            failed = failures(pool, venue, options.first, options.seeds)
            has_failed |= bool(failed)
            print(*failed[:TOLD], sep="\n", end="\n" if failed else "")
            pace = options.seeds / (time.monotonic() - began)
            print(f"{venue:<14} {options.seeds} seeds, {len(failed)} fail, {pace:.0f} seeds/s", flush=True)
    return int(has_failed)


if __name__ == "__main__":
    sys.exit(main())
