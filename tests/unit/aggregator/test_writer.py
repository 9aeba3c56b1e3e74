"""The writer of one venue's windows: in order, once each, however often the store breaks."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import pytest

from crossbook._core import QuoteHub, VenueWindows
from crossbook.aggregator.counters import Counters
from crossbook.aggregator.store.commits import Commit
from crossbook.aggregator.store.positions import LostCommitsError
from crossbook.aggregator.store.store import RestorePoint
from crossbook.aggregator.writer import WindowWriter
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.retry import without_waits
from crossbook.plumbing.timestamps import SECOND_NS
from tests.support.aggregator.memory_store import MemoryStore
from tests.support.aggregator.quote_stream import QuoteStream, batch_request, hello_request
from tests.support.waiting import eventually

WINDOW_NS = 15 * SECOND_NS


@pytest.fixture(autouse=True)
def no_waits() -> Iterator[None]:
    with without_waits():
        yield


class Written:
    """A venue's stream into windows, and their writer."""

    def __init__(self) -> None:
        self.stream = QuoteStream("alpha")
        self.windows = VenueWindows("alpha", 15, QuoteHub())
        self.windows.on_hello(hello_request(self.stream.hello(1)))
        self.store, self.counters = MemoryStore(), Counters()
        self.writer = WindowWriter("alpha", self.windows, self.store, self.counters)

    def close(self, count: int) -> None:
        """Batches until so many windows more have closed."""
        until_ns = (self.stream.now_ns // WINDOW_NS + count) * WINDOW_NS
        while self.stream.now_ns < until_ns - SECOND_NS:
            self._send(self.stream.next_batch(rows=20, step_ns=20_000_000))
        self._send(self.stream.heartbeat(max(until_ns, self.stream.now_ns)))

    def _send(self, batch: object) -> None:
        self.windows.on_batch(batch_request(batch))  # type: ignore[arg-type]
        self.writer.notify()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.writer.run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_windows_are_committed_in_order_and_counted() -> None:
    """What is acknowledged is the position of the last one, to its own stream alone."""
    world = Written()
    world.close(3)
    async with world.running():
        await world.writer.wait_for_room(0)
    starts = [window.start_ns for window in world.store.windows]
    assert starts == sorted(set(starts))
    assert world.counters.windows_written == len(starts) >= 3
    assert world.counters.snapshots_written == sum(window.rows for window in world.store.windows) > 0
    assert world.writer.acknowledgeable(world.stream.stream_id) == world.store.windows[-1].position > 0
    assert world.writer.acknowledgeable("another") == 0


async def test_a_window_that_cannot_be_committed_is_tried_until_it_can() -> None:
    """Meanwhile the writer says why, and the window counts as waiting; the order stays."""
    world = Written()
    world.store.errors = [UnavailableError("Postgres cannot be reached"), TimeoutError()]
    world.close(2)
    waiting = world.writer.waiting
    said = []
    original = world.store.commit_window

    async def commit_window(*arguments: object, **options: object) -> Commit:
        said.append((world.writer.failure, world.writer.waiting))
        return await original(*arguments, **options)  # type: ignore[arg-type]

    world.store.commit_window = commit_window  # type: ignore[assignment, method-assign]
    async with world.running():
        await world.writer.wait_for_room(0)
    assert said[:4] == [
        ("", waiting),
        ("Postgres cannot be reached", waiting),
        ("TimeoutError", waiting),
        ("", waiting - 1),
    ]
    assert world.counters.windows_written == len(world.store.windows) == waiting
    assert world.writer.failure == ""


async def test_a_window_that_was_committed_before_counts_only_after_a_retry() -> None:
    """After a retry it is our own, whose answer was lost; at the first try it is another process's."""
    world = Written()
    world.store.answer = Commit(is_new=False, minutes=0)
    world.close(1)
    async with world.running():
        await world.writer.wait_for_room(0)
        assert world.counters.windows_written == 0
        world.store.errors = [UnavailableError("the connection is lost")]
        world.close(1)
        await world.writer.wait_for_room(0)
    assert world.counters.windows_written == 1
    assert world.writer.acknowledgeable(world.stream.stream_id) == world.store.windows[-1].position


async def test_what_a_commit_says_of_minutes_and_other_shards_is_counted() -> None:
    """Rows rolled up and rows that two shards wrote add up over windows."""
    world = Written()
    world.store.answer = Commit(is_new=True, minutes=5, contested=2)
    world.close(2)
    async with world.running():
        await world.writer.wait_for_room(0)
    windows = len(world.store.windows)
    assert (world.counters.minutes_written, world.counters.contested_snapshots) == (5 * windows, 2 * windows)


async def test_an_instrument_is_listed_with_the_first_window_that_has_it() -> None:
    """And not again while nothing about it changes; a window that fails does not count as told."""
    world = Written()
    world.store.errors = [UnavailableError("away")]
    world.close(6)
    async with world.running():
        await world.writer.wait_for_room(0)
    listed = [market.symbol for markets in world.store.markets for market in markets]
    assert sorted(listed) == sorted({entry.instrument.symbol for entry in world.stream.entries})
    assert [market.symbol for market in world.store.markets[0]] == [
        instrument.symbol for instrument in world.store.windows[0].instruments()
    ]


async def test_lost_commits_end_the_writer_and_say_how_many_windows_are_gone() -> None:
    """It waits for another to take its place, holds nobody up, and counts what it has committed itself and is lost."""
    world = Written()
    world.close(4)
    async with world.running():
        await world.writer.wait_for_room(0)
        committed_ns = world.store.windows[-1].end_ns
        world.store.errors = [LostCommitsError(committed_ns, committed_ns - 2 * WINDOW_NS)]
        world.close(1)
        await world.writer.lost_commits.wait()
        assert world.writer.waiting == 0
        await world.writer.wait_for_room(0)
    assert world.counters.lost_windows == 2


async def test_a_commit_that_is_cut_off_comes_again_first() -> None:
    """A writer that is run again begins with the window that it had in hand."""
    world = Written()
    world.close(2)
    begun = asyncio.Event()
    original = world.store.commit_window

    async def hang(*arguments: object, **options: object) -> Commit:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    world.store.commit_window = hang  # type: ignore[assignment, method-assign]
    async with world.running():
        await begun.wait()
    waiting = world.writer.waiting
    world.store.commit_window = original  # type: ignore[method-assign]
    async with world.running():
        await world.writer.wait_for_room(0)
    starts = [window.start_ns for window in world.store.windows]
    assert len(starts) == waiting
    assert starts == [starts[0] + WINDOW_NS * number for number in range(len(starts))]


async def test_who_waits_for_a_commit_is_told_when_it_is_beyond_what_they_know() -> None:
    """Of their own stream, and not before."""
    world = Written()
    world.writer.restore(RestorePoint(world.stream.stream_id, 1, 0, []))
    waiting = asyncio.create_task(world.writer.wait_for_commit(world.stream.stream_id, 1))
    other = asyncio.create_task(world.writer.wait_for_commit("another", 0))
    async with world.running():
        await asyncio.sleep(0)
        assert not waiting.done()
        world.close(1)
        sequence = await waiting
    assert sequence == world.writer.committed_sequence > 1
    await eventually(lambda: world.writer.waiting == 0)
    assert not other.done()
    other.cancel()
