"""Opportunities and alerts in the shapes that REST has for them. Profit is net; minGross is what profit once was."""

from crossbook.gateway.answers.prices import Prices
from crossbook.gateway.answers.windows import MAX_MS, moment
from crossbook.gateway.rest.backends import Backends
from crossbook.pb.v1 import alerts_pb2, arbitrage_pb2
from crossbook.pb.v1 import gateway_pb2 as pb
from crossbook.plumbing.errors import InvalidRequestError
from crossbook.plumbing.timestamps import from_timestamp

MS_NS = 1_000_000
WINDOWS = (arbitrage_pb2.PRICE_SOURCE_UNSPECIFIED, arbitrage_pb2.PRICE_SOURCE_MINUTE)


class Arbitrage:
    """Asks arbitrage, and alerts for what fired."""

    def __init__(self, backends: Backends, prices: Prices) -> None:
        self._backends = backends
        self._prices = prices

    async def opportunities(self, request: pb.ListArbitrageRequest, now_ns: int) -> pb.ListArbitrageResponse:
        """Raises InvalidRequestError, and AioRpcError."""
        if request.use_minutes and request.source not in WINDOWS:
            raise InvalidRequestError.of("source", "says something else than useMinutes")
        asked = arbitrage_pb2.ListOpportunitiesRequest(
            venues=request.exchanges,
            symbols=self._prices.symbols_of(request.symbol) if request.symbol else [],
            price_source=arbitrage_pb2.PRICE_SOURCE_MINUTE if request.use_minutes else request.source,
            limit=request.limit,
        )
        if request.HasField("min_profit_percent"):
            asked.min_net_percent = request.min_profit_percent
        if request.HasField("min_gross_percent"):
            asked.min_gross_percent = request.min_gross_percent
        found = await self._list(asked)
        rows = [to_row(one, now_ns) for one in found.opportunities]
        return pb.ListArbitrageResponse(opportunities=rows, count=len(rows), as_of_ms=now_ns // MS_NS)

    async def best(self, now_ns: int) -> pb.ArbitrageRow | None:
        """What pays most now, if anything does."""
        found = await self._list(arbitrage_pb2.ListOpportunitiesRequest(limit=1))
        return to_row(found.opportunities[0], now_ns) if found.opportunities else None

    async def alerts(self, request: pb.ListAlertRowsRequest) -> pb.ListAlertRowsResponse:
        """Raises InvalidRequestError, and AioRpcError."""
        asked = alerts_pb2.ListAlertsRequest(
            rule=f"alertRules/{request.rule}" if request.rule and "/" not in request.rule else request.rule,
            assets=self._prices.assets_of(request.symbol) if request.symbol else [],
            venues=[request.venue] if request.venue else [],
            page_size=request.limit,
            page_token=request.page_token,
        )
        for name in ("from", "to"):
            if request.HasField(f"{name}_ms"):  # type: ignore[arg-type]
                at = getattr(request, f"{name}_ms")
                if not 0 <= at <= MAX_MS:
                    raise InvalidRequestError.of(name, "must be milliseconds of a time")
                getattr(asked, f"{name}_time").CopyFrom(moment(at))
        payload = await self._backends.call("alerts", "crossbook.v1.AlertService/ListAlerts", asked.SerializeToString())
        found = alerts_pb2.ListAlertsResponse.FromString(payload)
        rows = [_alert(one) for one in found.alerts]
        return pb.ListAlertRowsResponse(alerts=rows, count=len(rows), next_page_token=found.next_page_token)

    async def _list(self, asked: arbitrage_pb2.ListOpportunitiesRequest) -> arbitrage_pb2.ListOpportunitiesResponse:
        path = "crossbook.v1.ArbitrageService/ListOpportunities"
        payload = await self._backends.call("arbitrage", path, asked.SerializeToString())
        return arbitrage_pb2.ListOpportunitiesResponse.FromString(payload)


def to_row(one: arbitrage_pb2.Opportunity, now_ns: int) -> pb.ArbitrageRow:
    """An opportunity as REST shows it."""
    row = pb.ArbitrageRow(
        id=one.id,
        asset=one.asset,
        symbol=one.buy.symbol,
        profit_percent=one.costs.net_percent,
        gross_percent=one.costs.gross_percent,
        buy=_leg(one.buy, now_ns),
        sell=_leg(one.sell, now_ns),
        costs=one.costs,
        executable_size=one.executable_size,
        executable_notional=one.executable_notional,
        peak_profit_percent=one.peak_net_percent,
        cooldown=one.cooldown,
    )
    if one.HasField("open_time"):
        row.opened_at_ms = from_timestamp(one.open_time) // MS_NS
    if one.HasField("conversion"):
        row.conversion.CopyFrom(one.conversion)
    return row


def _leg(leg: arbitrage_pb2.Leg, now_ns: int) -> pb.ArbitrageLeg:
    return pb.ArbitrageLeg(
        exchange=leg.venue,
        symbol=leg.symbol,
        price=leg.price,
        size=leg.size,
        taker_fee_percent=leg.taker_fee_percent,
        quote_currency=leg.quote_currency,
        age_ms=max(0, now_ns - from_timestamp(leg.receive_time)) / MS_NS,
    )


def _alert(one: alerts_pb2.Alert) -> pb.AlertRow:
    row = pb.AlertRow(
        rule=one.rule,
        opportunity=one.opportunity,
        fired_at_ms=from_timestamp(one.fire_time) // MS_NS,
        deliveries=one.deliveries,
        name=one.name,
    )
    if one.HasField("close_time"):
        row.closed_at_ms = from_timestamp(one.close_time) // MS_NS
    return row
