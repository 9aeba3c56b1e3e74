"""How much of a pair there is, in a sentence or two."""

from crossbook.arbitrage.messages import reason_name
from crossbook.pb.v1 import arbitrage_pb2 as pb


def explain_sizes(opportunity: pb.Opportunity) -> str:
    """What a trader would want to hear of sizes; that they are not known where they are not."""
    sizing = opportunity.sizing
    if sizing.unknown_reason:
        return f"How much of it there is is not known, {reason_name(sizing.unknown_reason)}."
    largest, best = sizing.largest, sizing.most_profitable
    asset, currency = opportunity.asset, opportunity.buy.quote_currency
    threshold = f"{sizing.threshold_percent:.4f} %"
    if largest.refusal:
        text = f"No size that nets {threshold} can be ordered, {reason_name(largest.refusal)}."
    else:
        least = "At least" if sizing.is_limited_by_depth else "Up to"
        text = f"{least} {largest.size:.10g} {asset} ({largest.buy_notional:.2f} {currency}) nets {threshold}."
    if not best.refusal:
        text += f" Profit is highest at {best.size:.10g} {asset}: {best.profit:.2f} {currency}."
    return " ".join([text, *(_requested(opportunity, sized) for sized in sizing.requested)])


def _requested(opportunity: pb.Opportunity, sized: pb.SizedEdge) -> str:
    money = f"{sized.requested_notional:.10g} {opportunity.buy.quote_currency}"
    if sized.refusal:
        return f"{money} cannot be ordered, {reason_name(sized.refusal)}."
    return f"{money} buys {sized.size:.10g} {opportunity.asset}, net {sized.net_percent:.4f} %."
