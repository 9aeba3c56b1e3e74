"""The four streams that clients follow, a control client that reads them all, and clients that stop reading."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import grpc

from crossbook.pb.v1 import aggregator_pb2, alerts_pb2, arbitrage_pb2
from crossbook.pb.v1.aggregator_pb2_grpc import AggregatorServiceStub
from crossbook.pb.v1.alerts_pb2_grpc import AlertServiceStub
from crossbook.pb.v1.arbitrage_pb2_grpc import ArbitrageServiceStub
from crossbook.plumbing.timestamps import from_timestamp
from tests.bench.feeder import ASSETS

QUIET_SECONDS = 5.0  # a stream from which nothing comes for so long, after the end of the quotes, has told everything


@dataclass(frozen=True)
class Stream:
    """One of the four methods; `told` is what a message says was missed so far."""

    name: str
    service: str
    open: Callable[[grpc.aio.Channel], Any]
    open_narrow: Callable[[grpc.aio.Channel], Any]
    stamp_ns: Callable[[Any], int]
    told: Callable[[Any], int]
    rows: Callable[[Any], int] = lambda _: 1


def _batches(channel: grpc.aio.Channel) -> Any:
    return AggregatorServiceStub(channel).SubscribeQuoteBatches(aggregator_pb2.SubscribeQuoteBatchesRequest())


def _quotes(channel: grpc.aio.Channel) -> Any:
    return AggregatorServiceStub(channel).WatchQuotes(aggregator_pb2.WatchQuotesRequest())


def _quotes_of_one(channel: grpc.aio.Channel) -> Any:
    """No Python client takes 50,000 messages a second."""
    request = aggregator_pb2.WatchQuotesRequest()
    request.filter.assets.append(ASSETS[0])
    return AggregatorServiceStub(channel).WatchQuotes(request)


def _opportunities(channel: grpc.aio.Channel) -> Any:
    return ArbitrageServiceStub(channel).WatchOpportunities(arbitrage_pb2.WatchOpportunitiesRequest())


def _alerts(channel: grpc.aio.Channel) -> Any:
    return AlertServiceStub(channel).WatchAlerts(alerts_pb2.WatchAlertsRequest())


STREAMS = (
    Stream(
        "SubscribeQuoteBatches",
        "aggregator",
        _batches,
        _batches,
        lambda message: max(message.batch.receive_ns, default=0),
        lambda message: message.conflated_quotes,
        lambda message: len(message.batch.symbol_index),
    ),
    Stream(
        "WatchQuotes",
        "aggregator",
        _quotes,
        _quotes_of_one,
        lambda message: from_timestamp(message.quote.receive_time),
        lambda message: message.conflated_quotes,
    ),
    Stream(
        "WatchOpportunities",
        "arbitrage",
        _opportunities,
        _opportunities,
        lambda message: from_timestamp(message.events[-1].cause_time) if message.events else 0,
        lambda message: message.dropped_events,
        lambda message: len(message.events),
    ),
    Stream(
        "WatchAlerts",
        "alerts",
        _alerts,
        _alerts,
        lambda message: from_timestamp(message.alert.fire_time),
        lambda message: message.dropped_alerts,
    ),
)


@dataclass
class Control:
    """Reads everything as it comes; ages in milliseconds, by phase and stream."""

    phase: str = "alone"
    ages_ms: defaultdict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    missed: dict[str, int] = field(default_factory=dict)

    async def follow(self, stream: Stream, channel: grpc.aio.Channel) -> None:
        """Until cancelled."""
        async for message in stream.open_narrow(channel):
            self.missed[stream.name] = stream.told(message)
            if stamp_ns := stream.stamp_ns(message):
                self.ages_ms[self.phase, stream.name].append((time.time_ns() - stamp_ns) / 1e6)


@dataclass
class Stalled:
    """A call that nobody reads until the end: then what came, and what it is told that it missed."""

    stream: Stream
    call: Any
    received: int = 0
    missed: int = 0

    async def read_out(self) -> None:
        """Until nothing more comes."""
        with suppress(TimeoutError):
            while True:
                async with asyncio.timeout(QUIET_SECONDS):
                    message = await self.call.read()
                self.received += self.stream.rows(message)
                self.missed = self.stream.told(message)


def stall(stream: Stream, channel: grpc.aio.Channel, times: int = 1) -> Iterator[Stalled]:
    """Calls on one channel."""
    for _ in range(times):
        yield Stalled(stream, stream.open(channel))
