"""The whole system, fed in an open loop: how old an opportunity is at a client, and the rate up to which that holds."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tests.bench.aged import LOADS, ages_of, floor_of, rows_of
from tests.bench.fed import Fed, Load, fed
from tests.bench.knee import knee, noted, p99_of
from tests.bench.native_floor import NativeFloor, native_floor
from tests.bench.product import Bench, Product
from tests.bench.readers import native_reader
from tests.bench.rig import PAIR
from tests.bench.rows import Figures, Row, at_least
from tests.bench.system import running_up

SYSTEM, WORDS = "whole", "the whole system"
LIMITS_US = {
    ("1k", 50): 800.0,
    ("1k", 99): 2_000.0,
    ("1k_tens", 50): 800.0,
    ("1k_tens", 99): 2_000.0,
    ("20k_tens", 50): 800.0,
    ("20k_tens", 99): 2_000.0,
}
KNEE = "knee_frames_per_s"
FIRST_RATE, TRIES, TRY_SECONDS = 10_000.0, 7, 1.5
BURSTS_PER_SECOND = 1_000.0
KNEE_ROWS = [
    Row(
        KNEE,
        "frames/s",
        "The largest rate at which the whole system's p99 from a frame's being due to its opportunity is under 10 ms; "
        f"{TRIES} rates are tried.",
        is_higher_better=True,
        targets=(at_least(100_000),),
    )
]
PARTS = {**{load: rows_of(SYSTEM, WORDS, LIMITS_US, load) for load in LOADS}, KNEE: KNEE_ROWS}
ROWS = tuple(row for rows in PARTS.values() for row in rows)


class Whole:
    """Its parts are the loads, and the knee."""

    def __init__(self, system: Fed, floor: NativeFloor, parts: Sequence[str]) -> None:
        self.parts = parts
        self._system = system
        self._floor = floor

    async def ours(self, part: str) -> Figures:
        """One load, or one search."""
        if part != KNEE:
            return await ages_of(SYSTEM, self._system, part)
        return {KNEE: await knee(noted(KNEE, self._p99_us), FIRST_RATE, TRIES)}

    async def beside(self, part: str) -> Figures:
        """The floor, for ages."""
        return await floor_of(SYSTEM, self._floor, part) if part != KNEE else {}

    async def _p99_us(self, rate: float) -> float:
        load = Load(rate, max(1, round(rate / BURSTS_PER_SECOND)))
        played = await self._system.play(load, native_reader, TRY_SECONDS)
        await self._system.drained()
        return p99_of(played.ages_us)


@asynccontextmanager
async def opened(product: Product, rows: Sequence[Row]) -> AsyncIterator[Whole]:
    """Started once."""
    parts = [part for part, own in PARTS.items() if any(row in rows for row in own)]
    options = ["--live", "--venues", ",".join(PAIR)]
    async with (
        fed(lambda settings: running_up(settings, options, product.python)) as system,
        native_floor() as floor,
    ):
        yield Whole(system, floor, parts)


BENCH = Bench(
    "whole",
    "The whole system: how old an opportunity is at a client, and up to which rate of frames that holds.",
    ROWS,
    opened,
    rounds=3,
    limits="As in `alone`. While the knee is searched, the frames of a millisecond are due at once, and each "
    "rate is told on standard error; one that the source cannot hold is too much as well: its lateness is in the ages.",
    is_warmed_up=False,
)
