"""How much of a pair there is, and what its venues ask of orders, in a sentence or two."""

from crossbook.arbitrage.messages import reason_name
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.pb.v1.facts_pb2 import TradingStatus


def explain_sizes(opportunity: pb.Opportunity) -> str:
    """What a trader would want to hear of sizes; that they are not known where they are not."""
    return " ".join(filter(None, [_known_sizes(opportunity), _limits(opportunity)]))


def _known_sizes(opportunity: pb.Opportunity) -> str:
    """From the books."""
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


def _limits(opportunity: pb.Opportunity) -> str:
    """What is asked of orders on each leg, and what of that is not known, by its name."""
    told = [text for leg in (opportunity.buy, opportunity.sell) if (text := _leg_limits(leg, opportunity.asset))]
    sizing = opportunity.sizing
    unknown = f"Not known: {', '.join(sizing.unknown_limits)}." if sizing.unknown_limits else ""
    assumed = "It counts as none, by arbitrage.assume_no_limits." if sizing.assumed else ""
    return " ".join(filter(None, [*told, unknown, assumed]))


def _leg_limits(leg: pb.Leg, asset: str) -> str:
    facts = leg.facts
    status = TradingStatus.Name(facts.status).removeprefix("TRADING_STATUS_") if facts.status else ""
    limits = (
        (facts.HasField("min_size"), f"at least {facts.min_size:.10g} {asset}"),
        (facts.HasField("max_size"), f"at most {facts.max_size:.10g} {asset}"),
        (facts.HasField("min_notional"), f"worth at least {facts.min_notional:.10g} {leg.quote_currency}"),
        (facts.HasField("max_buy_price"), f"bought up to {facts.max_buy_price:.10g} {leg.quote_currency}"),
        (facts.HasField("min_sell_price"), f"sold down to {facts.min_sell_price:.10g} {leg.quote_currency}"),
    )
    asked = ", ".join(text for is_known, text in limits if is_known)
    words = " and ".join(filter(None, [f"is {status}" if status else "", f"takes orders of {asked}" if asked else ""]))
    return f"{leg.venue} {words}." if words else ""


def _requested(opportunity: pb.Opportunity, sized: pb.SizedEdge) -> str:
    money = f"{sized.requested_notional:.10g} {opportunity.buy.quote_currency}"
    if sized.refusal:
        return f"{money} cannot be ordered, {reason_name(sized.refusal)}."
    return f"{money} buys {sized.size:.10g} {opportunity.asset}, net {sized.net_percent:.4f} %."
