"""The board behind two real aggregators: Python reads frames of quotes that the plane has followed."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from crossbook._core import CLOSED, LIVE, QuoteBoard, WallClock
from crossbook.local.processes.addresses import free_port
from crossbook.plumbing.grpc.channel import open_channel
from crossbook.plumbing.plane.quote_stream import QuoteWatch, Source
from crossbook.plumbing.plane.thread import PlaneThread, open_plane
from tests.support.aggregator.aggregator_process import AggregatorProcess
from tests.support.aggregator.flood import Flood
from tests.support.board import BoardClient
from tests.support.waiting import eventually

VENUES = ("alpha", "beta")


async def _heard() -> None:
    """Nobody asks."""


@asynccontextmanager
async def following(plane: PlaneThread, board: QuoteBoard, *shards: AggregatorProcess) -> AsyncIterator[None]:
    """All of them, each from its beginning, until the end of the block."""
    sources = [Source(f"shard-{number}", shard.target, number) for number, shard in enumerate(shards)]
    tasks = [asyncio.create_task(QuoteWatch(source, board, WallClock(), plane, _heard).run()) for source in sources]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def test_readers_see_every_shard_and_what_becomes_of_each(postgres_dsn: str, tmp_path: Path) -> None:
    """A killed shard takes only its own rows out of LIVE; it comes back, and readers are where a new one would be."""
    shards = [AggregatorProcess(postgres_dsn, free_port(), tmp_path / f"{venue}.log") for venue in VENUES]
    board = QuoteBoard(WallClock())
    everything, of_alpha, late = (
        BoardClient(reader) for reader in (board.reader(), board.reader(["alpha"]), board.reader())
    )

    def states(client: BoardClient, venue: str) -> set[int]:
        return {row[0] for (of, _), row in client.pull().rows.items() if of == venue}

    async with AsyncExitStack() as stack:
        channels = [await stack.enter_async_context(_live(shard)) for shard in shards]
        plane = await stack.enter_async_context(open_plane())
        await stack.enter_async_context(following(plane, board, *shards))
        floods = [
            await stack.enter_async_context(Flood(channel, venue, instruments=5, rounds=3))
            for venue, channel in zip(VENUES, channels, strict=True)
        ]
        for flood in floods:
            await flood.send(4)
        await eventually(lambda: [row[1] for row in everything.pull().rows.values()] == [4.0] * 10)
        assert len(of_alpha.pull().rows) == 5
        await shards[0].end(signal.SIGKILL)
        await eventually(lambda: states(everything, "alpha") == {CLOSED})
        assert (states(everything, "beta"), states(of_alpha, "alpha")) == ({LIVE}, {CLOSED})
        await shards[0].start()
        async with open_channel(shards[0].target) as channel, Flood(channel, "alpha", instruments=5, rounds=3) as again:
            await again.send(2)
            await eventually(lambda: [row[1] for row in of_alpha.pull().rows.values()] == [2.0] * 5)
            assert (len(late.pull().rows), late.rows) == (10, everything.pull().rows)


@asynccontextmanager
async def _live(shard: AggregatorProcess) -> AsyncIterator[object]:
    async with shard, open_channel(shard.target) as channel:
        yield channel
