"""The data plane for tests: a thread and a port that serve the given methods, and a client's channel to them."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from crossbook.plumbing.grpc.channel import open_channel
from crossbook.plumbing.plane.calls import Stream
from crossbook.plumbing.plane.streams import StreamServer
from crossbook.plumbing.plane.thread import PlaneThread, open_plane
from tests.support.waiting import DEADLINE_SECONDS

NOBODY = Path("/nonexistent/grpc")  # behind the port: all other methods are UNAVAILABLE


@dataclass(frozen=True)
class Carried:
    """A running plane with one port."""

    thread: PlaneThread
    server: StreamServer
    channel: grpc.aio.Channel

    @property
    def target(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.server.port}"


@asynccontextmanager
async def carried(streams: Mapping[str, Stream], **limits: Any) -> AsyncIterator[Carried]:
    """Serves until the end of the block. `limits` are those of StreamServer."""
    limits = {"max_connections": 16, "max_calls_of_connection": 1_024, "backend": NOBODY} | limits
    async with open_plane() as thread:
        server = StreamServer(thread, streams, "127.0.0.1", 0, **limits)
        serving = asyncio.create_task(server.run())
        try:
            async with open_channel(f"127.0.0.1:{server.port}") as channel:
                yield Carried(thread, server, channel)
        finally:
            await server.stop(0.0)
            serving.cancel()
            await asyncio.wait((serving,))


class Call:
    """A client's call of a method: says what the test tells it to, and keeps what it hears."""

    def __init__(self, channel: grpc.aio.Channel, method: str, **options: Any) -> None:
        self.told: list[bytes] = []
        self.call: Any = channel.stream_stream(method)(**options)
        self._listening = asyncio.create_task(self._listen())
        # Not every test asks how it ended; what nobody asked for is told by the garbage collector, anywhere.
        self._listening.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def say(self, *messages: bytes) -> None:
        """In this order; waits while the server does not read."""
        for message in messages:
            await self.call.write(message)

    async def leave(self) -> None:
        """It has said its last."""
        await self.call.done_writing()

    @property
    def is_over(self) -> bool:
        """Whether the server has ended it, and everything was heard."""
        return self._listening.done()

    async def end(self) -> None:
        """Until the server ends it. Raises AioRpcError when it does so with an error."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            await asyncio.shield(self._listening)

    def cancel(self) -> None:
        """It is gone."""
        self.call.cancel()
        self._listening.cancel()

    async def _listen(self) -> None:
        while (message := await self.call.read()) is not grpc.aio.EOF:
            self.told.append(message)


async def refusal(call: Call) -> grpc.aio.AioRpcError:
    """The error with which the server ends the call."""
    try:
        await call.end()
    except grpc.aio.AioRpcError as error:
        return error
    raise AssertionError("it ended well")
