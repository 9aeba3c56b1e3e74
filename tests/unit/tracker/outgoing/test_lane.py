"""One stream to one shard: when it takes batches, that it follows the shard's address, and when the shard has all."""

import asyncio
import gc
import time
import weakref
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from crossbook._core import Outbox, OutgoingBatch, Pace, Plane
from crossbook.plumbing.plane.thread import PlaneThread
from crossbook.tracker.outgoing.lane import Lane
from crossbook.tracker.outgoing.outgoing import Kept, Outgoing
from tests.support.tracker.lanes import BOUNDARY_NS, START_NS, LaneWorld, Shards, two_shards
from tests.support.waiting import eventually
from tests.unit.tracker.venue.test_markets import LISTED

VENUE = LISTED[0].venue
LONG_SECONDS = 0.05  # as lanes hold batches back


class Pending:
    """Stands where the feed stands; rows appear when a test says so."""

    def __init__(self) -> None:
        self.pending = 0
        self.sequence = 0
        self.asked = 0
        self.error: BaseException | None = None

    def carry_depth(self, shard: str, outbox: Outbox) -> None:
        assert shard == "s"

    def pending_rows(self, shard: str) -> int:
        assert shard == "s"
        self.asked += 1
        return self.pending

    def take_batch(self, shard: str, now_ns: int) -> OutgoingBatch:
        if self.error is not None:
            raise self.error
        self.sequence += 1
        rows, self.pending = min(self.pending, 100), max(self.pending - 100, 0)
        return OutgoingBatch(self.sequence, rows, b"p")

    def hello(self, shard: str, oldest: int) -> bytes:
        return b"hello"


class Bench:
    """A lane that has a feed and no connection, and what it does."""

    def __init__(self, spool: Path | None = None) -> None:
        self.feed = Pending()
        self.errors: list[BaseException] = []
        session: Any = SimpleNamespace(
            venue="v", stream_id="t", feed=self.feed, now_ns=time.time_ns, fail=self.errors.append
        )
        outgoing = Outgoing(PlaneThread(Plane()), Pace(), 1 << 20)
        self.lane = Lane(session, "s", "nowhere", outgoing, Kept(session, "s", outgoing, spool))

    def come(self, rows: int) -> None:
        """By a request's answer or the like."""
        self.feed.pending += rows
        self.lane.flush_soon()

    def timers(self) -> int:
        return int(self.lane._hold is not None)

    def rows(self) -> list[int]:
        outbox = self.lane.outbox
        held = [outbox.get(sequence) for sequence in range(1, outbox.next_sequence)]
        return [batch.rows for batch in held if batch]


def spooled(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.glob("*.spool")]


@pytest.fixture
async def shards() -> AsyncIterator[Shards]:
    async with two_shards() as found:
        yield found


async def test_the_first_quotes_leave_at_once_and_what_follows_is_taken_by_the_timer() -> None:
    """Whatever is held back leaves without anybody's asking, and what nothing waits for costs no timer."""
    bench = Bench()
    for _ in range(3):
        bench.come(1)
    assert (bench.rows(), bench.timers()) == ([1, 1, 1], 0)
    for _ in range(100):
        bench.come(1)
    assert bench.timers() == 1
    await eventually(lambda: sum(bench.rows()) == 103)
    assert (bench.feed.sequence, bench.timers()) == (len(bench.rows()), 0)


async def test_what_a_full_batch_leaves_behind_is_taken_by_the_timer() -> None:
    """A batch has a limit of rows, and nobody may come and ask for the rest."""
    bench = Bench()
    bench.come(250)
    assert bench.rows() == [100]
    await eventually(lambda: bench.rows() == [100, 100, 50])


async def test_after_a_pause_the_next_quote_leaves_at_once_again() -> None:
    """The hold ends by itself when nothing came."""
    bench = Bench()
    for expected in ([2], [2, 2], [2, 2, 2]):
        bench.come(2)
        assert bench.rows() == expected
        await asyncio.sleep(LONG_SECONDS)


