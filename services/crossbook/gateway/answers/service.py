"""The RPC face of GatewayService: asks, puts together, answers. Which process has what, the files beside it say."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeAlias

import grpc

from crossbook.gateway.answers import logs
from crossbook.gateway.answers.arbitrage import Arbitrage
from crossbook.gateway.answers.prices import Price, Prices, list_prices
from crossbook.gateway.answers.processes import STATS, Known, Processes
from crossbook.gateway.answers.stats import markets_of, stats_of
from crossbook.gateway.answers.windows import Windows
from crossbook.gateway.rest.backends import Backends
from crossbook.pb.v1 import aggregator_pb2, arbitrage_pb2, gateway_pb2_grpc, process_pb2
from crossbook.pb.v1 import gateway_pb2 as pb
from crossbook.pb.v1.market_pb2 import VenueState
from crossbook.plumbing.errors import InvalidRequestError
from crossbook.plumbing.follow import call_reason
from crossbook.plumbing.timestamps import now_ns

Context: TypeAlias = Any
"""Of gRPC, or who asked by REST: no answer here depends on it."""

SERVICE_NAME = pb.DESCRIPTOR.services_by_name["GatewayService"].full_name
DAY_MS = 86_400_000
MOST_ALERTS = 1_000
MS_NS = 1_000_000
SECOND_NS = 1_000_000_000


class GatewayService(gateway_pb2_grpc.GatewayServiceServicer):
    """Every method may be called without a context, by REST in this process."""

    def __init__(
        self,
        backends: Backends,
        processes: Processes,
        prices: Prices,
        own_stats: Callable[[], pb.GatewayStats],
        *,
        is_simulated: bool,
        window_seconds: int,
    ) -> None:
        self._backends = backends
        self._processes = processes
        self._prices = prices
        self._own_stats = own_stats
        self._is_simulated = is_simulated
        self._window_ns = window_seconds * SECOND_NS
        self._windows = Windows(backends, prices)
        self._arbitrage = Arbitrage(backends, prices)

    async def GetStats(self, request: pb.GetStatsRequest, context: Context = None) -> pb.GetStatsResponse:
        """See gateway.proto; so are all below."""
        rows = None
        with suppress(grpc.aio.AioRpcError):
            path = "crossbook.v1.AggregatorService/CountRows"
            answer = await self._backends.call("aggregator", path, b"")
            rows = aggregator_pb2.CountRowsResponse.FromString(answer).venues
        return stats_of(self._processes, request.venue, rows, self._window_ns, now_ns())

    async def ListVenueMarkets(
        self, request: pb.ListVenueMarketsRequest, context: Context = None
    ) -> pb.ListVenueMarketsResponse:
        return markets_of(self._processes, self._by_name(), request)

    async def ListMinuteRows(
        self, request: pb.ListMinuteRowsRequest, context: Context = None
    ) -> pb.ListMinuteRowsResponse:
        return await self._windows.minutes(request)

    async def ListSnapshotRows(
        self, request: pb.ListSnapshotRowsRequest, context: Context = None
    ) -> pb.ListSnapshotRowsResponse:
        return await self._windows.snapshots(request)

    async def GetOverview(self, request: pb.GetOverviewRequest, context: Context = None) -> pb.GetOverviewResponse:
        asked = arbitrage_pb2.GetMarketOverviewRequest(assets=request.asset)
        path = "crossbook.v1.ArbitrageService/GetMarketOverview"
        payload = await self._backends.call("arbitrage", path, asked.SerializeToString())
        found = arbitrage_pb2.GetMarketOverviewResponse.FromString(payload)
        assets = [one for one in found.assets if not request.venue or request.venue in one.venues]
        return pb.GetOverviewResponse(assets=assets, count=len(assets), as_of_ms=now_ns() // MS_NS)

    async def ListArbitrage(
        self, request: pb.ListArbitrageRequest, context: Context = None
    ) -> pb.ListArbitrageResponse:
        return await self._arbitrage.opportunities(request, now_ns())

    async def ListAlertRows(
        self, request: pb.ListAlertRowsRequest, context: Context = None
    ) -> pb.ListAlertRowsResponse:
        return await self._arbitrage.alerts(request)

    async def ListPrices(self, request: pb.ListPricesRequest, context: Context = None) -> pb.ListPricesResponse:
        return await asyncio.to_thread(list_prices, self._prices, request, now_ns())

    async def GetSummary(self, request: pb.GetSummaryRequest, context: Context = None) -> pb.GetSummaryResponse:
        now, prices = now_ns(), self._prices.look()
        healths = self._processes.healths
        stats: arbitrage_pb2.GetArbitrageStatsResponse | None = self._processes.stats_of("arbitrage")
        states = Counter(VenueState.Name(one.state).removeprefix("VENUE_STATE_") for one in healths.values())
        answer = pb.GetSummaryResponse(
            venues=states,
            instruments=len(prices),
            live_instruments=sum(price.is_live for price in prices),
            open_opportunities=stats.open_now if stats else 0,
            latency_p50_us=stats.frame_to_opportunity_p50_us if stats else 0.0,
            latency_p99_us=stats.frame_to_opportunity_p99_us if stats else 0.0,
            venue_health=[healths[venue] for venue in sorted(healths)],
            is_simulated=self._is_simulated,
            as_of_ms=now // MS_NS,
        )
        newest = max((price.receive_ns for price in prices), default=0)
        if newest:
            answer.data_age_ms = max(0, now - newest) / MS_NS
        await self._put_asked(answer, now)
        return answer

    async def _put_asked(self, answer: pb.GetSummaryResponse, now: int) -> None:
        """What others have to be asked for; the summary comes without while they are away."""
        with suppress(grpc.aio.AioRpcError):
            if (best := await self._arbitrage.best(now)) is not None:
                answer.best.CopyFrom(best)
        with suppress(grpc.aio.AioRpcError):
            day = pb.ListAlertRowsRequest(from_ms=now // MS_NS - DAY_MS, limit=MOST_ALERTS)
            answer.alerts_24h = (await self._arbitrage.alerts(day)).count

    async def ListProcesses(
        self, request: pb.ListProcessesRequest, context: Context = None
    ) -> pb.ListProcessesResponse:
        own = pb.Process(service="gateway", is_reachable=True, is_serving=True, gateway=self._own_stats())
        rows = [own, *map(_process, self._processes.known)]
        rows.sort(key=lambda row: (row.service, row.target))
        return pb.ListProcessesResponse(processes=rows, as_of_ms=now_ns() // MS_NS)

    async def ReloadProcesses(
        self, request: pb.ReloadProcessesRequest, context: Context = None
    ) -> pb.ReloadProcessesResponse:
        wanted = self._services(request.services)
        found = await asyncio.gather(*(self._reload(one) for one in self._processes.known if one.service in wanted))
        return pb.ReloadProcessesResponse(processes=found)

    async def ListLog(self, request: pb.ListLogRequest, context: Context = None) -> pb.ListLogResponse:
        wanted = self._services(request.services)
        known = [one for one in self._processes.known if one.service in wanted]
        return await logs.collect(self._backends, known, request)

    async def _reload(self, one: Known) -> pb.ReloadedProcess:
        row = pb.ReloadedProcess(service=one.service, target=one.target)
        try:
            path = "crossbook.v1.ProcessService/Reload"
            answer = await self._backends.call_one(one.service, one.target, path, b"")
            row.reloaded.extend(process_pb2.ReloadResponse.FromString(answer).reloaded)
        except grpc.aio.AioRpcError as error:
            row.problem = str(call_reason(error))
        return row

    def _services(self, asked: Any) -> set[str]:
        for index, service in enumerate(asked):
            if service not in STATS:
                raise InvalidRequestError.of(f"services[{index}]", f"must be one of {', '.join(STATS)}")
        return set(asked) or set(STATS)

    def _by_name(self) -> dict[tuple[str, str], Price]:
        return {(price.instrument.venue, price.instrument.symbol): price for price in self._prices.look()}


def _process(one: Known) -> pb.Process:
    row = pb.Process(
        service=one.service,
        target=one.target,
        is_reachable=one.is_reachable,
        is_serving=one.is_serving,
        problem=one.problem,
    )
    if one.stats is not None:
        getattr(row, one.service).CopyFrom(one.stats)
    return row
