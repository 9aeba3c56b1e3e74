"""The RPC face of ArbitrageService: checks, asks, translates."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, TypeVar, cast

import grpc

from crossbook._core import ScannerAnswers, SpreadView
from crossbook.arbitrage import requests
from crossbook.arbitrage.cooldowns import CooldownReader
from crossbook.arbitrage.explanation import explain, explain_unknown, finding_of
from crossbook.arbitrage.facts.answers import FactAnswers, explain_holding
from crossbook.arbitrage.identity import IdentityRegister
from crossbook.arbitrage.live import LiveScan
from crossbook.arbitrage.lives import answers as life_answers
from crossbook.arbitrage.messages import to_finding, to_opportunity, to_overview
from crossbook.arbitrage.opportunity_stream import begin
from crossbook.arbitrage.shard_follower import ShardFollower
from crossbook.arbitrage.sizes import explain_sizes
from crossbook.arbitrage.store.lives import LifeStore
from crossbook.arbitrage.store.windows import WindowStore
from crossbook.arbitrage.tuning import ScannerArguments
from crossbook.arbitrage.window_scan import scan_windows
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2_grpc
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.paging import decode_token, encode_token, page_limit, query_fingerprint
from crossbook.plumbing.plane.calls import Stream, StreamCall
from crossbook.plumbing.requests import check_venue, check_venues, refuse
from crossbook.plumbing.timestamps import to_duration

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
Store = TypeVar("Store")

SERVICE_NAME = pb.DESCRIPTOR.services_by_name["ArbitrageService"].full_name

WINDOW_SCANS = 2  # at a time: each reads the whole market; the others wait, as many as there are places for calls
WINDOW_SOURCES = (pb.PRICE_SOURCE_SNAPSHOT, pb.PRICE_SOURCE_MINUTE)


class ArbitrageService(arbitrage_pb2_grpc.ArbitrageServiceServicer):
    """Answers from the live scan, or from the windows in Postgres."""

    def __init__(
        self,
        live: LiveScan,
        shards: ShardFollower,
        arguments: ScannerArguments,
        cooldowns: CooldownReader,
        store: WindowStore | None,
        identities: IdentityRegister,
        lives: LifeStore | None,
        facts: FactAnswers,
    ) -> None:
        self._live = live
        self._shards = shards
        self._arguments = arguments
        self._cooldowns = cooldowns
        self._store = store
        self._identities = identities
        self._lives = lives
        self._facts = facts
        self._window_scans = asyncio.Semaphore(WINDOW_SCANS)

    async def ListOpportunities(
        self, request: pb.ListOpportunitiesRequest, context: Context
    ) -> pb.ListOpportunitiesResponse:
        requests.check_list(request)
        self._check_venues(request.venues)
        now = self._live.clock.now_ns()
        scanner = await self._scanner(request.price_source, now)
        spreads = _list(scanner, request, now)
        cooldowns = await self._cooldowns.states(spreads)
        found = zip(spreads, cooldowns, strict=True)
        opportunities = [to_opportunity(spread, now, state) for spread, state in found]
        limit = request.limit or requests.DEFAULT_LIMIT
        return pb.ListOpportunitiesResponse(opportunities=self._facts.narrowed(opportunities, request, limit, now))

    def register(self, server: grpc.aio.Server) -> None:
        """What is not a stream."""
        arbitrage_pb2_grpc.add_ArbitrageServiceServicer_to_server(self, server)

    @property
    def streams(self) -> Mapping[str, Stream]:
        """What the plane carries, by the methods' paths."""
        return {f"/{SERVICE_NAME}/WatchOpportunities": Stream(self._watch)}

    async def _watch(self, call: StreamCall) -> None:
        request = call.request(pb.WatchOpportunitiesRequest)
        requests.check_watch(request)
        self._check_venues(request.venues)
        call.watch(await begin(self._live, request, call.write))
        await call.gone()

    async def ExplainSpread(self, request: pb.ExplainSpreadRequest, context: Context) -> pb.ExplainSpreadResponse:
        requests.check_explain(request)
        now = self._live.clock.now_ns()
        venues, notionals = (request.buy_venue, request.sell_venue), list(request.notionals)
        spread = self._live.scanner.explain(request.asset, *venues, now, notionals=notionals)
        if spread is None:
            named = zip(("buy_venue", "sell_venue"), venues, strict=True)
            refuse(wrong for field, venue in named for wrong in check_venue(field, venue, self._quoting))
            return _unknown(request)
        (cooldown,) = await self._cooldowns.states([spread])
        buy_ns, sell_ns = spread.buy.receive_ns, spread.sell.receive_ns
        opportunity = to_opportunity(spread, now, cooldown)
        explanation = f"{explain(spread, self._arguments, now)} {explain_sizes(opportunity)}"
        if request.HasField("holding_horizon"):
            self._facts.cost(opportunity, request.holding_horizon, now)
            explanation += explain_holding(opportunity.holding)
        return pb.ExplainSpreadResponse(
            opportunity=opportunity,
            reason=pb.RefusalReason.ValueType(spread.reason),
            explanation=explanation,
            buy_age=to_duration(now - buy_ns) if buy_ns else None,
            sell_age=to_duration(now - sell_ns) if sell_ns else None,
            identity_finding=finding_of(spread),
        )

    async def GetMarketOverview(
        self, request: pb.GetMarketOverviewRequest, context: Context
    ) -> pb.GetMarketOverviewResponse:
        requests.check_overview(request)
        views = self._live.scanner.overview(list(request.assets))
        return pb.GetMarketOverviewResponse(assets=[to_overview(view) for view in views])

    async def GetArbitrageStats(
        self, request: pb.GetArbitrageStatsRequest, context: Context
    ) -> pb.GetArbitrageStatsResponse:
        stats, latency_us = self._live.scanner.stats(), self._live.scanner.frame_to_opportunity_us
        refusals = [(pb.RefusalReason.ValueType(reason), count) for reason, count in stats.refusals]
        return pb.GetArbitrageStatsResponse(
            opened=stats.opened,
            closed=stats.closed,
            open_now=stats.open_now,
            refusals=[pb.RefusalCount(reason=reason, count=count) for reason, count in refusals],
            quotes_scanned=stats.quotes,
            frame_to_opportunity_p50_us=latency_us(0.5),
            frame_to_opportunity_p99_us=latency_us(0.99),
            connected=self._shards.is_connected,
            venues=self._shards.healths,
        )

    async def ListIdentityFindings(
        self, request: pb.ListIdentityFindingsRequest, context: Context
    ) -> pb.ListIdentityFindingsResponse:
        requests.check_list_findings(request)
        limit = page_limit(request.page_size, requests.DEFAULT_FINDINGS, requests.MAX_FINDINGS)
        query = query_fingerprint(request)
        position = decode_token(query, request.page_token)
        after = (cast(int, position[0]), cast(str, position[1])) if position else None
        rows = await self._identities.page(request.states, request.assets, after, limit + 1)
        page, has_more = rows[:limit], len(rows) > limit
        return pb.ListIdentityFindingsResponse(
            findings=[to_finding(row) for row in page],
            next_page_token=encode_token(query, [page[-1].found_ns, page[-1].id]) if has_more else "",
        )

    async def DecideIdentity(self, request: pb.DecideIdentityRequest, context: Context) -> pb.DecideIdentityResponse:
        requests.check_decide(request)
        row = await self._identities.decide(request.name, request.state, request.comment)
        return pb.DecideIdentityResponse(finding=to_finding(row))

    async def ListOpportunityHistory(
        self, request: pb.ListOpportunityHistoryRequest, context: Context
    ) -> pb.ListOpportunityHistoryResponse:
        self._check_venues(request.venues)
        return await life_answers.list_history(needed(self._lives), request)

    async def GetOpportunityStatistics(
        self, request: pb.GetOpportunityStatisticsRequest, context: Context
    ) -> pb.GetOpportunityStatisticsResponse:
        self._check_venues(request.venues)
        return await life_answers.statistics(needed(self._lives), request, self._live.clock.now_ns())

    def _check_venues(self, venues: Sequence[str]) -> None:
        refuse(check_venues("venues", venues, self._quoting))

    def _quoting(self) -> set[str]:
        """Venues that have a LIVE quote now."""
        return {venue for asset in self._live.scanner.overview([]) for venue in asset.venues}

    async def _scanner(self, source: pb.PriceSource.ValueType, now: int) -> ScannerAnswers:
        if source not in WINDOW_SOURCES:
            return self._live.scanner
        store = needed(self._store)
        async with self._window_scans:
            return await scan_windows(store, source, self._arguments, self._live.identities, self._facts.told(), now)


