"""gRPC + decode + windows in two processes, at several rows a message, in turn with one protobuf quote per message.

Run as `python -m tests.bench.probes.transport columns|quotes` it is the receiving process: it prints its port, then
answers each call with the seconds from its first message to its last. Columns arrive as they do in an aggregator: the
plane takes them into the windows.
"""

import asyncio
import struct
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import grpc
import uvloop

from crossbook._core import IngestRules, QuoteHub, VenueWindows, WallClock
from crossbook.pb.v1 import market_pb2
from crossbook.plumbing.plane.calls import Stream, StreamCall
from crossbook.plumbing.plane.streams import StreamServer
from crossbook.plumbing.plane.thread import open_plane
from tests.bench.batches import VENUE, batches, hello, quote_messages
from tests.bench.native_tools import tool
from tests.bench.probes.dictionary import DictionaryWindows
from tests.bench.processes import port_of, python_process

INSTRUMENTS = 500
MESSAGES = {1: 200_000, 256: 12_000, 1024: 3_000}  # by rows a message: some tenths of a second each on a small machine
QUOTES = 6_000
METHOD = "/bench.Transport/Send"
MAX_WAITING_WINDOWS = 1_000_000  # nothing is held back for a writer: there is none
MAX_AHEAD_SECONDS = 1e9  # the quotes bear times of their own


class Transport:
    """Its parts are numbers of rows a message."""

    def __init__(self, columns: str, quotes: str, folder: Path) -> None:
        self._columns = columns
        self._quotes_target = quotes
        self._folder = folder
        self._quotes = list(quote_messages(QUOTES, INSTRUMENTS))

    async def ours(self, part: str) -> Mapping[str, float]:
        """Quotes a second, as columns."""
        rows = int(part)
        file = self._folder / part
        if not file.exists():
            write_messages(file, (hello(INSTRUMENTS), *batches(MESSAGES[rows], rows, INSTRUMENTS)))
        async with tool("replay", self._columns, METHOD, str(file)) as sender:
            await sender.told()
            seconds = float(bytes.fromhex(await sender.ask()))
        return {_key(rows): rows * MESSAGES[rows] / seconds}

    async def beside(self, part: str) -> Mapping[str, float]:
        """Quotes a second, one a message."""
        return {_key(int(part)): QUOTES / await send_all(self._quotes_target, self._quotes)}


def write_messages(file: Path, messages: Iterable[bytes]) -> None:
    """Each behind its length, as the native tool reads them."""
    with file.open("wb") as out:
        for message in messages:
            out.write(struct.pack("<I", len(message)))
            out.write(message)


def _key(rows: int) -> str:
    return f"grpc_decode_windows_quotes_per_s_{rows}_rows"


@asynccontextmanager
async def opened() -> AsyncIterator[Transport]:
    async with AsyncExitStack() as stack:
        ports = [
            await port_of(await stack.enter_async_context(python_process("tests.bench.probes.transport", kind)))
            for kind in ("columns", "quotes")
        ]
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="crossbook-bench-"))
        yield Transport(*(f"127.0.0.1:{port}" for port in ports), Path(folder))


async def take_columns(call: StreamCall) -> None:
    """A stream into windows, with nothing behind them."""
    started = time.perf_counter()
    hub = QuoteHub()
    windows = VenueWindows(VENUE, 15, hub)
    windows.on_hello(call.first)
    rules = IngestRules(hub, WallClock(), max_waiting_windows=MAX_WAITING_WINDOWS, max_ahead_seconds=MAX_AHEAD_SECONDS)
    stream, listening = call.feed(windows, rules)
    with listening as news:
        while not stream.is_over():
            await news.wait()
            news.clear()
            while stream.take_closed() and windows.take_closed():
                pass
    await call.write(str(time.perf_counter() - started).encode())


async def receive_columns() -> None:
    """Serves until its standard input ends."""
    async with open_plane() as thread:
        with tempfile.TemporaryDirectory() as folder:
            streams = {METHOD: Stream(take_columns, "hello")}
            nowhere = Path(folder) / "no-backend"
            server = StreamServer(
                thread, streams, "127.0.0.1", 0, nowhere, max_connections=10, max_calls_of_connection=10
            )
            serving = asyncio.create_task(server.run())
            print(server.port, flush=True)
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
            await server.stop(0)
            serving.cancel()


async def take_quotes(messages: AsyncIterator[bytes]) -> None:
    windows = DictionaryWindows()
    async for payload in messages:
        quote = market_pb2.Quote.FromString(payload)
        windows.update(quote.venue, quote.symbol, quote.receive_time.ToNanoseconds(), quote.bid, quote.ask)


async def receive_quotes() -> None:
    """Serves until its standard input ends."""

    async def send(messages: AsyncIterator[bytes], context: grpc.aio.ServicerContext) -> bytes:
        started = time.perf_counter()
        await take_quotes(messages)
        return str(time.perf_counter() - started).encode()

    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    handler = grpc.stream_unary_rpc_method_handler(send)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bench.Transport", {"Send": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await server.stop(0)


async def send_all(target: str, payloads: Sequence[bytes]) -> float:
    """Streams the payloads, made beforehand, and returns the receiver's seconds."""

    async def stream() -> AsyncIterator[bytes]:
        for payload in payloads:
            yield payload

    async with grpc.aio.insecure_channel(target) as channel:
        return float(await channel.stream_unary(METHOD)(stream()))


if __name__ == "__main__":
    uvloop.run(receive_columns() if sys.argv[1] == "columns" else receive_quotes())
