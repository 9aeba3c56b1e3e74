"""gRPC + decode + windows in two processes, at several rows a message, in turn with one protobuf quote per message.

Run as `python -m tests.bench.probes.transport columns|quotes` it is the receiving process: it prints its port, then
answers each call with the seconds from its first message to its last.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import grpc
import uvloop

from crossbook._core import QuoteHub, VenueWindows
from crossbook.pb.v1 import market_pb2
from tests.bench.batches import VENUE, batches, hello, quote_messages
from tests.bench.probes.dictionary import DictionaryWindows
from tests.bench.processes import port_of, python_process

INSTRUMENTS = 500
MESSAGES = {1: 6_000, 256: 3_000, 1024: 1_200}  # by rows a message: some tenths of a second each on a small machine
QUOTES = 6_000
METHOD = "/bench.Transport/Send"


class Transport:
    """Its parts are numbers of rows a message."""

    def __init__(self, columns: str, quotes: str) -> None:
        self._targets = {"columns": columns, "quotes": quotes}
        self._payloads: dict[int, list[bytes]] = {}
        self._quotes = list(quote_messages(QUOTES, INSTRUMENTS))

    async def ours(self, part: str) -> Mapping[str, float]:
        """Quotes a second, as columns."""
        rows = int(part)
        if rows not in self._payloads:
            self._payloads[rows] = [hello(INSTRUMENTS), *batches(MESSAGES[rows], rows, INSTRUMENTS)]
        seconds = await send_all(self._targets["columns"], self._payloads[rows])
        return {_key(rows): rows * MESSAGES[rows] / seconds}

    async def beside(self, part: str) -> Mapping[str, float]:
        """Quotes a second, one a message."""
        return {_key(int(part)): QUOTES / await send_all(self._targets["quotes"], self._quotes)}


def _key(rows: int) -> str:
    return f"grpc_decode_windows_quotes_per_s_{rows}_rows"


@asynccontextmanager
async def opened() -> AsyncIterator[Transport]:
    async with AsyncExitStack() as stack:
        ports = [
            await port_of(await stack.enter_async_context(python_process("tests.bench.probes.transport", kind)))
            for kind in ("columns", "quotes")
        ]
        yield Transport(*(f"127.0.0.1:{port}" for port in ports))


async def take_columns(messages: AsyncIterator[bytes]) -> None:
    windows = VenueWindows(VENUE, 15, QuoteHub())
    windows.on_hello(await anext(messages))
    async for payload in messages:
        windows.on_batch(payload)
        while windows.take_closed():
            pass


async def take_quotes(messages: AsyncIterator[bytes]) -> None:
    windows = DictionaryWindows()
    async for payload in messages:
        quote = market_pb2.Quote.FromString(payload)
        windows.update(quote.venue, quote.symbol, quote.receive_time.ToNanoseconds(), quote.bid, quote.ask)


async def receive(kind: str) -> None:
    """Serves until its standard input ends."""
    take = take_columns if kind == "columns" else take_quotes

    async def send(messages: AsyncIterator[bytes], context: grpc.aio.ServicerContext) -> bytes:
        started = time.perf_counter()
        await take(messages)
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
    uvloop.run(receive(sys.argv[1]))
