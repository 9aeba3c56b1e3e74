"""The calls about facts over a real port: a tracker's uplink at one end, whoever lists or follows at the other."""

import asyncio

import grpc
import pytest

from crossbook.aggregator.facts.calls import FactCalls
from crossbook.aggregator.facts.table import FactTable
from crossbook.pb.v1 import aggregator_pb2 as pb
from crossbook.pb.v1.aggregator_pb2_grpc import AggregatorServiceStub
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.errors import InvalidRequestError
from crossbook.tracker.outgoing.fact_uplinks import FactUplinks
from tests.support.aggregator.fact_server import book, serving


async def test_a_follower_hears_everything_and_a_stopping_service_ends_its_stream() -> None:
    """The first message is complete; the end is UNAVAILABLE, so that it dials again."""
    async with serving() as (served, target), grpc.aio.insecure_channel(target) as channel:
        uplinks = FactUplinks("bybit", book(), lambda: {"a": target}, Clock())
        await uplinks.send_once()
        call = AggregatorServiceStub(channel).WatchInstrumentFacts(pb.WatchInstrumentFactsRequest())
        first = await call.read()
        assert (first.is_complete, first.instruments[0].symbol) == (True, "BTC/USDT:USDT")
        served.stopping.set()
        with pytest.raises(grpc.aio.AioRpcError):
            await call.read()
        for link in uplinks._links.values():
            await link.close()


def test_lists_come_in_pages_and_bad_requests_are_named() -> None:
    """A token leads to the next page; an unknown venue or kind is refused."""
    served = FactCalls(FactTable(), (), asyncio.Event())
    for symbol in ("A", "B", "C"):
        row = pb.IngestFactsRequest(venue="okx")
        row.instruments.add(venue="okx", symbol=symbol, asset=symbol)
        served._table.take(row)
    first = served.list(pb.ListInstrumentFactsRequest(page_size=2))
    second = served.list(pb.ListInstrumentFactsRequest(page_size=2, page_token=first.next_page_token))
    assert [row.symbol for row in (*first.instruments, *second.instruments)] == ["A", "B", "C"]
    assert second.next_page_token == ""
    for bad in (
        pb.ListInstrumentFactsRequest(filter=pb.InstrumentFilter(venues=["nowhere"])),
        pb.ListInstrumentFactsRequest(kinds=[99]),
        pb.ListInstrumentFactsRequest(page_size=-1),
    ):
        with pytest.raises(InvalidRequestError):
            served.list(bad)
