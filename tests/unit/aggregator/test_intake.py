"""IngestQuotes from hello to end: what is answered, what is refused and with which words."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

import grpc
import pytest
from grpc import StatusCode

from crossbook._core import QuoteHub
from crossbook.aggregator import venues as module
from crossbook.aggregator.counters import Counters
from crossbook.aggregator.greeting import MAX_SILENT_CALLS
from crossbook.aggregator.intake import MAX_REASON_CHARACTERS, Intake
from crossbook.aggregator.store.store import RestorePoint
from crossbook.aggregator.venue import Venue
from crossbook.aggregator.venues import Venues
from crossbook.pb.v1.aggregator_pb2 import IngestQuotesRequest, IngestQuotesResponse
from crossbook.pb.v1.market_pb2 import VENUE_STATE_LIVE, VenueHealth
from crossbook.plumbing.clock import MAX_AHEAD_SECONDS, Clock
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.plane.calls import Stream
from crossbook.plumbing.settings import AggregatorSettings
from crossbook.plumbing.timestamps import SECOND_NS, now_ns
from tests.support.aggregator.buffering_tracker import METHOD
from tests.support.aggregator.memory_store import MemoryStore
from tests.support.aggregator.quote_stream import START_NS, QuoteStream, batch_request, hello_request
from tests.support.plane import Call, carried, refusal
from tests.support.waiting import eventually

WINDOW_NS = 15 * SECOND_NS


class World:
    """An intake on a store in memory behind a real port; what it keeps running ends with the test."""

    channel: grpc.aio.Channel

    def __init__(self) -> None:
        self.store, self.counters, self.stopping = MemoryStore(), Counters(), asyncio.Event()
        self.tasks: list[asyncio.Future[None]] = []
        settings = AggregatorSettings(extra_venues=("alpha", "beta"), max_waiting_windows=2)
        hub = QuoteHub()
        make = partial(Venue, window_seconds=15, hub=hub, store=self.store, counters=self.counters, clock=Clock())
        self.venues = Venues(make, self._keep)
        self.intake = Intake(settings, self.venues, hub, self.counters, self.stopping, Clock())

    def _keep(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        self.tasks.append(asyncio.ensure_future(run()))

    async def call(self, *messages: bytes) -> Call:
        """A stream that says this."""
        call = Call(self.channel, METHOD)
        await call.say(*messages)
        return call

    async def refused(self, *messages: bytes) -> tuple[StatusCode, str]:
        """What the stream ends with."""
        error = await refusal(await self.call(*messages))
        return error.code(), error.details() or ""


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    async with carried({METHOD: Stream(world.intake.ingest, "hello", MAX_SILENT_CALLS)}) as plane:
        world.channel = plane.channel
        yield world
    for task in world.tasks:
        task.cancel()
    await asyncio.gather(*world.tasks, return_exceptions=True)


def answers(call: Call) -> list[Any]:
    """Resume points as they are, acknowledgements as their sequence."""
    told = [IngestQuotesResponse.FromString(message) for message in call.told]
    return [one.resume if one.HasField("resume") else one.acknowledgement.committed_sequence for one in told]


def hello(stream: QuoteStream, oldest: int = 1) -> bytes:
    return hello_request(stream.hello(oldest))


def closing(stream: QuoteStream) -> bytes:
    """A word that closes the open window."""
    return batch_request(stream.heartbeat((stream.now_ns // WINDOW_NS + 1) * WINDOW_NS))


async def test_a_stream_is_resumed_taken_and_acknowledged_to_its_end(world: World) -> None:
    """The end comes only when all that it closed is committed and told."""
    stream = QuoteStream("alpha")
    call = await world.call(hello(stream), batch_request(stream.next_batch(rows=3)), closing(stream))
    await call.leave()
    await call.end()
    resume, *told = answers(call)
    assert (resume.next_sequence, resume.are_quotes_missing) == (1, False)
    assert told[-1] == world.store.windows[-1].position
    assert len(world.store.windows) == 1


async def test_a_stream_does_not_end_before_what_it_closed_is_committed(world: World) -> None:
    """However long Postgres takes: a tracker that has sent its last waits for the acknowledgement."""
    stream, gate, commit = QuoteStream("alpha"), asyncio.Event(), world.store.commit_window

    async def commit_window(*arguments: Any, **options: Any) -> Any:
        await gate.wait()
        return await commit(*arguments, **options)

    world.store.commit_window = commit_window  # type: ignore[method-assign]
    call = await world.call(hello(stream), batch_request(stream.next_batch(rows=3)), closing(stream))
    await call.leave()
    await eventually(lambda: world.venues.waiting() == ["alpha"])
    assert not call.is_over
    gate.set()
    await call.end()
    assert answers(call)[-1] == world.store.windows[-1].position


async def test_a_stream_that_comes_again_resumes_after_what_was_received(world: World) -> None:
    """In the same process, from memory: Postgres is asked once for each venue."""
    stream = QuoteStream("alpha")
    first = await world.call(hello(stream), batch_request(stream.next_batch(rows=3)))
    await first.leave()
    await first.end()
    world.store.errors = [AssertionError("asked again")]
    second = await world.call(hello(stream))
    await eventually(lambda: answers(second))
    assert answers(second)[0].next_sequence == 2


async def test_a_stream_for_another_shard_is_told_where_it_went_wrong(world: World) -> None:
    """Both names are said, and what to set; nothing is opened."""
    code, words = await world.refused(hello(QuoteStream("alpha", shard="east")))
    assert code == StatusCode.FAILED_PRECONDITION
    assert re.search(r"shard 'main' and the stream is for shard 'east'.*tracker\.shards", words)
    assert world.venues.opened == {}


async def test_a_second_tracker_does_not_get_in(world: World) -> None:
    """While the first is alive; the refusal says so."""
    first = await world.call(hello(QuoteStream("alpha", seed=1)))
    await eventually(lambda: answers(first))
    code, words = await world.refused(hello(QuoteStream("alpha", seed=2)))
    assert (code, "another tracker feeds alpha" in words) == (StatusCode.ABORTED, True)


async def test_a_tracker_that_breaks_off_leaves_its_venue_to_the_next(world: World) -> None:
    """At once, without a word; what it sent before is taken."""
    stream = QuoteStream("alpha")
    first = await world.call(hello(stream), batch_request(stream.next_batch(rows=3)))
    await eventually(lambda: _has_received(world, 1))
    first.cancel()
    await eventually(lambda: not world.venues.opened["alpha"].is_connected)
    second = await world.call(hello(stream))
    await eventually(lambda: answers(second))
    assert answers(second)[0].next_sequence == 2


async def test_venues_have_their_bound(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more is told to go elsewhere, those that are open go on."""
    monkeypatch.setattr(module, "MAX_VENUES", 1)
    first = await world.call(hello(QuoteStream("alpha")))
    await eventually(lambda: answers(first))
    code, words = await world.refused(hello(QuoteStream("beta")))
    assert (code, "1 venues are open" in words) == (StatusCode.RESOURCE_EXHAUSTED, True)


