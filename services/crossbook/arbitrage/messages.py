"""What the scanner and the store say, as the messages of arbitrage.proto."""

from crossbook._core import AssetView, OpportunityEvent, SpreadView
from crossbook.arbitrage.store.identities import RESOURCE, FindingRow
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.timestamps import to_timestamp


def to_opportunity(spread: SpreadView, at_ns: int, cooldown: pb.CooldownState | None = None) -> pb.Opportunity:
    """One pair at a moment; the cooldown is filled in by answers, not in the stream of events."""
    opportunity = pb.Opportunity.FromString(spread.encode(at_ns))
    if cooldown is not None:
        opportunity.cooldown.CopyFrom(cooldown)
    return opportunity


def to_event(event: OpportunityEvent) -> pb.OpportunityEvent:
    """One lifecycle event, without its place in the log."""
    return pb.WatchOpportunitiesResponse.FromString(event.encode("")).events[0]


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
