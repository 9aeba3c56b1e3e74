"""What the scanner says, as the messages of arbitrage.proto."""

from crossbook._core import AssetView, LegView, OpportunityEvent, SpreadView
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.timestamps import to_duration, to_timestamp


def to_opportunity(spread: SpreadView, cooldown: pb.CooldownState | None = None) -> pb.Opportunity:
    """One pair; the cooldown is filled in by answers, not in the stream of events."""
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
    )


def to_event(event: OpportunityEvent) -> pb.WatchOpportunitiesResponse:
    """One lifecycle event, without its place in the log."""
    return pb.WatchOpportunitiesResponse(
        kind=pb.OpportunityEventKind.ValueType(event.kind),
        opportunity=to_opportunity(event.spread),
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


def reason_name(reason: int) -> str:
    """A refusal reason as people read it: TOO_OLD."""
    return pb.RefusalReason.Name(pb.RefusalReason.ValueType(reason)).removeprefix("REFUSAL_REASON_")


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
