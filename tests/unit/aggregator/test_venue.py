"""One venue inside the aggregator: restored, fed by one stream at a time, begun afresh."""

import asyncio
from contextlib import suppress

import pytest

from crossbook._core import QuoteHub
from crossbook.aggregator.counters import Counters
from crossbook.aggregator.store.positions import LostCommitsError
from crossbook.aggregator.store.store import RestorePoint
from crossbook.aggregator.venue import Venue
from crossbook.pb.v1.market_pb2 import VENUE_STATE_DOWN, VENUE_STATE_LIVE, VenueHealth
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.timestamps import SECOND_NS, from_timestamp, now_ns
from tests.support.aggregator.memory_store import MemoryStore
from tests.support.aggregator.quote_stream import START_NS, QuoteStream, batch_request, hello_request

WINDOW_NS = 15 * SECOND_NS


def venue_on(store: MemoryStore) -> Venue:
    return Venue("alpha", window_seconds=15, hub=QuoteHub(), store=store, counters=Counters(), clock=Clock())


def close_one(venue: Venue, stream: QuoteStream) -> None:
    """A batch of quotes and a word that closes their window."""
    for batch in (stream.next_batch(rows=3), stream.heartbeat((stream.now_ns // WINDOW_NS + 1) * WINDOW_NS)):
        venue.windows.on_batch(batch_request(batch))
        venue.writer.notify()


async def test_a_new_venue_takes_a_stream_from_its_beginning() -> None:
    """Postgres having nothing of it is an answer too."""
    venue = venue_on(MemoryStore())
    await venue.restore()
    assert venue.windows.on_hello(hello_request(QuoteStream("alpha").hello(1))) == 1


async def test_a_restored_venue_resumes_after_its_last_commit() -> None:
    """And acknowledges as much to the stream that comes again."""
    store, stream = MemoryStore(), QuoteStream("alpha")
    venue = venue_on(store)
    store.points = {"alpha": RestorePoint(stream.stream_id, 41, START_NS // WINDOW_NS * WINDOW_NS, [])}
    await venue.restore()
    assert venue.windows.on_hello(hello_request(stream.hello(1))) == 42
    assert venue.writer.acknowledgeable(stream.stream_id) == 41


async def test_health_is_the_trackers_word_while_there_is_one() -> None:
    """Before it and after it the venue is DOWN, and says since when its tracker is gone."""
    venue = venue_on(MemoryStore())
    assert venue.health is not None
    assert (venue.health.state, venue.health.HasField("since_time")) == (VENUE_STATE_DOWN, False)
    async with venue.fed():
        assert (venue.is_connected, venue.health) == (True, None)
        venue.report(VenueHealth(venue="alpha", state=VENUE_STATE_LIVE))
        assert venue.health is not None
        assert venue.health.state == VENUE_STATE_LIVE
    lost = venue.health
    assert (lost.state, lost.reason) == (VENUE_STATE_DOWN, "its tracker is not connected")
    assert 0 <= now_ns() - from_timestamp(lost.since_time) < 60 * SECOND_NS
    async with venue.fed():
        assert venue.health is None  # what the last one said is not this one's word


async def test_books_are_closed_when_the_stream_ends_however_it_ends() -> None:
    """No LIVE quote outlives its tracker."""
    venue, stream = venue_on(MemoryStore()), QuoteStream("alpha")
    with suppress(ConnectionError):
        async with venue.fed():
            venue.windows.on_hello(hello_request(stream.hello(1)))
            batch = stream.next_batch(rows=1)
            batch.state = bytes([1])
            venue.windows.on_batch(batch_request(batch))
            assert venue.windows.live_instruments == 1
            raise ConnectionError
    assert (venue.windows.live_instruments, venue.is_connected) == (0, False)


async def test_a_venue_whose_commits_are_lost_begins_afresh_and_writes_again() -> None:
    """Its windows and its writer are new and restored; the same task commits what the new ones close."""
    store = MemoryStore()
    venue, first, second = venue_on(store), QuoteStream("alpha", seed=1), QuoteStream("alpha", seed=2)
    await venue.restore()
    writing = asyncio.create_task(venue.write())
    venue.windows.on_hello(hello_request(first.hello(1)))
    close_one(venue, first)
    await venue.writer.wait_for_room(0)
    old = venue.windows
    await venue.renew()
    assert venue.windows is old
    store.errors = [LostCommitsError(first.now_ns, first.now_ns - WINDOW_NS)]
    close_one(venue, first)
    await venue.writer.lost_commits.wait()
    await venue.renew()
    assert venue.windows is not old
    assert (venue.windows.stream_id, venue.writer.committed_sequence) == ("", 0)
    venue.windows.on_hello(hello_request(second.hello(1)))
    close_one(venue, second)
    await venue.writer.wait_for_room(0)
    assert [window.stream_id for window in store.windows] == [first.stream_id, second.stream_id]
    writing.cancel()


async def test_a_venue_that_cannot_be_restored_now_is_restored_by_the_next_stream() -> None:
    """Whoever came meanwhile is told that Postgres is away."""
    store, stream = MemoryStore(), QuoteStream("alpha")
    venue = venue_on(store)
    store.errors = [UnavailableError("away")]
    with pytest.raises(UnavailableError):
        await venue.renew()
    store.points = {"alpha": RestorePoint(stream.stream_id, 41, START_NS // WINDOW_NS * WINDOW_NS, [])}
    await venue.renew()
    assert venue.windows.on_hello(hello_request(stream.hello(1))) == 42
