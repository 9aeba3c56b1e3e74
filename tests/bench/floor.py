"""The bare three-hop relay, kept ready, and how old its stamps are when they arrive."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import grpc

from tests.bench.processes import port_of, python_process, tell
from tests.bench.relay import METHOD, STAMP_BYTES

WARM_UP_SECONDS = 0.5


class Floor:
    """Silent between two measurements."""

    def __init__(self, source: asyncio.subprocess.Process) -> None:
        self._source = source
        self._ages_us: list[float] | None = None  # while it is measured

    async def latencies_us(self, rate: float, seconds: float) -> list[float]:
        """Ages of the stamps of so many messages a second after three hops, in microseconds."""
        await tell(self._source, f"{rate}")
        await asyncio.sleep(WARM_UP_SECONDS)
        self._ages_us = []
        await asyncio.sleep(seconds)
        ages_us, self._ages_us = self._ages_us, None
        await tell(self._source, "0")
        return ages_us

    async def listen(self, channel: grpc.aio.Channel) -> None:
        """Reads what comes out of the last hop; until cancelled."""
        async for message in channel.unary_stream(METHOD)(b""):
            if self._ages_us is not None:
                self._ages_us += _ages_us(message, time.time_ns())


def _ages_us(message: bytes, now_ns: int) -> list[float]:
    stamps = (message[start : start + STAMP_BYTES] for start in range(0, len(message), STAMP_BYTES))
    return [(now_ns - int.from_bytes(stamp, "little")) / 1000 for stamp in stamps]


@asynccontextmanager
async def floor() -> AsyncIterator[Floor]:
    """Three processes, and this one as their reader."""
    async with AsyncExitStack() as stack:
        source = await stack.enter_async_context(python_process("tests.bench.relay", "source"))
        port = await port_of(source)
        for _ in range(2):
            hop = await stack.enter_async_context(python_process("tests.bench.relay", "hop", f"127.0.0.1:{port}"))
            port = await port_of(hop)
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(f"127.0.0.1:{port}"))
        ready = Floor(source)
        listening = asyncio.create_task(ready.listen(channel))
        stack.callback(listening.cancel)
        yield ready
