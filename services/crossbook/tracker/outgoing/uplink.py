"""A venue's stream to one shard: hello, resume point, what is not yet acknowledged, then what is new.

Whatever ends the stream, it is opened again, with backoff, for ever; the outbox keeps the batches meanwhile and is
trimmed by the acknowledgements. Batches are bytes here: only the core encodes them. When some are lost for good, the
feed tells its current quotes once more, so that the aggregator does not wait for each instrument's next change.
"""

import asyncio
from collections.abc import Callable
from typing import TypeAlias

import grpc
import structlog

from crossbook.pb.v1.aggregator_pb2 import IngestQuotesResponse
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.follow import Link, Loss, within
from crossbook.tracker.outgoing.outbox import Outbox

METHOD = "/crossbook.v1.AggregatorService/IngestQuotes"
RESUME_TIMEOUT_SECONDS = 10.0
BACKOFF_BASE_SECONDS = 0.1
BACKOFF_CAP_SECONDS = 3.0
LOG_INTERVAL_SECONDS = 30.0

log = structlog.get_logger()
Call: TypeAlias = "grpc.aio.StreamStreamCall[bytes, IngestQuotesResponse]"
Open: TypeAlias = "grpc.aio.StreamStreamMultiCallable[bytes, IngestQuotesResponse]"


class Uplink:
    """Sends what the outbox holds, in order; `notify` tells it that there is more."""

    def __init__(
        self,
        venue: str,
        shard: str,
        outbox: Outbox,
        make_hello: Callable[[int], bytes],
        on_quotes_missing: Callable[[], None],
    ) -> None:
        self._venue = venue
        self._shard = shard
        self._outbox = outbox
        self._make_hello = make_hello
        self._on_quotes_missing = on_quotes_missing
        self._wake = asyncio.Event()
        self._link = Link(BACKOFF_BASE_SECONDS, BACKOFF_CAP_SECONDS, again_seconds=LOG_INTERVAL_SECONDS)
        self._next_sequence = 1
        self._dropped_before = 0
        self._is_finishing = False
        self.connects = 0
        self._health = b""
        self._is_health_told = True

    @property
    def is_connected(self) -> bool:
        """Whether the aggregator has answered the hello."""
        return self._link.is_open

    @property
    def problem(self) -> str:
        """Why the stream was lost, until it is back."""
        return self._link.problem

    def notify(self) -> None:
        """The outbox has a new batch."""
        self._wake.set()

    def tell_health(self, payload: bytes) -> None:
        """The venue's health, to be sent now and at the beginning of every later stream; the newest one wins."""
        if payload != self._health:
            self._health, self._is_health_told = payload, False
            self._wake.set()

    def finish(self) -> None:
        """Asks `run` to end once everything is sent and the aggregator has ended the stream."""
        self._is_finishing = True
        self._wake.set()

    async def run(self, channel: grpc.aio.Channel) -> None:
        """Keeps the stream open until `finish`; may be cancelled and run again with another channel."""
        open_stream: Open = channel.stream_stream(
            METHOD, request_serializer=None, response_deserializer=IngestQuotesResponse.FromString
        )
        while True:
            loss = await self._link.live(self._stream(open_stream()))
            if loss.is_ours:
                return
            if loss.is_news:
                log.warning(
                    "uplink_closed",
                    venue=self._venue,
                    shard=self._shard,
                    reason=loss.reason,
                    unacknowledged_batches=len(self._outbox),
                )
            await self._link.pause()

    async def _stream(self, call: Call) -> Loss | None:
        try:
            await self._resume(call)
            async with asyncio.TaskGroup() as tasks:
                writer = tasks.create_task(self._write(call))
                await self._read(call)
                writer.cancel()
        finally:
            call.cancel()
        return Loss("all is sent", is_ours=True) if self._is_finishing else None

    async def _resume(self, call: Call) -> None:
        if self._outbox.dropped_batches > self._dropped_before:
            self._outbox.make_room()
        self._dropped_before = self._outbox.dropped_batches
        oldest = self._outbox.oldest_sequence
        async with within(RESUME_TIMEOUT_SECONDS):
            await _send(call, self._make_hello(oldest))
            answer = await call.read()
        if not isinstance(answer, IngestQuotesResponse) or not answer.HasField("resume"):
            raise UnavailableError("the aggregator answered the hello with no resume point")
        wanted = answer.resume.next_sequence
        if wanted > self._outbox.next_sequence:
            raise UnavailableError(f"the aggregator wants {wanted}, but the next is {self._outbox.next_sequence}")
        self._next_sequence = max(wanted, oldest)
        self._link.opened()
        self._is_health_told = not self._health
        self.connects += 1
        are_missing = answer.resume.are_quotes_missing
        log.info(
            "uplink_open",
            venue=self._venue,
            shard=self._shard,
            next_sequence=self._next_sequence,
            oldest_sequence=oldest,
            are_quotes_missing=are_missing,
        )
        if are_missing:
            self._on_quotes_missing()

    async def _write(self, call: Call) -> None:
        while True:
            self._wake.clear()
            if not self._is_health_told:
                self._is_health_told = True
                await _send(call, self._health)
            while (batch := self._outbox.get(self._next_sequence)) is not None:
                await _send(call, batch.payload)
                self._next_sequence += 1
            if self._next_sequence < self._outbox.oldest_sequence:
                raise UnavailableError(f"batch {self._next_sequence} was dropped before it could be sent")
            if self._is_finishing:
                return await call.done_writing()
            await self._wake.wait()

    async def _read(self, call: Call) -> None:
        while isinstance(answer := await call.read(), IngestQuotesResponse):
            if answer.HasField("acknowledgement"):
                self._outbox.acknowledge(answer.acknowledgement.committed_sequence)


async def _send(call: Call, payload: bytes) -> None:
    try:
        await call.write(payload)
    except asyncio.InvalidStateError as error:
        raise UnavailableError("the aggregator ended the stream") from error
