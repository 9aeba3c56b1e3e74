"""A tracker for tests: sends batches to a real aggregator, keeps what is not acknowledged, resumes after every loss."""

import asyncio
import contextlib
from collections import deque
from typing import Any

import grpc

from crossbook.pb.v1.aggregator_pb2 import IngestQuotesResponse
from crossbook.pb.v1.market_pb2 import QuoteBatch
from crossbook.plumbing.grpc.channel import open_channel
from tests.support.aggregator.quote_stream import QuoteStream, batch_request, hello_request

METHOD = "/crossbook.v1.AggregatorService/IngestQuotes"


class BufferingTracker:
    """Runs inside `async with`; `send` never waits. `limit` bounds the buffer in batches, the oldest are dropped."""

    def __init__(self, target: str, stream: QuoteStream, limit: int | None = None) -> None:
        self.acknowledged = 0
        self.resumed_from: list[int] = []
        self.endings: list[grpc.StatusCode] = []
        self._target = target
        self._stream = stream
        self._buffer: deque[QuoteBatch] = deque(maxlen=limit)
        self._news = asyncio.Event()
        self._next = 1
        self._beside: list[bytes] = []

    async def __aenter__(self) -> "BufferingTracker":
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop()

    async def cut(self) -> None:
        """Loses the connection; dials again at once, with all that is not acknowledged."""
        await self._stop()
        self._task = asyncio.create_task(self._run())

    async def _stop(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    def send(self, batch: QuoteBatch) -> None:
        """Buffers the batch until it is acknowledged, and sends it as soon as the stream allows."""
        self._buffer.append(batch)
        self._news.set()

    def say(self, payload: bytes) -> None:
        """Sends something beside the sequence, once, on the stream that is open."""
        self._beside.append(payload)
        self._news.set()

    @property
    def unacknowledged(self) -> int:
        """Batches held."""
        return len(self._buffer)

    def oldest_receive_ns(self) -> int:
        """Receive time of the oldest row held."""
        return next(batch.receive_ns[0] for batch in self._buffer if batch.receive_ns)

    async def _run(self) -> None:
        while True:
            async with open_channel(self._target) as channel:
                call = channel.stream_stream(METHOD, response_deserializer=IngestQuotesResponse.FromString)()
                try:
                    await self._follow(call)
                except* (grpc.aio.AioRpcError, asyncio.InvalidStateError):
                    self.endings.append(await call.code())
                finally:
                    call.cancel()
            await asyncio.sleep(0.02)

    async def _follow(self, call: Any) -> None:
        oldest = self._buffer[0].sequence if self._buffer else self._stream.sequence + 1
        await call.write(hello_request(self._stream.hello(oldest)))
        answer = await call.read()
        if answer is grpc.aio.EOF:
            return
        self._next = answer.resume.next_sequence
        self.resumed_from.append(self._next)
        async with asyncio.TaskGroup() as group:
            writer = group.create_task(self._write(call))
            await self._read(call)
            writer.cancel()

    async def _write(self, call: Any) -> None:
        while True:
            self._news.clear()
            while self._beside:
                await call.write(self._beside.pop(0))
            for batch in [batch for batch in self._buffer if batch.sequence >= self._next]:
                await call.write(batch_request(batch))
                self._next = batch.sequence + 1
            await self._news.wait()

    async def _read(self, call: Any) -> None:
        while (answer := await call.read()) is not grpc.aio.EOF:
            self.acknowledged = max(self.acknowledged, answer.acknowledgement.committed_sequence)
            while self._buffer and self._buffer[0].sequence <= self.acknowledged:
                self._buffer.popleft()