async def test_nothing_is_opened_while_postgres_is_away(world: World) -> None:
    """The venue is not known then, and the next stream opens it."""
    world.store.errors = [UnavailableError("Postgres cannot be reached")]
    code, words = await world.refused(hello(QuoteStream("alpha")))
    assert (code, words) == (StatusCode.UNAVAILABLE, "Postgres cannot be reached")
    assert world.venues.opened == {}
    call = await world.call(hello(QuoteStream("alpha")))
    await eventually(lambda: answers(call))


async def test_a_position_that_a_wrong_clock_stored_is_set_back(world: World) -> None:
    """It is counted, and the venue begins from what was left."""
    stream = QuoteStream("alpha")
    ahead_ns = (now_ns() + 3600 * SECOND_NS) // WINDOW_NS * WINDOW_NS
    world.store.points = {"alpha": RestorePoint("old", 900, ahead_ns, [])}
    world.store.set_back_to = RestorePoint(stream.stream_id, 5, START_NS // WINDOW_NS * WINDOW_NS, [])
    call = await world.call(hello(stream))
    await eventually(lambda: answers(call))
    assert answers(call)[0].next_sequence == 6
    assert world.counters.positions_set_back == 1


@pytest.mark.parametrize("case", ["broken", "hole", "ahead"])
async def test_a_batch_that_cannot_be_taken_ends_the_stream(world: World, case: str) -> None:
    """With what the tracker should do: nothing of it, resume, or set the clocks right. Each is counted."""
    stream = QuoteStream("alpha")
    batch = stream.next_batch(rows=1)
    if case == "ahead":
        batch.watermark_ns = now_ns() + 2 * MAX_AHEAD_SECONDS * SECOND_NS
    if case == "hole":
        batch.sequence = 9
    payload = batch_request(batch)[:-3] if case == "broken" else batch_request(batch)
    expected, words = {
        "broken": (StatusCode.INVALID_ARGUMENT, "batch"),
        "hole": (StatusCode.ABORTED, "open the stream again and resume"),
        "ahead": (StatusCode.UNAVAILABLE, "the clock of alpha's tracker"),
    }[case]
    code, told = await world.refused(hello(stream), payload)
    assert (code, words in told) == (expected, True)
    assert world.counters.batches_refused == 1
    assert not world.venues.opened["alpha"].is_connected


async def test_a_hello_that_the_core_refuses_is_an_invalid_request(world: World) -> None:
    """An instrument of another venue, for instance."""
    stream, other = QuoteStream("alpha"), QuoteStream("beta")
    other.next_batch(rows=30)
    given = stream.hello(1)
    given.symbols.extend(other.entries)
    code, words = await world.refused(hello_request(given))
    assert (code, "is of venue beta, not alpha" in words) == (StatusCode.INVALID_ARGUMENT, True)


def health(venue: str, reason: str) -> bytes:
    message = VenueHealth(venue=venue, state=VENUE_STATE_LIVE, reason=reason)
    return IngestQuotesRequest(health=message).SerializeToString()


def _has_received(world: World, sequence: int) -> bool:
    venue = world.venues.opened.get("alpha")
    return venue is not None and venue.windows.received_sequence == sequence


def _reported(world: World) -> VenueHealth | None:
    venue = world.venues.opened.get("alpha")
    return venue.health if venue else None


async def test_health_is_heard_and_never_costs_the_stream(world: World) -> None:
    """Another venue's is ignored, a long reason is cut, what does not decode is passed over."""
    stream = QuoteStream("alpha")
    call = await world.call(hello(stream), health("alpha", "x" * 5_000))
    await eventually(lambda: (told := _reported(world)) and told.state == VENUE_STATE_LIVE)
    for ignored in (b"\x1a\xff", health("beta", "not mine")):
        await call.say(ignored, batch_request(stream.next_batch(rows=1)))
        await eventually(lambda: _has_received(world, stream.sequence))
    told = _reported(world)
    assert told is not None
    assert (len(told.reason), told.reason[-1], told.venue) == (MAX_REASON_CHARACTERS, "…", "alpha")


async def test_intake_stops_reading_while_too_many_windows_wait(world: World) -> None:
    """The tracker keeps what is not read; once commits succeed reading goes on, and the reason is told meanwhile."""
    stream = QuoteStream("alpha")
    call = await world.call(hello(stream))
    await eventually(lambda: answers(call))
    world.store.errors = [UnavailableError("the disk is full")] * 3
    for _ in range(9):
        await call.say(batch_request(stream.next_batch(rows=2)), closing(stream))
    venue = world.venues.opened["alpha"]
    await eventually(lambda: world.venues.commit_failure())
    assert world.venues.commit_failure() == "windows of alpha cannot be committed: the disk is full"
    assert world.venues.waiting() == ["alpha"]
    await eventually(lambda: venue.writer.waiting == 3)
    assert venue.windows.received_sequence < stream.sequence
    await eventually(lambda: venue.windows.received_sequence == stream.sequence)
    await world.venues.drain()
    assert (world.venues.commit_failure(), world.venues.waiting()) == ("", [])


async def test_a_stop_ends_streams_so_that_trackers_come_again(world: World) -> None:
    """UNAVAILABLE, with nothing lost: what is not acknowledged the tracker keeps."""
    call = await world.call(hello(QuoteStream("alpha")))
    await eventually(lambda: answers(call))
    world.stopping.set()
    error = await refusal(call)
    assert (error.code(), error.details()) == (StatusCode.UNAVAILABLE, "the aggregator is stopping")
