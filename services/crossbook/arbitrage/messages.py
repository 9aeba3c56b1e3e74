"""What the scanner says, as the messages of arbitrage.proto."""

from crossbook._core import AssetView, ConversionView, LegView, OpportunityEvent, SpreadView
from crossbook.arbitrage.store import RESOURCE, FindingRow
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.timestamps import to_duration, to_timestamp


def to_opportunity(spread: SpreadView, at_ns: int, cooldown: pb.CooldownState | None = None) -> pb.Opportunity:
    """One pair at a moment; the cooldown is filled in by answers, not in the stream of events."""
    conversion = spread.conversion
    return pb.Opportunity(
        id=spread.opportunity_id,
        asset=spread.asset,
        buy=_leg(spread.buy),
        sell=_leg(spread.sell),
        costs=pb.SpreadCosts(
            gross_percent=spread.gross_percent,
            entry_fees_percent=spread.entry_fees_percent,
            exit_fees_percent=spread.exit_fees_percent,
            net_percent=spread.net_percent,
        ),
        executable_size=spread.executable_size,
        executable_notional=spread.executable_size * spread.buy.price,
        open_time=to_timestamp(spread.open_ns) if spread.open_ns else None,
        peak_net_percent=spread.peak_net_percent,
        cooldown=cooldown,
        conversion=_conversion(conversion, at_ns) if conversion else None,
        is_depegged=conversion is not None and conversion.is_depegged,
    )


def to_event(event: OpportunityEvent) -> pb.WatchOpportunitiesResponse:
    """One lifecycle event, without its place in the log."""
    return pb.WatchOpportunitiesResponse(
        kind=pb.OpportunityEventKind.ValueType(event.kind),
        opportunity=to_opportunity(event.spread, event.event_ns),
        close_reason=pb.RefusalReason.ValueType(event.close_reason),
        duration=to_duration(event.duration_ns) if event.kind == pb.OPPORTUNITY_EVENT_KIND_CLOSED else None,
        event_time=to_timestamp(event.event_ns),
        cause_time=to_timestamp(event.cause_ns),
    )


def to_overview(view: AssetView) -> pb.AssetOverview:
    """One asset across venues."""
    return pb.AssetOverview(
        asset=view.asset,
        best_bid=view.best_bid,
        best_bid_venue=view.best_bid_venue,
        best_ask=view.best_ask,
        best_ask_venue=view.best_ask_venue,
        venues=view.venues,
        widest_gross_percent=view.widest_gross_percent,
    )


def to_finding(row: FindingRow) -> pb.IdentityFinding:
    """One pair in doubt."""
    return pb.IdentityFinding(
        name=RESOURCE + row.id,
        asset=row.asset,
        first=pb.IdentityMarket(venue=row.first_venue, symbol=row.first_symbol, mid=row.first_mid),
        second=pb.IdentityMarket(venue=row.second_venue, symbol=row.second_symbol, mid=row.second_mid),
        difference_percent=row.difference_percent,
        since_time=to_timestamp(row.since_ns),
        find_time=to_timestamp(row.found_ns),
        state=pb.IdentityState.ValueType(row.state),
        comment=row.comment,
        decide_time=to_timestamp(row.decided_ns) if row.decided_ns is not None else None,
    )


def reason_name(reason: int) -> str:
    """A refusal reason as people read it: TOO_OLD."""
    return pb.RefusalReason.Name(pb.RefusalReason.ValueType(reason)).removeprefix("REFUSAL_REASON_")


def _conversion(view: ConversionView, at_ns: int) -> pb.Conversion:
    return pb.Conversion(
        from_currency=view.from_currency,
        to_currency=view.to_currency,
        rate=view.rate if view.is_known else 0.0,
        age=to_duration(max(0, at_ns - view.quote_ns)) if view.quote_ns else None,
        is_assumed=view.is_assumed,
    )


def _leg(leg: LegView) -> pb.Leg:
    return pb.Leg(
        venue=leg.venue,
        symbol=leg.symbol,
        price=leg.price,
        size=leg.size,
        taker_fee_percent=leg.taker_fee_percent or 0.0,
        quote_currency=leg.quote_currency,
        receive_time=to_timestamp(leg.receive_ns) if leg.receive_ns else None,
    )
