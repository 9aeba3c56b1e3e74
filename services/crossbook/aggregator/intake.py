"""IngestQuotes: decides about each venue's stream of batches, and acknowledges what is committed.

hello (greeting.py) → restore from Postgres (once per venue) → the venue's turn (feeding.py) → resume point → batches,
which the plane takes into the windows, while acknowledgements go back. Whatever ends a stream, the tracker keeps what
is not acknowledged, dials again and resumes; so every refusal here is an ended stream.
"""

import asyncio
from typing import NoReturn

import structlog
from google.protobuf.message import DecodeError

from crossbook._core import (
    ClockError,
    IngestRules,
    IngestStream,
    InvalidSettingError,
    PayloadError,
    QuoteHub,
    SequenceError,
    venue_profiles,
)
from crossbook.aggregator.counters import Counters
from crossbook.aggregator.feeding import Feeding
from crossbook.aggregator.greeting import Greeting
from crossbook.aggregator.stopping import refuse_when_stopping
from crossbook.aggregator.venue import Venue
from crossbook.aggregator.venues import Venues
from crossbook.aggregator.writer import WindowWriter
from crossbook.pb.v1.aggregator_pb2 import (
    Acknowledgement,
    IngestHello,
    IngestQuotesRequest,
    IngestQuotesResponse,
    ResumePoint,
)
from crossbook.plumbing.clock import MAX_AHEAD_SECONDS, Clock
from crossbook.plumbing.errors import (
    ConflictError,
    InvalidRequestError,
    MisdirectedError,
    OverloadedError,
    UnavailableError,
)
from crossbook.plumbing.grpc.access import check_feeding
from crossbook.plumbing.plane.calls import StreamCall
from crossbook.plumbing.settings import AggregatorSettings
from crossbook.plumbing.tasks import until_first

MAX_REASON_CHARACTERS = 1_000  # what is longer is cut
DEFAULT_SHARD = "main"  # of trackers that say none
MAX_SHARD_CHARACTERS = 40  # of what a hello says, in our answer

log = structlog.get_logger()


