"""gRPC + decode + windows in two processes, at several rows a message, against one protobuf quote per message.

Run as `python -m tests.bench.transport columns|quotes` it is the receiving process: it prints its port, then one line
`<rows> <seconds>` for each call, timed from its first message to its last.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence

import grpc
import uvloop

from crossbook._core import QuoteHub, VenueWindows
from crossbook.pb.v1 import market_pb2
from tests.bench.batches import VENUE, batches, hello, quote_messages
from tests.bench.dictionary import DictionaryWindows
from tests.bench.processes import port_of, python_process
from tests.bench.report import Row

INSTRUMENTS = 500
# (rows a message, messages): about a second or two of work each on a small machine.
SIZES = ((1, 20_000), (256, 8_000), (1024, 3_000))
BASELINE_MESSAGES = 20_000
METHOD = "/bench.Transport/Send"


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


async def rows_per_second(kind: str, payloads: Sequence[bytes], rows: int) -> float:
    """Starts a receiver, sends, stops it."""
    async with python_process("tests.bench.transport", kind) as process:
        return rows / await send_all(f"127.0.0.1:{await port_of(process)}", payloads)


async def measure() -> list[Row]:
    baseline_payloads = list(quote_messages(BASELINE_MESSAGES, INSTRUMENTS))
    baseline = await rows_per_second("quotes", baseline_payloads, BASELINE_MESSAGES)
    found = []
    for rows, count in SIZES:
        payloads = [hello(INSTRUMENTS), *batches(count, rows, INSTRUMENTS)]
        found.append(
            Row(
                key=f"grpc_decode_windows_quotes_per_s_{rows}_rows",
                value=await rows_per_second("columns", payloads, rows * count),
                unit="quotes/s",
                baseline=baseline,
                baseline_name="one protobuf quote per message",
                is_higher_better=True,
                target=">= 4 M/s and >= 100x" if rows == 256 else "",
            )
        )
    return found


def run() -> list[Row]:
    """The rows of this bench."""
    return uvloop.run(measure())


if __name__ == "__main__":
    uvloop.run(receive(sys.argv[1]))
