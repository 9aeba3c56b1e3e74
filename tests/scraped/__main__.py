"""`make scraped`: a real Prometheus reads a loaded system by our rules; no query of a rule or a board finds nothing.

python -m tests.scraped --binary FILE [--minutes N]
"""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

from tests.scraped.run import run


def main(arguments: list[str]) -> int:
    """0 when every query finds something, and no rule failed."""
    parser = argparse.ArgumentParser(prog="tests.scraped", description=__doc__)
    parser.add_argument(
        "--binary", type=Path, required=True, help="a prometheus, as deploy/prometheus/fetch.sh takes it"
    )
    parser.add_argument("--minutes", type=float, default=4.0)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="crossbook-scraped-") as folder:
        found = asyncio.run(run(options.binary.resolve(), options.minutes * 60, Path(folder)))
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", *found.lines(), sep="\n")
    return 1 if found.empty or found.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
