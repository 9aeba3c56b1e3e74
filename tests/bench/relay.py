"""The floor under the pipeline's latency: the same three gRPC hops carrying time stamps and nothing else.

`python -m tests.bench.relay source` stamps messages at an even rate, a line of standard input each time it changes, and
sends as a tracker does: at once when idle, then what a millisecond gathered. `python -m tests.bench.relay hop TARGET`
subscribes to the process before it and streams on what it gets. Each prints its port first and lives until its standard
input ends.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator

import grpc
import uvloop

METHOD = "/bench.Relay/Watch"
STAMP_BYTES = 8
HOLD_SECONDS = 0.001


class Gathered:
    """Stamps waiting for the one reader of this process; everything that waits goes out in one message."""

    def __init__(self) -> None:
        self._stamps = bytearray()
        self._arrived = asyncio.Event()

    def add(self, stamps: bytes) -> None:
        self._stamps += stamps
        self._arrived.set()

    async def watch(self, request: bytes, context: grpc.aio.ServicerContext) -> AsyncIterator[bytes]:
        while True:
            await self._arrived.wait()
            message, self._stamps = bytes(self._stamps), bytearray()
            self._arrived.clear()
            yield message
            await asyncio.sleep(HOLD_SECONDS)


async def make_stamps(gathered: Gathered, rate: float) -> None:
    """Stamps at an even rate; what is late is stamped when it is made, as a received frame would be."""
    started, made = time.perf_counter(), 0
    while True:
        due = int((time.perf_counter() - started) * rate) - made
        made += due
        if due:
            gathered.add(time.time_ns().to_bytes(STAMP_BYTES, "little") * due)
        await asyncio.sleep(0.001)


async def pass_on(gathered: Gathered, target: str) -> None:
    """Hands on what the process before this one sends."""
    async with grpc.aio.insecure_channel(target) as channel:
        async for message in channel.unary_stream(METHOD)(b""):
            gathered.add(message)


async def follow_rates(gathered: Gathered, lines: asyncio.StreamReader) -> None:
    """Until standard input ends; a rate of 0 is silence without a timer."""
    making: asyncio.Task[None] | None = None
    while line := await lines.readline():
        if making is not None:
            making.cancel()
        making = asyncio.create_task(make_stamps(gathered, float(line))) if float(line) else None


async def main(role: str, target: str = "") -> None:
    gathered, lines = Gathered(), asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    handler = grpc.unary_stream_rpc_method_handler(gathered.watch)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bench.Relay", {"Watch": handler}),))
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    await server.start()
    passing = asyncio.create_task(pass_on(gathered, target)) if role == "hop" else None
    await follow_rates(gathered, lines)
    if passing is not None:
        passing.cancel()
    await server.stop(0)


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
