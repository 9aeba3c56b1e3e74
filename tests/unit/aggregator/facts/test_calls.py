"""The calls about facts over a real port: a tracker's uplink at one end, whoever lists or follows at the other."""

import asyncio
from collections.abc import AsyncIterator

import grpc
import pytest

from crossbook.aggregator.facts.calls import FactCalls
from crossbook.aggregator.facts.table import FactTable
from crossbook.pb.v1 import aggregator_pb2 as pb
from crossbook.pb.v1.access_pb2 import ROLE_TRACKER
from crossbook.pb.v1.aggregator_pb2_grpc import AggregatorServiceStub
from crossbook.plumbing.access.roles import Caller
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.errors import ForbiddenError, InvalidRequestError
from crossbook.plumbing.grpc.access import caller_now
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


async def test_a_tracker_of_other_venues_feeds_no_facts() -> None:
    """As it feeds no quotes: its key names those that it may feed."""
    served = FactCalls(FactTable(), (), asyncio.Event())

    async def requests() -> AsyncIterator[pb.IngestFactsRequest]:
        yield pb.IngestFactsRequest(venue="okx")

    token = caller_now.set(Caller("keys/1", ROLE_TRACKER, "keys/1", venues=frozenset({"bybit"})))
    try:
        with pytest.raises(ForbiddenError):
            await anext(served.ingest(requests()))
    finally:
        caller_now.reset(token)
