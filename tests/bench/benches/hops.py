"""What a message costs on its way, whatever it carries, and how many a second pass three hops without a queue.

One quote a message goes through the real aggregator and arbitrage to a native client (single_quotes.py): three hops.
"""

import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tests.bench.fed import Load
from tests.bench.knee import knee, noted, p99_of
from tests.bench.native_floor import NativeFloor, native_floor
from tests.bench.product import Bench, Product
from tests.bench.rows import Figures, Row, at_least, at_most
from tests.bench.single_quotes import SingleQuotes, single_quotes

EVEN, FULL, KNEE = "hop_cpu_us_per_end_1k", "hop_cpu_us_per_message_full_flow", "three_hops_messages_per_s"
TRY_SECONDS = 1.5
FIRST_RATE, TRIES = 1_000.0, 6
BESIDE = "three tonic hops of one 200-byte record a message"
ROWS = (
    Row(
        EVEN,
        "us",
        "Processor time of the aggregator by messages and ends, at 1,000 messages/s: each is received and sent on.",
        beside=f"{BESIDE}: the middle one",
        targets=(at_most(75),),
    ),
    Row(
        FULL,
        "us",
        "Processor time of the aggregator by messages received, while more wait than it can take.",
        beside=f"{BESIDE}: the middle one, which sends each on",
        targets=(at_most(2),),
    ),
    Row(
        KNEE,
        "messages/s",
        "The largest rate of messages, one quote each and evenly, at which p99 from due to a client is under 10 ms; "
        f"{TRIES} rates are tried.",
        is_higher_better=True,
        beside=BESIDE,
        targets=(at_least(20_000),),
    ),
)
AT_ONCE = 1e9  # a second: all are due in the first moment
LOADS = {EVEN: (Load(1_000), 2_500, 2), FULL: (Load(AT_ONCE), 30_000, 1)}  # messages, and ends of one that count


class Hops:
    """Its parts are the rows."""

    def __init__(self, system: SingleQuotes, floor: NativeFloor, parts: Sequence[str]) -> None:
        self.parts = parts
        self._system = system
        self._floor = floor

    async def ours(self, part: str) -> Figures:
        """The real services."""
        if part == KNEE:
            return {KNEE: await knee(noted(KNEE, self._p99_us), FIRST_RATE, TRIES)}
        load, messages, ends = LOADS[part]
        return {part: await self._system.cpu_us(load, messages) / messages / ends}

    async def beside(self, part: str) -> Figures:
        """The floor."""
        if part == KNEE:
            return {KNEE: await knee(noted(f"{KNEE}, floor", self._floor_p99_us), FIRST_RATE, TRIES)}
        load, messages, ends = LOADS[part]
        told = await self._floor.play(load, messages / load.rate, 0)
        return {part: told.cpu_us / messages / ends}

    async def _p99_us(self, rate: float) -> float:
        return p99_of(await self._system.ages_us(rate, TRY_SECONDS))

    async def _floor_p99_us(self, rate: float) -> float:
        told = await self._floor.play(Load(rate), TRY_SECONDS)
        return told.p99_us if told.arrived == told.sent else math.inf


@asynccontextmanager
async def opened(product: Product, rows: Sequence[Row]) -> AsyncIterator[Hops]:
    """Started once."""
    async with single_quotes(product.python) as system, native_floor(1) as floor:
        yield Hops(system, floor, [row.key for row in rows])


BENCH = Bench(
    "hops",
    "What a message of one quote costs in the aggregator, and how many a second pass three hops without a queue.",
    ROWS,
    opened,
    rounds=2,
    limits="The aggregator also decodes the quote and keeps its window. What it sends on it may conflate; the floor "
    "sends every record in a message of its own. Sender, services, client and floor share the cores.",
    is_warmed_up=False,
)
