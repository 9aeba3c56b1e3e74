"""Watches a running system through its public RPCs: what the view shows and what the summary reports.

Every second it asks each service for its counters and what it has to show; a stream, resumed after any break, brings
the opportunity events. A service that does not answer keeps its last figures.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import grpc
import structlog
from google.protobuf.message import Message

from crossbook.local.show.counters import RunCounters
from crossbook.local.show.rates import Rates
from crossbook.pb.v1 import (
    aggregator_pb2,
    aggregator_pb2_grpc,
    alerts_pb2,
    alerts_pb2_grpc,
    arbitrage_pb2,
    arbitrage_pb2_grpc,
    tracker_pb2,
    tracker_pb2_grpc,
)
from crossbook.plumbing.grpc.channel import open_channel
from crossbook.plumbing.retry import backoff
from crossbook.plumbing.timestamps import from_timestamp, now_ns

POLL_SECONDS = 1.0
AGGREGATOR = "aggregator"  # begins the names of all shards' processes
T = TypeVar("T")
_DEADLINE_SECONDS = 2.0
_SHOWN_ALERTS = 20
_SHOWN_OPPORTUNITIES = 20
_KEPT_SIGHTINGS = 200_000  # the oldest are forgotten: only a run of many hours gets there
log = structlog.get_logger()
_VENUE_COUNTERS = (
    "messages_received",
    "quotes_emitted",
    "gaps",
    "resyncs",
    "parse_errors",
    "reconnects",
    "dropped_quotes",
)


@dataclass(slots=True)
class Sighting:
    """One opportunity from OPENED to CLOSED; closed_ns is None while it is open."""

    id: str
    asset: str
    buy_venue: str
    sell_venue: str
    opened_ns: int
    closed_ns: int | None
    peak_net_percent: float
    close_reason: int


@dataclass(slots=True)
class VenueFigures:
    """The latest answer about one venue and its counters over the run."""

    stats: tracker_pb2.VenueStats
    counters: RunCounters
    frames_per_s: float = 0.0
    quotes_per_s: float = 0.0


class Observer:
    """Everything known about the run so far; changed only by its own tasks."""

    def __init__(self, targets: dict[str, str], restarts: Callable[[str], int]) -> None:
        """targets: process name to host:port; restarts: how often a process was started again."""
        self._targets = targets
        self._restarts = restarts
        self._channels: dict[str, grpc.aio.Channel] = {}
        self.venues: dict[str, VenueFigures] = {}
        self.arbitrage = arbitrage_pb2.GetArbitrageStatsResponse()
        self.alert_stats = alerts_pb2.GetAlertStatsResponse()
        self._aggregators = [name for name in targets if name.startswith(AGGREGATOR)]
        self.counters = {name: RunCounters() for name in (*self._aggregators, "arbitrage", "alerts")}
        self.refusals = RunCounters()
        self._rates = Rates()
        self.opportunities: list[arbitrage_pb2.Opportunity] = []
        self.alerts: list[alerts_pb2.Alert] = []
        self.sightings: OrderedDict[str, Sighting] = OrderedDict()
        self._resume_token = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self._channels = {name: open_channel(target) for name, target in self._targets.items()}
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._poll_for_ever()),
                    group.create_task(_for_ever(self._follow_opportunities)),
                ]
                try:
                    yield
                finally:
                    for task in tasks:
                        task.cancel()
        finally:
            for channel in self._channels.values():
                await channel.close()

    def windows(self) -> Counter[str]:
        """What all shards have counted together."""
        return sum((Counter(self.counters[name].totals()) for name in self._aggregators), Counter())

    async def poll(self) -> None:
        """Asks every service once, all at the same time."""
        trackers = [name for name in self._targets if name.startswith("tracker")]
        await asyncio.gather(
            *(self._poll_tracker(name) for name in trackers),
            *(self._poll_aggregator(name) for name in self._aggregators),
            self._poll_arbitrage(),
            self._poll_alerts(),
        )

    async def _poll_for_ever(self) -> None:
        while True:
            await _guarded(self.poll())
            await asyncio.sleep(POLL_SECONDS)

    async def _poll_tracker(self, name: str) -> None:
        stub = tracker_pb2_grpc.TrackerServiceStub(self._channels[name])
        answer = await _answer(stub.GetTrackerStats(tracker_pb2.GetTrackerStatsRequest(), timeout=_DEADLINE_SECONDS))
        for stats in answer.venues if answer else []:
            figures = self.venues.setdefault(stats.venue, VenueFigures(stats, RunCounters()))
            figures.stats = stats
            figures.counters.update(self._restarts(name), {key: getattr(stats, key) for key in _VENUE_COUNTERS})
            totals = figures.counters.totals()
            figures.frames_per_s = self._rates.rate(stats.venue, "frames", totals["messages_received"])
            figures.quotes_per_s = self._rates.rate(stats.venue, "quotes", totals["quotes_emitted"])

    async def _poll_aggregator(self, name: str) -> None:
        stub = aggregator_pb2_grpc.AggregatorServiceStub(self._channels[name])
        request = aggregator_pb2.GetAggregatorStatsRequest()
        if answer := await _answer(stub.GetAggregatorStats(request, timeout=_DEADLINE_SECONDS)):
            keys = ("snapshots_written", "minutes_written", "incomplete_snapshots", "quotes_ingested")
            self._count(name, answer, keys)

    async def _poll_arbitrage(self) -> None:
        stub = arbitrage_pb2_grpc.ArbitrageServiceStub(self._channels["arbitrage"])
        request = arbitrage_pb2.GetArbitrageStatsRequest()
        if answer := await _answer(stub.GetArbitrageStats(request, timeout=_DEADLINE_SECONDS)):
            self.arbitrage = answer
            self._count("arbitrage", answer, ("opened", "closed", "quotes_scanned"))
            reasons = {reason_name(refusal.reason): refusal.count for refusal in answer.refusals}
            self.refusals.update(self._restarts("arbitrage"), reasons)
        listing = arbitrage_pb2.ListOpportunitiesRequest(limit=_SHOWN_OPPORTUNITIES)
        if found := await _answer(stub.ListOpportunities(listing, timeout=_DEADLINE_SECONDS)):
            self.opportunities = list(found.opportunities)

    async def _poll_alerts(self) -> None:
        stub = alerts_pb2_grpc.AlertServiceStub(self._channels["alerts"])
        request = alerts_pb2.GetAlertStatsRequest()
        if answer := await _answer(stub.GetAlertStats(request, timeout=_DEADLINE_SECONDS)):
            self.alert_stats = answer
            self._count("alerts", answer, ("fired", "suppressed", "delivered", "failed"))
        history = alerts_pb2.ListAlertsRequest(page_size=_SHOWN_ALERTS)
        if listed := await _answer(stub.ListAlerts(history, timeout=_DEADLINE_SECONDS)):
            self.alerts = list(listed.alerts)

    def _count(self, process: str, answer: Message, keys: tuple[str, ...]) -> None:
        self.counters[process].update(self._restarts(process), {key: getattr(answer, key) for key in keys})

    async def _follow_opportunities(self) -> None:
        stub = arbitrage_pb2_grpc.ArbitrageServiceStub(self._channels["arbitrage"])
        call = stub.WatchOpportunities(arbitrage_pb2.WatchOpportunitiesRequest(resume_token=self._resume_token))
        try:
            async for message in call:
                for event in message.events:
                    self._resume_token = event.resume_token or self._resume_token
                    self._see(event)
        finally:
            call.cancel()

    def _see(self, event: arbitrage_pb2.OpportunityEvent) -> None:
        found = event.opportunity
        sighting = self.sightings.get(found.id)
        if sighting is None:
            opened_ns = from_timestamp(found.open_time) or now_ns()
            sighting = Sighting(found.id, found.asset, found.buy.venue, found.sell.venue, opened_ns, None, 0.0, 0)
            self.sightings[found.id] = sighting
            if len(self.sightings) > _KEPT_SIGHTINGS:
                self.sightings.popitem(last=False)
        sighting.peak_net_percent = max(sighting.peak_net_percent, found.peak_net_percent)
        if event.kind == arbitrage_pb2.OPPORTUNITY_EVENT_KIND_CLOSED:
            sighting.closed_ns = from_timestamp(event.event_time)
            sighting.close_reason = event.close_reason


def reason_name(reason: int) -> str:
    """TOO_OLD for REFUSAL_REASON_TOO_OLD; the number of one that this version does not know."""
    known = arbitrage_pb2.RefusalReason.Name(reason) if reason in arbitrage_pb2.RefusalReason.values() else f"{reason}"  # type: ignore[arg-type]
    return known.removeprefix("REFUSAL_REASON_")


async def _guarded(looking: Awaitable[None]) -> bool:
    """Whether the look came to its end: one that fails costs only itself, for looking is no part of the run."""
    try:
        await looking
    except grpc.aio.AioRpcError:
        return False
    except Exception:
        log.warning("look_failed", exc_info=True)
        return False
    return True


async def _answer(call: Awaitable[T]) -> T | None:
    try:
        return await call
    except grpc.aio.AioRpcError:
        return None


async def _for_ever(follow: Callable[[], Awaitable[None]]) -> None:
    attempt = 0
    while True:
        attempt = 0 if await _guarded(follow()) else attempt + 1
        await asyncio.sleep(backoff(attempt, 0.2, 2.0))
