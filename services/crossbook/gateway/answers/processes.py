"""What every process said of itself last: asked once a second, so that no request of a client waits for it.

Markets are asked for every half minute, and at once when a tracker tells of a venue that is new.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc
import structlog
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2

from crossbook.gateway.rest.backends import Backends
from crossbook.pb.v1 import aggregator_pb2, alerts_pb2, arbitrage_pb2, tracker_pb2
from crossbook.pb.v1.market_pb2 import Instrument, VenueHealth
from crossbook.plumbing.follow import call_reason

POLL_SECONDS = 1.0
MARKETS_SECONDS = 30.0
DEADLINE_SECONDS = 2.0
STATS = {
    "tracker": "TrackerService/GetTrackerStats",
    "aggregator": "AggregatorService/GetAggregatorStats",
    "arbitrage": "ArbitrageService/GetArbitrageStats",
    "alerts": "AlertService/GetAlertStats",
}

log = structlog.get_logger()


@dataclass(slots=True)
class Known:
    """One process."""

    service: str
    target: str
    is_reachable: bool = False
    is_serving: bool = False
    problem: str = "not asked yet"
    stats: Any = None
    markets: list[Instrument] = field(default_factory=list)


class Processes:
    """All that are listed."""

    def __init__(self, backends: Backends) -> None:
        self._backends = backends
        self.known = [Known(service, target) for service in STATS for target in backends.targets.get(service, ())]

    async def run(self) -> None:
        """Asks until cancelled."""
        since_markets = MARKETS_SECONDS
        while True:
            await asyncio.gather(*(self._ask(one) for one in self.known))
            since_markets += POLL_SECONDS
            if since_markets >= MARKETS_SECONDS or self._is_listing_old():
                since_markets = 0.0
                await asyncio.gather(*(self._ask_markets(one) for one in self.of("tracker")))
            await asyncio.sleep(POLL_SECONDS)

    def of(self, service: str) -> list[Known]:
        """Of one service."""
        return [one for one in self.known if one.service == service]

    def stats_of(self, service: str) -> Any | None:
        """Of the first process of the service that answered last time; None when none did."""
        return next((one.stats for one in self.of(service) if one.is_reachable), None)

    @property
    def venues(self) -> dict[str, tracker_pb2.VenueStats]:
        """As its tracker said last, by id."""
        stats = (one.stats for one in self.of("tracker") if one.stats is not None)
        return {venue.venue: venue for one in stats for venue in one.venues}

    @property
    def healths(self) -> dict[str, VenueHealth]:
        """How each venue is doing, with since when as arbitrage knows it; DOWN while its tracker does not answer."""
        arbitrage: arbitrage_pb2.GetArbitrageStatsResponse | None = self.stats_of("arbitrage")
        told = {one.venue: one for one in arbitrage.venues} if arbitrage else {}
        for venue, stats in self.venues.items():
            if venue not in told:
                told[venue] = VenueHealth(venue=venue, state=stats.state, reason=stats.reason)
        return told

    def trackers_of(self, venue: str) -> list[str]:
        """Targets of the trackers that have the venue; all where none says so."""
        trackers = self.of("tracker")
        own = [one.target for one in trackers if one.stats and any(v.venue == venue for v in one.stats.venues)]
        return own or [one.target for one in trackers]

    @property
    def markets(self) -> list[Instrument]:
        """Every listed one, ordered by venue, then symbol."""
        found = [market for one in self.of("tracker") for market in one.markets]
        return sorted(found, key=lambda market: (market.venue, market.symbol))

    def _is_listing_old(self) -> bool:
        listed = {market.venue for market in self.markets}
        return any(stats.markets and venue not in listed for venue, stats in self.venues.items())

    async def _ask(self, one: Known) -> None:
        try:
            one.stats = await self._call(one, f"crossbook.v1.{STATS[one.service]}", _kind(STATS[one.service]))
            health = await self._call(one, "grpc.health.v1.Health/Check", health_pb2.HealthCheckResponse)
            one.is_serving = health.status == health_pb2.HealthCheckResponse.SERVING
            one.is_reachable, one.problem = True, ""
        except grpc.aio.AioRpcError as error:
            one.is_reachable = one.is_serving = False
            one.problem = str(call_reason(error))

    async def _ask_markets(self, one: Known) -> None:
        try:
            answer = await self._call(one, "crossbook.v1.TrackerService/ListMarkets", tracker_pb2.ListMarketsResponse)
        except grpc.aio.AioRpcError:
            return
        one.markets = list(answer.instruments)

    async def _call(self, one: Known, path: str, kind: Any) -> Any:
        call: Any = self._backends.channel(one.service, one.target).unary_unary(f"/{path}")
        return kind.FromString(await call(b"", timeout=DEADLINE_SECONDS))


_KINDS: Mapping[str, type[Message]] = {
    "GetTrackerStats": tracker_pb2.GetTrackerStatsResponse,
    "GetAggregatorStats": aggregator_pb2.GetAggregatorStatsResponse,
    "GetArbitrageStats": arbitrage_pb2.GetArbitrageStatsResponse,
    "GetAlertStats": alerts_pb2.GetAlertStatsResponse,
}


def _kind(path: str) -> type[Message]:
    return _KINDS[path.partition("/")[2]]
