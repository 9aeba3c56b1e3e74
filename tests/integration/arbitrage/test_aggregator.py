"""Arbitrage behind a real aggregator: quotes ingested there are told as opportunities here."""

import asyncio
import json
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from structlog.testing import capture_logs

from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.pb.v1.aggregator_pb2 import IngestHello, IngestQuotesRequest, SubscribeQuoteBatchesResponse
from crossbook.pb.v1.aggregator_pb2_grpc import AggregatorServiceStub
from crossbook.plumbing.grpc.channel import open_channel
from tests.support.aggregator.aggregator_process import AggregatorProcess, aggregator_settings, running_aggregator
from tests.support.aggregator.fanout import Tick, payload, running_fanout
from tests.support.arbitrage.arbitrage_process import RunningArbitrage, running_arbitrage
from tests.support.arbitrage.opportunity_events import EventReader
from tests.support.waiting import eventually


class VenueStream:
    """One venue's stream of quotes into the aggregator."""

    def __init__(self, venue: str) -> None:
        self._venue = venue
        self._waiting: asyncio.Queue[IngestQuotesRequest] = asyncio.Queue()
        hello = IngestHello(venue=venue, stream_id=f"{venue}-1", oldest_sequence=1)
        self._waiting.put_nowait(IngestQuotesRequest(hello=hello))
        self._sequence = 0

    def quote(self, bid: float, ask: float, asset: str = "BTC") -> None:
        """Sends one quote."""
        self._sequence += 1
        batch = SubscribeQuoteBatchesResponse.FromString(payload(Tick(self._venue, bid, ask, asset))).batch
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


def another_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# Each quotes once; how long a process takes to come back is not what is judged.
PATIENT = {"max_age_seconds": 600, "max_skew_seconds": 600}


@asynccontextmanager
async def quoting(target: str, asset: str) -> AsyncIterator[tuple[VenueStream, VenueStream]]:
    """Two venues whose quotes of the asset pay, into one aggregator."""
    names = (f"{kind}-{asset.lower()}" for kind in ("cheap", "dear"))
    async with venue_stream(target, next(names)) as cheap, venue_stream(target, next(names)) as dear:
        cheap.quote(99.9, 100.0, asset)
        dear.quote(101.0, 101.1, asset)
        yield cheap, dear


async def open_assets(arbitrage: RunningArbitrage) -> list[str]:
    """Of what may be published now."""
    answer = await arbitrage.stub.ListOpportunities(pb.ListOpportunitiesRequest(), timeout=10)
    return sorted(opportunity.asset for opportunity in answer.opportunities)


async def test_ingested_quotes_become_opportunities(postgres_dsn: str, free_port: int) -> None:
    """It serves before there is any quote, opens when two venues' quotes pay, and closes when one's tracker is gone."""
    port = another_port()
    settings = aggregator_settings(postgres_dsn, port)
    target = f"127.0.0.1:{port}"
    async with running_aggregator(settings), running_arbitrage(free_port, port) as arbitrage:
        call = arbitrage.stub.WatchOpportunities(pb.WatchOpportunitiesRequest())
        events = EventReader(aiter(call))
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


async def test_the_loss_of_one_shard_closes_only_its_own(postgres_dsn: str, free_port: int, tmp_path: Path) -> None:
    """What the other one tells goes on under its id, health stays SERVING, the loss is logged; it comes back."""
    ports = {"a": another_port(), "b": another_port()}
    shards = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
    async with AsyncExitStack() as stack:
        a, b = [AggregatorProcess(postgres_dsn, port, tmp_path / f"{name}.log") for name, port in ports.items()]
        for process in (a, b):
            await stack.enter_async_context(process)
        logs = stack.enter_context(capture_logs())
        arbitrage = await stack.enter_async_context(
            running_arbitrage(free_port, ports["a"], arbitrage={"shards": shards, **PATIENT})
        )
        async with quoting(shards["b"], "ETH") as (_, dear):
            async with quoting(shards["a"], "BTC"):
                await eventually(lambda: _has(arbitrage, ["BTC", "ETH"]))
                kept = await opened(arbitrage, "ETH")
                await a.end(signal.SIGKILL)
            await eventually(lambda: _has(arbitrage, ["ETH"]))
            assert await arbitrage.is_serving()
            assert [(entry["shard"], entry["log_level"]) for entry in logs if entry["event"] == "aggregator_lost"] == [
                ("a", "warning")
            ]
            dear.quote(102.0, 102.1, "ETH")
            await eventually(lambda: _is_at(arbitrage, kept.id, 102.0))
            await a.start()
            async with quoting(shards["a"], "BTC"):
                await eventually(lambda: _has(arbitrage, ["BTC", "ETH"]))
            assert (await opened(arbitrage, "ETH")).id == kept.id
            assert await arbitrage.is_serving()


async def test_sighup_reads_the_shards_file_again(free_port: int, tmp_path: Path) -> None:
    """A shard that has come is followed; a file that does not read changes nothing."""
    shards_file = tmp_path / "shards.json"
    async with running_fanout() as one, running_fanout() as other:
        shards = {"a": f"127.0.0.1:{one.port}"}
        shards_file.write_text(json.dumps(shards))
        async with running_arbitrage(free_port, one.port, arbitrage={"shards_file": shards_file}) as arbitrage:
            with capture_logs() as logs:
                shards_file.write_text("{")
                os.kill(os.getpid(), signal.SIGHUP)
                await eventually(lambda: any(entry["event"] == "reload_refused" for entry in logs))
            shards_file.write_text(json.dumps(shards | {"b": f"127.0.0.1:{other.port}"}))
            os.kill(os.getpid(), signal.SIGHUP)
            await eventually(lambda: one.connected == other.connected == 1)
            one.send(Tick("cheap", 99.9, 100.0))
            other.send(Tick("dear", 101.0, 101.1))
            await eventually(lambda: _has(arbitrage, ["BTC"]))
            assert one.subscriptions == 1


async def opened(arbitrage: RunningArbitrage, asset: str) -> pb.Opportunity:
    """What is open of the asset."""
    answer = await arbitrage.stub.ListOpportunities(pb.ListOpportunitiesRequest(assets=[asset]), timeout=10)
    return answer.opportunities[0]


async def _has(arbitrage: RunningArbitrage, assets: list[str]) -> bool:
    return await open_assets(arbitrage) == assets


async def _is_at(arbitrage: RunningArbitrage, opportunity_id: str, sell_price: float) -> bool:
    answer = await arbitrage.stub.ListOpportunities(pb.ListOpportunitiesRequest(), timeout=10)
    return any(one.id == opportunity_id and one.sell.price == sell_price for one in answer.opportunities)
