"""How old a quote is at each step of its way, while the system runs: from a venue's stamp to a client's event.

A client listens, as any other would, to the opportunities and then to the quotes that the aggregator fans out. The
steps in between are told by the services' own counters. Every age counts from the stamp of a frame that came, not from
a question of ours: the load does not wait for answers, so none is left out for being slow (coordinated omission).
"""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field

import grpc
from hdrh.histogram import HdrHistogram

from crossbook.pb.v1 import aggregator_pb2, aggregator_pb2_grpc, arbitrage_pb2, arbitrage_pb2_grpc
from tests.bench.system import Addresses, venue_stats

LARGEST_NS = 60_000_000_000
DIGITS = 3
UPDATED = arbitrage_pb2.OPPORTUNITY_EVENT_KIND_UPDATED


def new_histogram() -> HdrHistogram:
    """Of nanoseconds up to a minute, to three digits."""
    return HdrHistogram(1, LARGEST_NS, DIGITS)


@dataclass
class Ages:
    """Histograms of nanoseconds. `socket`: from the venue's stamp, in whole milliseconds for most, to the tracker."""

    socket: HdrHistogram = field(default_factory=new_histogram)
    quote: HdrHistogram = field(default_factory=new_histogram)  # from the tracker to a subscriber of the aggregator
    event: HdrHistogram = field(default_factory=new_histogram)  # from the tracker to a client of arbitrage


@dataclass(frozen=True)
class Told:
    """What the services say themselves, in microseconds at the median."""

    frame_to_batch_us: float
    batch_to_aggregator_us: float
    windows_us: float
    frame_to_scanned_us: float
    batches: int


async def listen(addresses: Addresses, assets: list[str], warm_up_seconds: float, seconds: float) -> Ages:
    """The ages of what comes after the warm-up: one stream after the other, for each costs the others time."""
    ages = Ages()
    for follow, service in ((_events, "arbitrage"), (_quotes, "aggregator")):
        with suppress(TimeoutError):
            async with asyncio.timeout(warm_up_seconds + seconds):
                await follow(addresses.of(service)[0], assets, time.monotonic() + warm_up_seconds, ages)
            raise RuntimeError(f"{service} ended the stream")
    return ages


async def _quotes(target: str, assets: list[str], warm: float, ages: Ages) -> None:
    async with grpc.aio.insecure_channel(target) as channel:
        chosen = aggregator_pb2.InstrumentFilter(assets=assets)
        request = aggregator_pb2.SubscribeQuoteBatchesRequest(filter=chosen)
        async for message in aggregator_pb2_grpc.AggregatorServiceStub(channel).SubscribeQuoteBatches(request):
            now_ns = time.time_ns()
            if time.monotonic() >= warm:
                for receive_ns, exchange_ns in zip(message.batch.receive_ns, message.batch.exchange_ns, strict=True):
                    ages.quote.record_value(max(1, now_ns - receive_ns))
                    if exchange_ns:
                        ages.socket.record_value(max(1, receive_ns - exchange_ns))


async def _events(target: str, assets: list[str], warm: float, ages: Ages) -> None:
    async with grpc.aio.insecure_channel(target) as channel:
        request = arbitrage_pb2.WatchOpportunitiesRequest(assets=assets)
        async for message in arbitrage_pb2_grpc.ArbitrageServiceStub(channel).WatchOpportunities(request):
            now_ns = time.time_ns()
            if time.monotonic() >= warm:
                for event in message.events:
                    if event.kind == UPDATED:  # an OPENED may be from before we came
                        ages.event.record_value(max(1, now_ns - event.cause_time.ToNanoseconds()))


async def told(addresses: Addresses) -> Told:
    """From the stats of the services."""
    venues = await venue_stats(addresses)
    frames = max(1, sum(venue.messages_received for venue in venues))
    async with grpc.aio.insecure_channel(addresses.of("aggregator")[0]) as channel:
        stub = aggregator_pb2_grpc.AggregatorServiceStub(channel)
        aggregator = await stub.GetAggregatorStats(aggregator_pb2.GetAggregatorStatsRequest(), timeout=5)
    async with grpc.aio.insecure_channel(addresses.of("arbitrage")[0]) as channel:
        request = arbitrage_pb2.GetArbitrageStatsRequest()
        arbitrage = await arbitrage_pb2_grpc.ArbitrageServiceStub(channel).GetArbitrageStats(request, timeout=5)
    return Told(
        frame_to_batch_us=sum(venue.frame_to_quote_p50_us * venue.messages_received for venue in venues) / frames,
        batch_to_aggregator_us=aggregator.batch_transit_p50_us,
        windows_us=aggregator.window_update_p50_us,
        frame_to_scanned_us=arbitrage.frame_to_opportunity_p50_us,
        batches=sum(stream.received_sequence for stream in aggregator.streams),
    )
