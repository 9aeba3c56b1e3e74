"""Watches a running system through its public RPCs: what the view shows and what the summary reports.

Every second it asks each service for the numbers that its row names, and looks at whatever else its row says; streams
are followed, and resumed after any break. A service that does not answer keeps its last figures, and a look that fails
costs only itself: looking is no part of the run.
"""

import asyncio
import time
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeAlias

import grpc
import structlog
from google.protobuf.message import Message

from crossbook.local.services import Counted, Stats, resolve, service_named
from crossbook.local.show.counters import RunCounters
from crossbook.local.show.rates import Rates
from crossbook.pb.v1 import alerts_pb2, arbitrage_pb2, tracker_pb2
from crossbook.plumbing.follow import Link
from crossbook.plumbing.grpc.channel import open_channel

POLL_SECONDS = 1.0
DEADLINE_SECONDS = 2.0
BACKOFF_BASE_SECONDS = 0.2
BACKOFF_CAP_SECONDS = 2.0

log = structlog.get_logger()


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
    """Everything known about the run so far; changed only by its own tasks and by the looks (looks.py)."""

    def __init__(self, targets: Mapping[str, str], restarts: Callable[[str], int], most_rows: int = 20) -> None:
        """targets: process name to host:port; restarts: how often a process was started again; most_rows: of
        opportunities and of alerts.
        """
        self.most_rows = most_rows
        self.restarts = restarts
        self.rates = Rates()
        self.venues: dict[str, VenueFigures] = {}
        self.refusals = RunCounters()
        self.opportunities: list[arbitrage_pb2.Opportunity] = []
        self.alerts: list[alerts_pb2.Alert] = []
        self.sightings: OrderedDict[str, Sighting] = OrderedDict()
        self.resume_token = ""
        self.counters: dict[str, RunCounters] = {}
        self.answers: dict[str, Message] = {}  # the latest stats of each process
        self._targets = {name: target for name, target in targets.items() if service_named(name).speaks == "grpc"}
        self._asked: dict[str, grpc.aio.Channel] = {}  # by the process' name

    @property
    def arbitrage(self) -> arbitrage_pb2.GetArbitrageStatsResponse:
        """The latest stats; empty before the first."""
        answer = self.answers.get("arbitrage")
        return (
            answer
            if isinstance(answer, arbitrage_pb2.GetArbitrageStatsResponse)
            else arbitrage_pb2.GetArbitrageStatsResponse()
        )

    @property
    def alert_stats(self) -> alerts_pb2.GetAlertStatsResponse:
        """The latest stats; empty before the first."""
        answer = self.answers.get("alerts")
        return answer if isinstance(answer, alerts_pb2.GetAlertStatsResponse) else alerts_pb2.GetAlertStatsResponse()

    def totals(self, service: str) -> Counter[str]:
        """What all processes of a service have counted together, over the run."""
        own = (counters for name, counters in self.counters.items() if service_named(name).name == service)
        return sum((Counter(counters.totals()) for counters in own), Counter())

    def figure(self, service: str, counted: Counted) -> int:
        """One number of a service, over the run or, of a gauge, now."""
        if not counted.is_gauge:
            return self.totals(service)[counted.field]
        answers = (answer for name, answer in self.answers.items() if service_named(name).name == service)
        return sum(int(getattr(answer, counted.field)) for answer in answers)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Polls and follows inside."""
        channels = {name: open_channel(target) for name, target in self._targets.items()}
        self._asked = dict(channels)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._poll_for_ever())]
                for name, channel in channels.items():
                    for follow in map(resolve, service_named(name).follows):
                        tasks.append(group.create_task(_for_ever(follow, self, channel)))
                try:
                    yield
                finally:
                    for task in tasks:
                        task.cancel()
        finally:
            for channel in channels.values():
                await channel.close()

    async def until_still(self, most_seconds: float, poll_seconds: float) -> None:
        """Asks until no number grows any more between two polls, for `most_seconds` at the longest."""
        deadline, before = time.monotonic() + most_seconds, -1
        while time.monotonic() < deadline and (now := self._counted()) != before:
            before = now
            await asyncio.sleep(poll_seconds)
            await self.poll()

    def _counted(self) -> int:
        """The sum of all numbers: as long as it grows, something is still at work."""
        return sum(sum(counters.totals().values()) for counters in self.counters.values())

    def leave(self, name: str) -> None:
        """A process that is about to stop is not asked any more: what it said while it worked stays."""
        self._asked.pop(name, None)

    async def poll(self) -> None:
        """Asks every service once, all at the same time."""
        await asyncio.gather(*(_guarded(look) for name in self._asked for look in self._looks_at(name)))

    def _looks_at(self, name: str) -> list[Awaitable[None]]:
        service, channel = service_named(name), self._asked[name]
        own = [self._ask(name, service.stats, channel)] if service.stats else []
        return [*own, *(resolve(look)(self, name, channel) for look in service.looks)]

    async def _ask(self, name: str, stats: Stats, channel: grpc.aio.Channel) -> None:
        """Takes the numbers of one process."""
        answer = await ask(channel, stats.proto, stats.service, stats.method, {})
        if answer is None:
            return
        self.answers[name] = answer
        counts = {one.field: int(getattr(answer, one.field)) for one in stats.counted if not one.is_gauge}
        self.counters.setdefault(name, RunCounters()).update(self.restarts(name), counts)

    async def _poll_for_ever(self) -> None:
        while True:
            await self.poll()
            await asyncio.sleep(POLL_SECONDS)


Follow: TypeAlias = Callable[[Observer, grpc.aio.Channel, Link], Awaitable[None]]
"""One life of a stream, which tells the link when it is open."""


async def ask(channel: grpc.aio.Channel, proto: str, service: str, method: str, fields: Mapping[str, Any]) -> Any:
    """One call of a service of the proto file; None when it is not answered."""
    messages = import_module(f"crossbook.pb.v1.{proto}_pb2")
    stubs = import_module(f"crossbook.pb.v1.{proto}_pb2_grpc")
    call = getattr(getattr(stubs, f"{service}Stub")(channel), method)
    try:
        return await call(getattr(messages, f"{method}Request")(**fields), timeout=DEADLINE_SECONDS)
    except grpc.aio.AioRpcError:
        return None


async def _guarded(looking: Awaitable[object]) -> None:
    try:
        await looking
    except Exception:
        log.warning("look_failed", exc_info=True)


async def _for_ever(follow: Follow, observer: Observer, channel: grpc.aio.Channel) -> None:
    """Of a loss nobody is told: the look at the service's numbers shows it."""
    link = Link(BACKOFF_BASE_SECONDS, BACKOFF_CAP_SECONDS)
    while True:
        await _guarded(link.live(follow(observer, channel, link)))
        await link.pause()
