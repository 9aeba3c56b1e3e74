"""The calls about facts behind a real port, without an aggregator around them, and a book with one answer in it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc

from crossbook._core import FactBook, Instrument
from crossbook.aggregator.facts.calls import FactCalls
from crossbook.aggregator.facts.table import FactTable
from crossbook.pb.v1 import aggregator_pb2 as pb
from crossbook.pb.v1.aggregator_pb2_grpc import AggregatorServiceServicer, add_AggregatorServiceServicer_to_server
from crossbook.pb.v1.facts_pb2 import FactKind
from crossbook.plumbing.grpc.server import SERVER_OPTIONS

NOW_NS = 1_800_000_000_000_000_000
MARKS = b'{"result":{"list":[{"symbol":"BTCUSDT","markPrice":"61800.5","fundingRate":"0.0001"}]},"time":1800000000000}'


class Served(AggregatorServiceServicer):
    """Nothing but the facts."""

    def __init__(self) -> None:
        self.table, self.stopping = FactTable(), asyncio.Event()
        self.calls = FactCalls(self.table, (), self.stopping)

    async def IngestFacts(self, request_iterator: Any, context: Any) -> Any:
        async for response in self.calls.ingest(request_iterator):
            yield response

    async def WatchInstrumentFacts(self, request: Any, context: Any) -> Any:
        async for response in self.calls.watch(request):
            yield response


@asynccontextmanager
async def serving(port: int = 0) -> AsyncIterator[tuple[Served, str]]:
    served, server = Served(), grpc.aio.server(options=SERVER_OPTIONS)
    add_AggregatorServiceServicer_to_server(served, server)
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    try:
        yield served, f"127.0.0.1:{bound}"
    finally:
        served.stopping.set()
        await server.stop(1)


def book() -> FactBook:
    made = FactBook("bybit")
    native = {"native_symbol": "BTCUSDT", "quote_currency": "USDT", "settle_currency": "USDT"}
    made.track([Instrument(venue="bybit", symbol="BTC/USDT:USDT", asset="BTC", **native)], NOW_NS)
    ask = made.next_ask(NOW_NS)
    assert ask is not None
    made.read(ask, 200, MARKS, NOW_NS)
    return made


def marks(table: FactTable) -> list[tuple[float, int]]:
    rows = table.list(pb.InstrumentFilter(), [FactKind.FACT_KIND_MARK_PRICE])
    return [(fact.value, fact.state) for row in rows for fact in row.facts]
