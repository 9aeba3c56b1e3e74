"""Aggregator and arbitrage; in a tracker's place a native sender of one quote a message; a second venue is still."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import grpc

from crossbook.pb.v1 import aggregator_pb2, aggregator_pb2_grpc, market_pb2
from tests.bench.ages import Due, ages_us, shown_in
from tests.bench.alone import running_alone
from tests.bench.cpu import cpu_ns
from tests.bench.fed import GRACE_SECONDS, SETTLE_SECONDS, Load
from tests.bench.feeder import instrument_of
from tests.bench.native_tools import Tool, tool
from tests.bench.readers import native_reader
from tests.bench.rig import OPEN_TO_ALL
from tests.bench.system import Addresses
from tests.support.waiting import eventually

POLL_SECONDS = 0.1
DEADLINE_SECONDS = 180.0
MOVING, STILL = "lisbon", "porto"
ASSETS = [f"COIN{number:02}" for number in range(40)]
WATCHED = 10
STREAM_ID = "bench-1"
WHOSE = {"venue": MOVING, "stream_id": STREAM_ID, "instruments": len(ASSETS)}
TOPS = [(100 + state / 100, 100.01 + state / 100) for state in range(64)]
SETTINGS = {
    **OPEN_TO_ALL,
    "CROSSBOOK_ARBITRAGE__MAX_AGE_SECONDS": "100000",  # the second venue stands still for as long as it takes
    "CROSSBOOK_AGGREGATOR__EXTRA_VENUES": f"{MOVING},{STILL}",
    "CROSSBOOK_ARBITRAGE__MAX_SKEW_SECONDS": "100000",
}


class SingleQuotes:
    """Between two loads nothing is sent."""

    def __init__(self, addresses: Addresses, quotes: Tool) -> None:
        self._addresses = addresses
        self._quotes = quotes

    async def cpu_us(self, load: Load, messages: int) -> float:
        """Processor time of the aggregator, until it has received all."""
        pid = self._addresses.pids()["aggregator"]
        before = cpu_ns(pid)
        await self._send(load, messages / load.rate, 0)
        return (cpu_ns(pid) - before) / 1000

    async def ages_us(self, rate: float, seconds: float) -> list[float]:
        """From a quote's being due until a native client was shown it, or a newer one."""
        async with native_reader(self._addresses.of("arbitrage")[0], ASSETS[:WATCHED]) as reader:
            await asyncio.sleep(GRACE_SECONDS)
            await reader.take()
            told = await self._send(Load(rate), seconds, SETTLE_SECONDS)
            await asyncio.sleep(GRACE_SECONDS)
            messages, until_ns = await reader.take(), time.time_ns()
        dues = [
            Due(at_ns, (MOVING, ASSETS[instrument]), *TOPS[state])
            for at_ns, instrument, state in told["moves"]
            if at_ns >= told["counted_from_ns"]
        ]
        shown = (one for at_ns, payload in messages for one in shown_in(payload, at_ns))
        return ages_us(dues, shown, until_ns)

    async def _send(self, load: Load, seconds: float, settle_s: float) -> Any:
        """Returns when the aggregator has received all."""
        before = await self._received()
        order = {"rate": load.rate, "burst": load.burst, "settle_s": settle_s, "seconds": seconds}
        told = await self._quotes.ask({**order, **WHOSE, "watched": WATCHED, "tops": TOPS})
        await eventually(lambda: self._has_received(before + told["messages"]), DEADLINE_SECONDS)
        return told

    async def _has_received(self, count: int) -> bool:
        await asyncio.sleep(POLL_SECONDS)
        return await self._received() >= count

    async def _received(self) -> int:
        async with grpc.aio.insecure_channel(self._addresses.of("aggregator")[0]) as channel:
            stub = aggregator_pb2_grpc.AggregatorServiceStub(channel)
            told = await stub.GetAggregatorStats(aggregator_pb2.GetAggregatorStatsRequest(), timeout=30)
        return sum(stream.received_sequence for stream in told.streams if stream.venue == MOVING)


def _hello(venue: str) -> aggregator_pb2.IngestQuotesRequest:
    symbols = [
        market_pb2.SymbolEntry(index=index, instrument=instrument_of(venue, asset))
        for index, asset in enumerate(ASSETS)
    ]
    hello = aggregator_pb2.IngestHello(
        venue=venue, stream_id=STREAM_ID, oldest_sequence=1, next_sequence=1, symbols=symbols
    )
    return aggregator_pb2.IngestQuotesRequest(hello=hello)


def _still() -> aggregator_pb2.IngestQuotesRequest:
    """Every instrument once."""
    count, now_ns = len(ASSETS), time.time_ns()
    batch = market_pb2.QuoteBatch(
        venue=STILL,
        stream_id=STREAM_ID,
        sequence=1,
        watermark_ns=now_ns,
        symbol_index=range(count),
        receive_ns=[now_ns] * count,
        exchange_ns=[0] * count,
        bid=[TOPS[0][0]] * count,
        bid_size=[10.0] * count,
        ask=[TOPS[0][1]] * count,
        ask_size=[10.0] * count,
        state=bytes([market_pb2.BOOK_STATE_LIVE]) * count,
    )
    return aggregator_pb2.IngestQuotesRequest(batch=batch)


async def _stand_still(target: str) -> None:
    """The second venue, until cancelled."""
    async with grpc.aio.insecure_channel(target) as channel:
        call = aggregator_pb2_grpc.AggregatorServiceStub(channel).IngestQuotes()
        await call.write(_hello(STILL))
        await call.read()
        await call.write(_still())
        while True:
            await call.read()


@asynccontextmanager
async def single_quotes(python: str) -> AsyncIterator[SingleQuotes]:
    """Started, and both venues known."""
    async with AsyncExitStack() as stack:
        addresses = await stack.enter_async_context(running_alone(SETTINGS, python, ("aggregator", "arbitrage")))
        target = addresses.of("aggregator")[0]
        standing = asyncio.create_task(_stand_still(target))
        stack.callback(standing.cancel)
        quotes = await stack.enter_async_context(tool("quotes", target, _hello(MOVING).SerializeToString().hex()))
        await quotes.told()
        yield SingleQuotes(addresses, quotes)