class Intake:
    """The streams that feed the venues, and through them the hub."""

    def __init__(
        self,
        settings: AggregatorSettings,
        venues: Venues,
        hub: QuoteHub,
        counters: Counters,
        stopping: asyncio.Event,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self.venues = venues
        self._hub = hub
        self._counters = counters
        self._stopping = stopping
        self.max_waiting_windows = settings.max_waiting_windows
        self.rules = IngestRules(
            hub,
            clock.core,
            max_waiting_windows=settings.max_waiting_windows,
            max_ahead_seconds=MAX_AHEAD_SECONDS,
        )
        self._greeting = Greeting([*(profile.id for profile in venue_profiles()), *settings.extra_venues])

    @property
    def shard(self) -> str:
        """The name by which trackers and arbitrage list this aggregator."""
        return self._settings.shard

    async def ingest(self, call: StreamCall) -> None:
        """One stream from its hello to its end."""
        payload = call.first
        hello = self._greeting.parse(payload)
        self._check_shard(hello)
        check_feeding(hello.venue)
        venue = await self.venues.open(hello.venue)
        try:
            async with venue.fed() as feeding:
                await venue.renew()
                await self._serve(venue, hello, payload, feeding, call)
        finally:
            self._hub.notify()  # however it ended, followers learn at once that its books are CLOSED

    def _check_shard(self, hello: IngestHello) -> None:
        """Two lanes in one shard would be two streams of a venue that end each other, for ever."""
        ours, wanted = self.shard, hello.shard or DEFAULT_SHARD
        if wanted != ours:
            raise MisdirectedError(
                f"this aggregator is shard {ours!r} and the stream is for shard {wanted[:MAX_SHARD_CHARACTERS]!r}: "
                "correct the target in tracker.shards (or its file), or aggregator.shard here"
            )

    async def _serve(
        self, venue: Venue, hello: IngestHello, payload: bytes, feeding: Feeding, call: StreamCall
    ) -> None:
        try:
            await self._begin(venue, hello, payload, call)
            acknowledger = _Acknowledger(venue.writer, hello.stream_id, call)
            await until_first(
                self._feed(venue, feeding, acknowledger, call),
                acknowledger.run(),
                _refuse_when_superseded(feeding.superseded),
                _refuse_when_commits_are_lost(venue.writer.lost_commits),
                refuse_when_stopping(self._stopping),
            )
        finally:
            log.info("stream_ended", venue=venue.name, stream_id=hello.stream_id)

    async def _begin(self, venue: Venue, hello: IngestHello, payload: bytes, call: StreamCall) -> None:
        try:
            next_sequence = venue.windows.on_hello(payload)
        except (PayloadError, InvalidSettingError) as error:
            raise InvalidRequestError.of("hello", str(error)) from error
        self._hub.notify()
        log.info("stream_began", venue=venue.name, stream_id=hello.stream_id, next_sequence=next_sequence)
        are_quotes_missing = venue.windows.are_quotes_missing
        resume = ResumePoint(next_sequence=next_sequence, are_quotes_missing=are_quotes_missing, takes_depth=True)
        await call.write(IngestQuotesResponse(resume=resume).SerializeToString())

    async def _feed(self, venue: Venue, feeding: Feeding, acknowledger: "_Acknowledger", call: StreamCall) -> None:
        """Until the tracker has sent its last and what that closed is committed and acknowledged."""
        stream, listening = call.feed(venue.windows, self.rules)
        feeding.listen(lambda: stream.silent_seconds)
        try:
            with listening as news:
                await self._hear(venue, stream, news)
        finally:
            stream.stop()
        feeding.done()
        await venue.writer.wait_for_room(0)
        await acknowledger.wait_for_all()

    async def _hear(self, venue: Venue, stream: IngestStream, news: asyncio.Event) -> None:
        """What the stream leaves to us, until its end."""
        while True:
            await news.wait()
            news.clear()
            while payload := stream.take_health():
                _take_health(venue, payload)
            if stream.take_closed():
                venue.writer.notify()
            if self._is_over(venue, stream):
                return

    def _is_over(self, venue: Venue, stream: IngestStream) -> bool:
        try:
            return stream.is_over()
        except OverflowError as error:
            raise OverloadedError(str(error)) from error
        except ConnectionError as error:
            raise InvalidRequestError.of("batch", f"does not arrive: {error}") from error
        except PayloadError as error:
            self._refuse(venue, error)
            raise InvalidRequestError.of("batch", str(error)) from error
        except SequenceError as error:
            self._refuse(venue, error)
            raise ConflictError(f"{error}; open the stream again and resume") from error
        except ClockError as error:
            self._refuse(venue, error)
            raise UnavailableError(
                f"{error}: the clock of {venue.name}'s tracker is over {MAX_AHEAD_SECONDS} s ahead of ours; "
                "set both right",
                retry_after_seconds=MAX_AHEAD_SECONDS,
            ) from error

    def _refuse(self, venue: Venue, error: Exception) -> None:
        self._counters.batches_refused += 1
        log.warning("batch_refused", venue=venue.name, error=str(error))


class _Acknowledger:
    """Tells one stream what is committed."""

    def __init__(self, writer: WindowWriter, stream_id: str, call: StreamCall) -> None:
        self._writer = writer
        self._stream_id = stream_id
        self._call = call
        self._told = 0
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Endless."""
        while True:
            sequence = await self._writer.wait_for_commit(self._stream_id, self._told)
            acknowledgement = Acknowledgement(committed_sequence=sequence)
            await self._call.write(IngestQuotesResponse(acknowledgement=acknowledgement).SerializeToString())
            self._told = sequence
            self._changed.set()

    async def wait_for_all(self) -> None:
        """Until everything committed by now has been told."""
        while self._told < self._writer.acknowledgeable(self._stream_id):
            self._changed.clear()
            await self._changed.wait()


async def _refuse_when_superseded(superseded: asyncio.Event) -> NoReturn:
    await superseded.wait()
    raise ConflictError("this stream was silent, and a newer one of its venue has taken over")


async def _refuse_when_commits_are_lost(lost: asyncio.Event) -> NoReturn:
    await lost.wait()
    raise UnavailableError("Postgres has lost windows that it had committed: open the stream again and resume")


def _take_health(venue: Venue, payload: bytes) -> None:
    """How a venue is says nothing of its quotes: what cannot be used of it costs only itself, never the stream."""
    try:
        health = IngestQuotesRequest.FromString(payload).health
    except DecodeError:
        log.debug("health_ignored", venue=venue.name, why="it does not decode")
        return
    if health.venue != venue.name:
        log.debug("health_ignored", venue=venue.name, why="it is another venue's")
        return
    if len(health.reason) > MAX_REASON_CHARACTERS:
        health.reason = health.reason[: MAX_REASON_CHARACTERS - 1] + "…"
    venue.report(health)
