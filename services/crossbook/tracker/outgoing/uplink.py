"""A venue's stream to one shard over gRPC: dialled, read and written here; what is said on it is the core's.

Whatever ends the stream, it is opened again, with backoff, for ever; the outbox keeps the batches meanwhile and is
trimmed by the acknowledgements. Messages are bytes here: only the core knows them. When some quotes are lost for good,
the feed tells its current ones once more, so that the aggregator does not wait for each instrument's next change.
"""

import asyncio
from collections.abc import Callable
from typing import TypeAlias

import grpc
import structlog

from crossbook._core import Outbox, Resumed, SequenceError, UplinkState
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.follow import Link, Loss, within

METHOD = "/crossbook.v1.AggregatorService/IngestQuotes"
RESUME_TIMEOUT_SECONDS = 10.0
BACKOFF_BASE_SECONDS = 0.1
BACKOFF_CAP_SECONDS = 3.0
LOG_INTERVAL_SECONDS = 30.0

log = structlog.get_logger()
Call: TypeAlias = "grpc.aio.StreamStreamCall[bytes, bytes]"
Open: TypeAlias = "grpc.aio.StreamStreamMultiCallable[bytes, bytes]"


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
        self.state = UplinkState(outbox)
        self._venue = venue
        self._shard = shard
        self._outbox = outbox
        self._make_hello = make_hello
        self._on_quotes_missing = on_quotes_missing
        self._wake = asyncio.Event()
        self._link = Link(BACKOFF_BASE_SECONDS, BACKOFF_CAP_SECONDS, again_seconds=LOG_INTERVAL_SECONDS)

    def notify(self) -> None:
        """The outbox has a new batch."""
        self._wake.set()

    def tell_health(self, payload: bytes) -> None:
        """The venue's health, to be sent now and at the beginning of every later stream; the newest one wins."""
        if self.state.tell_health(payload):
            self._wake.set()

    def finish(self) -> None:
        """Asks `run` to end once everything is sent and the aggregator has ended the stream."""
        self.state.finish()
        self._wake.set()

    async def run(self, channel: grpc.aio.Channel) -> None:
        """Keeps the stream open until `finish`; may be cancelled and run again with another channel."""
        open_stream: Open = channel.stream_stream(METHOD, request_serializer=None, response_deserializer=None)
        while True:
            loss = await self._link.live(self._stream(open_stream()))
            self.state.on_closed(self._link.problem)
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
            self.state.on_closed()
            call.cancel()
        return Loss("all is sent", is_ours=True) if self.state.is_finishing else None

    async def _resume(self, call: Call) -> None:
        async with within(RESUME_TIMEOUT_SECONDS):
            await _send(call, self._make_hello(self.state.begin()))
            answer = await call.read()
        resumed = self._take(answer if isinstance(answer, bytes) else b"")
        assert resumed is not None  # nothing else is an answer to a hello
        self._link.opened()
        log.info(
            "uplink_open",
            venue=self._venue,
            shard=self._shard,
            next_sequence=resumed.next_sequence,
            oldest_sequence=resumed.oldest_sequence,
            are_quotes_missing=resumed.are_quotes_missing,
        )
        if resumed.are_quotes_missing:
            self._on_quotes_missing()

    async def _write(self, call: Call) -> None:
        while True:
            self._wake.clear()
            while (message := self._next_message()) is not None:
                await _send(call, message)
            if self.state.is_finishing:
                return await call.done_writing()
            await self._wake.wait()

    async def _read(self, call: Call) -> None:
        while isinstance(answer := await call.read(), bytes):
            self._take(answer)
            self._outbox.settle()

    def _take(self, answer: bytes) -> Resumed | None:
        try:
            return self.state.on_answer(answer)
        except SequenceError as error:
            raise UnavailableError(str(error)) from error

    def _next_message(self) -> bytes | None:
        try:
            return self.state.next_message()
        except SequenceError as error:
            raise UnavailableError(str(error)) from error


async def _send(call: Call, payload: bytes) -> None:
    try:
        await call.write(payload)
    except asyncio.InvalidStateError as error:
        raise UnavailableError("the aggregator ended the stream") from error