async def test_the_core_is_not_asked_again_for_quotes_that_are_known_to_wait() -> None:
    """It would stand in the way of every frame."""
    bench = Bench()
    bench.feed.pending = 2
    bench.lane.on_quotes(time.time_ns())
    assert (bench.feed.asked, bench.rows()) == (1, [2])  # after the batch: whether it was full


async def test_nothing_pending_makes_no_batch() -> None:
    """Heartbeats and the like cost no message."""
    bench = Bench()
    bench.come(0)
    assert bench.rows() == []


async def test_an_idle_stream_tells_how_far_it_is() -> None:
    """The watermark goes out in an empty batch."""
    bench = Bench()
    bench.lane.keep_watermark()
    assert bench.rows() == [0]


async def test_the_last_batches_take_all_there_is() -> None:
    """However many they are; nothing stays behind at the end, and no timer fires afterwards."""
    bench = Bench()
    bench.come(1)
    bench.feed.pending += 150
    bench.lane.close()
    assert bench.rows() == [1, 100, 50]
    bench.feed.pending += 1
    await asyncio.sleep(LONG_SECONDS)
    assert bench.rows() == [1, 100, 50]


async def test_an_error_in_the_timer_is_handed_on() -> None:
    """What the feed raises while nobody is calling reaches the driver all the same."""
    bench = Bench()
    for _ in range(4):  # as many as leave at once
        bench.come(1)
    bench.feed.error = RuntimeError("panic")
    bench.come(1)
    await eventually(lambda: bench.errors == [bench.feed.error])


async def test_a_batch_is_on_the_disk_as_soon_as_it_can_be_sent(shards: Shards, tmp_path: Path) -> None:
    """And off it once it is acknowledged."""
    world = LaneWorld(shards, ("east",), VENUE, spool=tmp_path)
    shards.servers["east"].acknowledges = False
    async with asyncio.TaskGroup() as tasks:
        world.lanes.start(tasks)
        world.track(LISTED[:1])
        (file,) = spooled(tmp_path)
        await eventually(lambda: world.received("east") >= 1)
        assert all(payload in file for payload in shards.servers["east"].streams[world.venue].payloads[:1])
        assert spooled(tmp_path) != []
        shards.servers["east"].acknowledges = True
        world.track(LISTED[:2])
        await eventually(lambda: spooled(tmp_path) == [])
        world.end()


async def test_a_lane_that_is_over_is_forgotten(tmp_path: Path) -> None:
    """Its outbox knows the journal, and the journal its owner: the collector sees through the core."""
    bench = Bench(tmp_path)
    vars(bench.lane.kept)["circle"] = bench
    gone = weakref.ref(bench)
    del bench
    gc.collect()
    assert gone() is None


async def test_a_shard_that_listens_elsewhere_is_followed(shards: Shards) -> None:
    """What it has not acknowledged goes there too, once."""
    world = LaneWorld(shards, ("east",), VENUE)
    shards.servers["east"].acknowledges = False
    async with asyncio.TaskGroup() as tasks:
        world.lanes.start(tasks)
        world.track(LISTED[:1])
        await eventually(lambda: world.received("east") >= 1)
        sent = world.received("east")
        world.routing.change({"east": world.targets["west"]}, world.session.now_ns())
        world.lanes.redirect()
        await eventually(lambda: world.received("west") >= sent)
        assert shards.servers["west"].streams[world.venue].sequences[:sent] == list(range(1, sent + 1))
        await eventually(lambda: world.lanes.unacknowledged_batches == 0)
        world.end()


async def test_a_lane_is_settled_by_the_oldest_batch_that_it_holds(shards: Shards) -> None:
    """Nothing held says nothing: a watermark beyond the moment must stand there, unacknowledged."""
    world = LaneWorld(shards, ("east",), VENUE)
    shards.servers["east"].acknowledges = False
    async with asyncio.TaskGroup() as tasks:
        world.lanes.start(tasks)
        lane: Lane = next(iter(world.lanes))
        assert not lane.is_settled(0)
        world.track(LISTED)
        assert lane.is_settled(START_NS - 1)
        assert not lane.is_settled(BOUNDARY_NS)
        world.end()
