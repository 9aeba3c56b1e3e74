"""A small real gRPC server in place of arbitrage: it tells the events a test wants told, and lets clients resume."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2_grpc
from crossbook.plumbing.errors import NotFoundError
from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.grpc.server import grpc_server
from crossbook.plumbing.timestamps import SECOND_NS, now_ns, to_duration, to_timestamp

SERVICE_NAME = "crossbook.v1.ArbitrageService"
OPENED, UPDATED, CLOSED = (
    pb.OPPORTUNITY_EVENT_KIND_OPENED,
    pb.OPPORTUNITY_EVENT_KIND_UPDATED,
    pb.OPPORTUNITY_EVENT_KIND_CLOSED,
)


def opportunity(
    identifier: str = "o-1",
    asset: str = "BTC",
    buy: str = "binance",
    sell: str = "okx",
    net: float = 0.5,
    *,
    gross: float = 0.7,
    notional: float = 1000.0,
    open_ns: int | None = None,
) -> pb.Opportunity:
    """One that passes the default rule."""
    symbol = f"{asset}/USDT:USDT"
    opened_ns = now_ns() if open_ns is None else open_ns
    return pb.Opportunity(
        id=identifier,
        asset=asset,
        buy=pb.Leg(venue=buy, symbol=symbol, price=100.0, size=10.0, quote_currency="USDT"),
        sell=pb.Leg(venue=sell, symbol=symbol, price=100.7, size=10.0, quote_currency="USDT"),
        costs=pb.SpreadCosts(gross_percent=gross, net_percent=net, entry_fees_percent=0.1, exit_fees_percent=0.1),
        executable_size=notional / 100.0,
        executable_notional=notional,
        open_time=to_timestamp(opened_ns),
        peak_net_percent=net,
    )


def event(
    kind: pb.OpportunityEventKind.ValueType, found: pb.Opportunity, *, after_seconds: float = 0.0, token: str = ""
) -> pb.OpportunityEvent:
    """An event so long after the opportunity opened."""
    open_ns = found.open_time.seconds * SECOND_NS + found.open_time.nanos
    age_ns = int(after_seconds * SECOND_NS)
    return pb.OpportunityEvent(
        kind=kind,
        opportunity=found,
        event_time=to_timestamp(open_ns + age_ns),
        duration=to_duration(age_ns) if kind == CLOSED else None,
        resume_token=token,
    )


class StandInArbitrage(arbitrage_pb2_grpc.ArbitrageServiceServicer):
    """Holds every event ever told under the tokens "1", "2", ...; resumes after any of them."""

    def __init__(self) -> None:
        self.port = 0
        self.events: list[pb.OpportunityEvent] = []
        self.listed: list[pb.Opportunity] = []
        self.list_requests: list[pb.ListOpportunitiesRequest] = []
        self.resumed_from: list[str] = []
        self.watchers = 0
        self._changed = asyncio.Condition()
        self._is_closing = False

    async def tell(self, *events: pb.OpportunityEvent) -> None:
        """To every watcher, now and later."""
        async with self._changed:
            for told in events:
                self.events.append(told)
                told.resume_token = str(len(self.events))
            self._changed.notify_all()

    async def close(self) -> None:
        """Ends the streams."""
        async with self._changed:
            self._is_closing = True
            self._changed.notify_all()

    async def WatchOpportunities(
        self, request: pb.WatchOpportunitiesRequest, context: Any
    ) -> AsyncIterator[pb.WatchOpportunitiesResponse]:
        await context.send_initial_metadata(())
        self.resumed_from.append(request.resume_token)
        position = int(request.resume_token or 0)
        self.watchers += 1
        is_caught_up = False
        try:
            while not self._is_closing:
                while position < len(self.events):
                    position += 1
                    yield pb.WatchOpportunitiesResponse(events=[self.events[position - 1]])
                if not is_caught_up:
                    is_caught_up = True
                    yield pb.WatchOpportunitiesResponse(is_caught_up=True)
                async with self._changed:
                    if position == len(self.events) and not self._is_closing:
                        await self._changed.wait()
        finally:
            self.watchers -= 1

    async def ListOpportunities(self, request: pb.ListOpportunitiesRequest, context: Any) -> Any:
        self.list_requests.append(request)
        return pb.ListOpportunitiesResponse(opportunities=self.listed)

    async def ExplainSpread(self, request: Any, context: Any) -> Any:
        raise NotFoundError("explanations")

    GetMarketOverview = ExplainSpread
    GetArbitrageStats = ExplainSpread


@asynccontextmanager
async def stand_in_arbitrage(port: int = 0) -> AsyncIterator[StandInArbitrage]:
    """Serves until the end of the block."""
    service = StandInArbitrage()
    async with grpc_server(
        "127.0.0.1",
        port,
        lambda server: arbitrage_pb2_grpc.add_ArbitrageServiceServicer_to_server(service, server),
        ServiceHealth(SERVICE_NAME, awaits=("quotes",)),
    ) as server:
        service.port = server.port
        try:
            yield service
        finally:
            await service.close()
