"""As many frames as the system takes, all the way into its windows, and as many as the sender can feed at all."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tests.bench.product import Bench, Product
from tests.bench.rig import Rig, rig
from tests.bench.rows import Figures, Row, at_least

ENOUGH = 1_000_000.0  # frames a second: more than anything here sends or takes
SECONDS = 3.0
LIVE, SENDER = "frames_to_windows_live_per_s", "sender_frames_per_s"
ROWS = (
    Row(
        LIVE,
        "frames/s",
        "Frames through sockets, trackers, gRPC and aggregator into windows, as fast as they are taken.",
        is_higher_better=True,
        beside="the same sender into a client that only counts, the most that can be measured here",
        targets=(at_least(100_000),),
    ),
    Row(
        SENDER,
        "frames/s",
        "What the sender feeds from one core to a client that only counts: rates above it would measure the sender.",
        is_higher_better=True,
        targets=(at_least(200_000),),
    ),
)


class Intake:
    """Its parts are the two rows: one is measured with the system, the other beside it."""

    def __init__(self, system: Rig, parts: Sequence[str]) -> None:
        self.parts = parts
        self._system = system

    async def ours(self, part: str) -> Figures:
        """Quotes into windows: one for each frame, since every frame changes the top of its book."""
        if part == SENDER:
            return {part: await self._system.read_alone(ENOUGH, SECONDS)}
        told = await self._system.slice(ENOUGH, 0, SECONDS)
        return {part: told.quotes / told.seconds}

    async def beside(self, part: str) -> Figures:
        """The sender's own limit, right after."""
        return {part: await self._system.read_alone(ENOUGH, SECONDS)} if part == LIVE else {}


@asynccontextmanager
async def opened(product: Product, rows: Sequence[Row]) -> AsyncIterator[Intake]:
    """Live, and silent until it is asked."""
    async with rig(product) as system:
        yield Intake(system, [row.key for row in rows])


BENCH = Bench(
    "intake",
    "As many frames as the system takes, in turn with as many as the sender can feed at all.",
    ROWS,
    opened,
    rounds=3,
    limits="The sender takes most of a core of its own: on two cores the system has the other one, and what the sender "
    "leaves. Frames of the best bid and ask of two venues; full depth costs more (decode rows).",
)
