"""What a position costs to hold: funding until a horizon, by payments that are really crossed.

A rate times a time would be wrong on both sides of a payment: who leaves a minute before it pays nothing, who leaves
a minute after it pays all of it. Where funding accrues all the time, the time is what counts. What is not known is
named, never guessed; it counts as none only by a setting, and is then named as assumed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.pb.v1.facts_pb2 import FactKind, FactState, FundingAccrual, InstrumentFact
from crossbook.plumbing.timestamps import SECOND_NS, to_duration

LegFacts: TypeAlias = Mapping[int, InstrumentFact]
NAMES = {
    FactKind.FACT_KIND_FUNDING_RATE: "funding rate",
    FactKind.FACT_KIND_FUNDING_INTERVAL: "funding interval",
    FactKind.FACT_KIND_NEXT_FUNDING_TIME: "time of the next funding",
    FactKind.FACT_KIND_FUNDING_ACCRUAL: "way of funding",
    FactKind.FACT_KIND_MARK_PRICE: "mark price",
    FactKind.FACT_KIND_OPEN_INTEREST: "open interest",
    FactKind.FACT_KIND_VOLUME_24H: "volume of 24 hours",
}


class UnknownFactError(Exception):
    """A fact is not known, or not of now; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Funding:
    """Of a long position, in percent of its notional; negative when it is paid."""

    percent: float
    payments: int  # 0 where it accrues all the time


def known(facts: LegFacts, kind: FactKind.ValueType) -> float:
    """The value of now. Raises UnknownFactError."""
    fact = facts.get(kind)
    if fact is None:
        raise UnknownFactError(f"{NAMES[kind]}: nothing was told")
    if fact.state != FactState.FACT_STATE_KNOWN:
        state = FactState.Name(fact.state).removeprefix("FACT_STATE_").lower()
        raise UnknownFactError(f"{NAMES[kind]}: {state}{', ' if fact.reason else ''}{fact.reason}")
    return fact.value


def funding_until(facts: LegFacts, now_ns: int, horizon_ns: int) -> Funding:
    """What a long position held from now on pays. Raises UnknownFactError."""
    rate = known(facts, FactKind.FACT_KIND_FUNDING_RATE)
    interval_ns = known(facts, FactKind.FACT_KIND_FUNDING_INTERVAL) * SECOND_NS
    if known(facts, FactKind.FACT_KIND_FUNDING_ACCRUAL) == FundingAccrual.FUNDING_ACCRUAL_CONTINUOUS:
        return Funding(rate * horizon_ns / interval_ns, 0)
    next_ns = known(facts, FactKind.FACT_KIND_NEXT_FUNDING_TIME) * SECOND_NS
    if next_ns <= now_ns:  # that payment is made; the next answer will say so
        next_ns += ((now_ns - next_ns) // interval_ns + 1) * interval_ns
    end_ns = now_ns + horizon_ns
    payments = int((end_ns - next_ns) // interval_ns) + 1 if next_ns <= end_ns else 0
    return Funding(_sum_of(rate, _prediction(facts, rate), payments), payments)


def next_funding_ns(facts: LegFacts, now_ns: int) -> float:
    """When funding is paid next; now where it accrues all the time. Raises UnknownFactError."""
    if known(facts, FactKind.FACT_KIND_FUNDING_ACCRUAL) == FundingAccrual.FUNDING_ACCRUAL_CONTINUOUS:
        return float(now_ns)
    return known(facts, FactKind.FACT_KIND_NEXT_FUNDING_TIME) * SECOND_NS


def holding_costs(
    opportunity: pb.Opportunity, buy: LegFacts, sell: LegFacts, now_ns: int, horizon_ns: int, *, assume: bool
) -> pb.HoldingCosts:
    """Of being long on one venue and short on the other; `assume` counts what is unknown as none."""
    costs = pb.HoldingCosts(horizon=to_duration(horizon_ns))
    ratio = opportunity.sell.price / opportunity.buy.price if opportunity.buy.price > 0 else 1.0
    if opportunity.HasField("conversion") and opportunity.conversion.rate > 0:
        ratio *= opportunity.conversion.rate
    try:
        held = funding_until(buy, now_ns, horizon_ns)
        costs.buy_funding_percent, costs.buy_payments = held.percent, held.payments
    except UnknownFactError as error:
        costs.unknown.append(f"{opportunity.buy.venue} {error}")
    try:
        held = funding_until(sell, now_ns, horizon_ns)
        costs.sell_funding_percent, costs.sell_payments = -held.percent * ratio, held.payments
    except UnknownFactError as error:
        costs.unknown.append(f"{opportunity.sell.venue} {error}")
    if assume:
        costs.assumed.extend(costs.unknown)
    if assume or not costs.unknown:
        costs.net_percent = opportunity.costs.net_percent - costs.buy_funding_percent - costs.sell_funding_percent
    return costs


def _prediction(facts: LegFacts, rate: float) -> float:
    fact = facts.get(FactKind.FACT_KIND_PREDICTED_FUNDING_RATE)
    return fact.value if fact is not None and fact.state == FactState.FACT_STATE_KNOWN else rate


def _sum_of(rate: float, predicted: float, payments: int) -> float:
    return rate * min(payments, 1) + predicted * max(payments - 1, 0)
