"""`make schemathesis`: a running system, asked what its OpenAPI document leads to.

python -m tests.documented EXAMPLES SEED: so many random requests of each operation, beside one for every bound of every
parameter and field. Every answer is checked: no 5xx, nothing off its schema, its types of content or its statuses,
nothing taken that the document forbids.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.support.gateway.schemathesis import BOUNDS, RANDOM, asked


def main(examples: int, seed: int) -> int:
    """The exit code of schemathesis."""
    with tempfile.TemporaryDirectory(prefix="crossbook-documented-") as folder:
        code, said = asyncio.run(asked(Path(folder), examples, seed, BOUNDS, RANDOM))
    print(said)
    return code


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
