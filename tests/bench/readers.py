"""Two clients of WatchOpportunities that note when each message came: Python's grpcio, and a native one."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, Protocol

import grpc

from crossbook.pb.v1 import arbitrage_pb2
from tests.bench.native_tools import Tool, tool

WATCH = "/crossbook.v1.ArbitrageService/WatchOpportunities"

Message = tuple[int, bytes]  # nanoseconds since the epoch, and what came then


class Reader(Protocol):
    """A subscribed client."""

    async def take(self) -> list[Message]:
        """What came since it was last asked."""
        ...


Opens = Callable[[str, Sequence[str]], AbstractAsyncContextManager[Reader]]  # target, and the assets that it watches


class PythonReader:
    """Reads in this process."""

    def __init__(self) -> None:
        self._messages: list[Message] = []

    async def take(self) -> list[Message]:
        messages, self._messages = self._messages, []
        return messages

    async def listen(self, call: Any) -> None:
        """Until cancelled."""
        async for message in call:
            self._messages.append((time.time_ns(), message))


class NativeReader:
    """Reads in a process of its own."""

    def __init__(self, process: Tool) -> None:
        self._process = process

    async def take(self) -> list[Message]:
        return [(at_ns, bytes.fromhex(text)) for at_ns, text in await self._process.ask()]


@asynccontextmanager
async def python_reader(target: str, assets: Sequence[str]) -> AsyncIterator[Reader]:
    async with grpc.aio.insecure_channel(target) as channel:
        reader = PythonReader()
        listening = asyncio.create_task(reader.listen(channel.unary_stream(WATCH)(_request(assets))))
        try:
            yield reader
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening


@asynccontextmanager
async def native_reader(target: str, assets: Sequence[str]) -> AsyncIterator[Reader]:
    async with tool("watch", target, WATCH, _request(assets).hex()) as process:
        await process.told()
        yield NativeReader(process)


def _request(assets: Sequence[str]) -> bytes:
    return arbitrage_pb2.WatchOpportunitiesRequest(assets=assets).SerializeToString()
