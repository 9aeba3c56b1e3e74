"""Arbitrage behind a real aggregator: quotes ingested there are told as opportunities here."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.pb.v1.aggregator_pb2 import IngestHello, IngestQuotesRequest, SubscribeQuoteBatchesResponse
from crossbook.pb.v1.aggregator_pb2_grpc import AggregatorServiceStub
from crossbook.plumbing.grpc_channel import open_channel
from tests.support.aggregator_process import aggregator_settings, running_aggregator
from tests.support.arbitrage_process import running_arbitrage
from tests.support.fanout import Tick, payload
from tests.support.waiting import eventually


class VenueStream:
    """One venue's stream of quotes into the aggregator."""

    def __init__(self, venue: str) -> None:
        self._venue = venue
        self._waiting: asyncio.Queue[IngestQuotesRequest] = asyncio.Queue()
        hello = IngestHello(venue=venue, stream_id=f"{venue}-1", oldest_sequence=1)
        self._waiting.put_nowait(IngestQuotesRequest(hello=hello))
        self._sequence = 0

    def quote(self, bid: float, ask: float) -> None:
        """Sends one quote."""
        self._sequence += 1
        batch = SubscribeQuoteBatchesResponse.FromString(payload(Tick(self._venue, bid, ask))).batch
        batch.venue, batch.stream_id, batch.sequence = self._venue, f"{self._venue}-1", self._sequence
        batch.watermark_ns = batch.receive_ns[0]
        self._waiting.put_nowait(IngestQuotesRequest(batch=batch))

    async def requests(self) -> AsyncIterator[IngestQuotesRequest]:
        """What is sent, for as long as the call lives."""
        while True:
            yield await self._waiting.get()


@asynccontextmanager
async def venue_stream(target: str, venue: str) -> AsyncIterator[VenueStream]:
    """The stream, until the end of the block."""
    stream = VenueStream(venue)
    async with open_channel(target) as channel:
        call = AggregatorServiceStub(channel).IngestQuotes(stream.requests())
        try:
            await call.read()  # where to start
            yield stream
        finally:
            call.cancel()


async def test_ingested_quotes_become_opportunities(postgres_dsn: str, free_port: int) -> None:
    """It serves before there is any quote, opens when two venues' quotes pay, and closes when one's tracker is gone."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    settings = aggregator_settings(postgres_dsn, port)
    target = f"127.0.0.1:{port}"
    async with running_aggregator(settings), running_arbitrage(free_port, port) as arbitrage:
        call = arbitrage.stub.WatchOpportunities(pb.WatchOpportunitiesRequest())
        events = aiter(call)
        async with venue_stream(target, "cheap") as cheap:
            async with venue_stream(target, "dear") as dear, asyncio.timeout(60):
                cheap.quote(99.9, 100.0)
                dear.quote(101.0, 101.1)
                opened = await anext(events)
            async with asyncio.timeout(60):
                closed = await anext(events)
        call.cancel()
        await eventually(arbitrage.is_serving)
    assert opened.kind == pb.OPPORTUNITY_EVENT_KIND_OPENED
    assert (opened.opportunity.buy.venue, opened.opportunity.sell.venue) == ("cheap", "dear")
    assert (closed.kind, closed.close_reason) == (pb.OPPORTUNITY_EVENT_KIND_CLOSED, pb.REFUSAL_REASON_NOT_LIVE)
    assert closed.opportunity.id == opened.opportunity.id
