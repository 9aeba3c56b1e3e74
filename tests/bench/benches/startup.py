"""From the command to the first book that is LIVE."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tests.bench.product import Bench, Product
from tests.bench.rows import Figures, Row
from tests.bench.system import is_any_live, running_up
from tests.support.waiting import eventually

DEADLINE_SECONDS = 90.0
ROWS = (
    Row(
        "startup_to_first_live_s",
        "s",
        "`crossbook up` with all simulated venues and fresh Postgres and Redis, until a first instrument is LIVE.",
    ),
)


class Startup:
    """Started and stopped at every measurement."""

    def __init__(self, product: Product, parts: Sequence[str]) -> None:
        self.parts = parts
        self._product = product

    async def ours(self, part: str) -> Figures:
        """One start."""
        began = time.monotonic()
        async with running_up({}, [], self._product.python) as addresses:
            await eventually(lambda: is_any_live(addresses), DEADLINE_SECONDS)
            return {part: time.monotonic() - began}

    async def beside(self, part: str) -> Figures:
        """Nothing."""
        return {}


@asynccontextmanager
async def opened(product: Product, rows: Sequence[Row]) -> AsyncIterator[Startup]:
    yield Startup(product, [row.key for row in rows])


BENCH = Bench(
    "startup",
    "From the command to the first book that is LIVE.",
    ROWS,
    opened,
    rounds=3,
    limits="The simulator answers at once; real venues take as long as they take.",
    is_warmed_up=False,
)