def needed(store: Store | None) -> Store:
    """A store of Postgres. Raises UnavailableError where the service has none."""
    if store is None:
        raise UnavailableError("this service was started without Postgres: set CROSSBOOK_POSTGRES_DSN")
    return store


def _list(scanner: ScannerAnswers, request: pb.ListOpportunitiesRequest, now: int) -> list[SpreadView]:
    return scanner.list_spreads(
        now,
        venues=list(request.venues),
        symbols=list(request.symbols),
        assets=list(request.assets),
        min_gross_percent=request.min_gross_percent if request.HasField("min_gross_percent") else None,
        min_net_percent=request.min_net_percent if request.HasField("min_net_percent") else 0.0,
        # What a filter lets pass is known afterwards.
        limit=requests.MAX_LIMIT if request.HasField("filter") else request.limit or requests.DEFAULT_LIMIT,
        notionals=list(request.notionals),
    )


def _unknown(request: pb.ExplainSpreadRequest) -> pb.ExplainSpreadResponse:
    return pb.ExplainSpreadResponse(
        opportunity=pb.Opportunity(
            asset=request.asset, buy=pb.Leg(venue=request.buy_venue), sell=pb.Leg(venue=request.sell_venue)
        ),
        reason=pb.REFUSAL_REASON_UNKNOWN_LEG,
        explanation=explain_unknown(request.asset, request.buy_venue, request.sell_venue),
    )
