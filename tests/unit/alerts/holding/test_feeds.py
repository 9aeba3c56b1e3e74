"""What is known of venues and identities, from an arbitrage that may not answer."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from crossbook.alerts.evaluation.replicas import open_replicas
from crossbook.alerts.holding import feeds as module
from crossbook.alerts.holding.feeds import Feeds
from crossbook.alerts.holding.hold_back import NOTHING_KNOWN
from crossbook.pb.v1 import arbitrage_pb2, arbitrage_pb2_grpc, market_pb2
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.grpc.server import grpc_server

SICK = market_pb2.VenueHealth(venue="v1", state=market_pb2.VENUE_STATE_DOWN)


class Arbitrage(arbitrage_pb2_grpc.ArbitrageServiceServicer):
    """Knows of one venue and one finding."""

    is_away = False

    async def GetArbitrageStats(self, request: Any, context: Any) -> Any:
        if self.is_away:
            raise UnavailableError("away")
        return arbitrage_pb2.GetArbitrageStatsResponse(venues=[SICK], connected=True)

    async def ListIdentityFindings(self, request: Any, context: Any) -> Any:
        assert list(request.states) == [arbitrage_pb2.IDENTITY_STATE_SUSPECT]
        both = [arbitrage_pb2.IdentityMarket(venue=venue) for venue in ("v1", "v2")]
        finding = arbitrage_pb2.IdentityFinding(asset="BTC", first=both[0], second=both[1])
        return arbitrage_pb2.ListIdentityFindingsResponse(findings=[finding])

    WatchOpportunities = ListOpportunities = ExplainSpread = GetMarketOverview = DecideIdentity = None


@asynccontextmanager
async def asked() -> AsyncIterator[tuple[Feeds, Arbitrage]]:
    arbitrage = Arbitrage()

    def add(server: Any) -> None:
        arbitrage_pb2_grpc.add_ArbitrageServiceServicer_to_server(arbitrage, server)

    health = ServiceHealth("crossbook.v1.ArbitrageService", awaits=())
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(grpc_server("127.0.0.1", 0, add, health))
        replicas = await stack.enter_async_context(open_replicas([f"127.0.0.1:{server.port}"]))
        feeds = Feeds(replicas, Clock())
        assert feeds.domain() is NOTHING_KNOWN
        await feeds.look()
        yield feeds, arbitrage


async def test_venues_and_doubted_identities_are_known_once_it_has_answered() -> None:
    """Of a finding both venues: nobody knows which of them is wrong."""
    async with asked() as (feeds, _):
        domain = feeds.domain()
    assert domain.venues == {"v1": SICK}
    assert domain.suspects == {("BTC", "v1"), ("BTC", "v2")}


async def test_what_was_known_stands_for_a_while_and_then_nothing_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """It inhibits nothing any more."""
    async with asked() as (feeds, arbitrage):
        arbitrage.is_away = True
        await feeds.look()
    assert feeds.stats is None
    assert feeds.domain().venues
    monkeypatch.setattr(module, "STALE_SECONDS", -1.0)
    assert feeds.domain() is NOTHING_KNOWN
