"""One shard's quotes, followed for as long as it takes."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from crossbook._core import LIVE, QuoteBoard, SharedScan, WallClock
from crossbook.arbitrage.tuning import new_scanner, scanner_arguments
from crossbook.plumbing.plane.quote_stream import QuoteWatch, Source
from crossbook.plumbing.plane.thread import open_plane
from crossbook.plumbing.retry import without_waits
from crossbook.plumbing.settings import ArbitrageSettings
from tests.support.aggregator.fanout import Tick, running_fanout
from tests.support.board import BoardClient
from tests.support.tracker.tracking import free_port as unused_port
from tests.support.waiting import eventually

SHARD = 7


@pytest.fixture(autouse=True)
def no_waits() -> Iterator[None]:
    with without_waits():
        yield


class Followed:
    """A watch of one shard, and how often it said that it came or went."""

    def __init__(self, port: int, into: SharedScan | None = None) -> None:
        self._wall = WallClock()
        self.board = QuoteBoard(self._wall)
        self.client = BoardClient(self.board.reader())
        self._into = into or self.board
        self.changes: list[bool] = []
        self._source = Source("main", f"127.0.0.1:{port}", SHARD)

    async def _changed(self) -> None:
        self.changes.append(self.watch.is_connected)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with open_plane() as plane:
            self.watch = QuoteWatch(self._source, self._into, self._wall, plane, self._changed)
            task = asyncio.create_task(self.watch.run())
            try:
                yield
            finally:
                task.cancel()
                await asyncio.wait((task,))

    @property
    def live(self) -> int:
        return self.client.pull().states.count(LIVE)


async def test_quotes_go_to_the_scanner_under_the_shards_number() -> None:
    """As they came."""
    scan = SharedScan(new_scanner(scanner_arguments(ArbitrageSettings(min_life_ms=0))), "log")
    async with running_fanout() as fanout:
        followed = Followed(fanout.port, scan)
        async with followed.running():
            await eventually(lambda: followed.changes == [True])
            fanout.send(Tick("cheap", 99.9, 100.0), Tick("dear", 101.0, 101.1))
            await eventually(lambda: scan.open_legs(SHARD) == 2)
            assert scan.open_legs(SHARD + 1) == 0
            assert len(scan.open_opportunities()) == 1


async def test_a_stream_that_is_lost_takes_its_quotes_with_it_and_is_opened_again() -> None:
    """No quote outlives the stream that told it; what was open closes."""
    async with running_fanout() as fanout:
        followed = Followed(fanout.port)
        async with followed.running():
            await eventually(lambda: fanout.connected == 1)
            fanout.send(Tick("cheap", 99.9, 100.0), Tick("dear", 101.0, 101.1))
            await eventually(lambda: followed.live == 2)
            fanout.cut()
            await eventually(lambda: fanout.subscriptions == 2 and followed.changes == [True, False, True])
            assert followed.live == 0
            fanout.send(Tick("cheap", 99.9, 100.0))
            await eventually(lambda: followed.live == 1)


async def test_a_batch_that_does_not_decode_begins_a_new_stream() -> None:
    """What it said is lost, and a new stream begins with everything."""
    async with running_fanout() as fanout:
        followed = Followed(fanout.port)
        with capture_logs() as logs:
            async with followed.running():
                await eventually(lambda: fanout.connected == 1)
                fanout.send_raw(b"\xff\xff")
                await eventually(lambda: fanout.subscriptions == 2)
                await eventually(lambda: any(line["event"] == "aggregator_lost" for line in logs))
        (lost,) = [line for line in logs if line["event"] == "aggregator_lost"]
        assert "a batch does not decode" in lost["reason"]
        assert lost["shard"] == "main"


async def test_a_shard_that_is_not_there_is_told_once_and_dialled_on() -> None:
    """However often it is tried; when it comes it is followed."""
    port = unused_port()
    followed = Followed(port)
    with capture_logs() as logs:
        async with followed.running():
            await eventually(lambda: followed.changes == [False])
            await asyncio.sleep(0.2)
            async with running_fanout(port) as fanout:
                await eventually(lambda: fanout.connected == 1 and followed.watch.is_connected)
    events = [line["event"] for line in logs if line["event"] in ("aggregator_unreachable", "aggregator_connected")]
    assert events[:2] == ["aggregator_unreachable", "aggregator_connected"]


async def test_an_end_of_ours_takes_the_quotes_with_it() -> None:
    """A shard that is no longer listed."""
    async with running_fanout() as fanout:
        followed = Followed(fanout.port)
        async with followed.running():
            await eventually(lambda: fanout.connected == 1)
            fanout.send(Tick("cheap", 99.9, 100.0))
            await eventually(lambda: followed.live == 1)
        assert (followed.live, followed.watch.is_connected) == (0, False)
        await eventually(lambda: fanout.connected == 0)
