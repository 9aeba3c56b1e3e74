"""Funding until a horizon, against payments counted one by one; and what is unknown, by its name."""

import random

import pytest

from crossbook.arbitrage.facts.holding import LegFacts, UnknownFactError, funding_until, holding_costs
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.pb.v1.facts_pb2 import FactKind, FactState, InstrumentFact

SECOND_NS = 10**9
HOUR_NS = 3600 * SECOND_NS
NOW_NS = 1_800_000_000 * SECOND_NS
KNOWN, STALE = FactState.FACT_STATE_KNOWN, FactState.FACT_STATE_STALE


def facts(
    rate: float, next_in_hours: float, *, interval_hours: float = 8, accrual: int = 1, predicted: float | None = None
) -> dict[int, InstrumentFact]:
    values = {
        FactKind.FACT_KIND_FUNDING_RATE: rate,
        FactKind.FACT_KIND_FUNDING_INTERVAL: interval_hours * 3600,
        FactKind.FACT_KIND_NEXT_FUNDING_TIME: NOW_NS / SECOND_NS + next_in_hours * 3600,
        FactKind.FACT_KIND_FUNDING_ACCRUAL: float(accrual),
    }
    if predicted is not None:
        values[FactKind.FACT_KIND_PREDICTED_FUNDING_RATE] = predicted
    return {kind: InstrumentFact(kind=kind, state=KNOWN, value=value) for kind, value in values.items()}


@pytest.mark.parametrize(
    ("next_in_hours", "horizon_hours", "payments"),
    [(1, 0.9, 0), (1, 1, 1), (1, 8.9, 1), (1, 9, 2), (8, 24, 3), (7.99, 24, 3), (0, 1, 0), (-1, 6.9, 0), (-1, 7, 1)],
)
def test_payments_are_counted_that_are_really_crossed(
    next_in_hours: float, horizon_hours: float, payments: int
) -> None:
    """A minute before it nothing is paid, at it all of it; a payment that is past is not paid again."""
    held = funding_until(facts(0.01, next_in_hours), NOW_NS, round(horizon_hours * HOUR_NS))
    assert (held.payments, held.percent) == (payments, pytest.approx(0.01 * payments))


def test_the_count_is_that_of_a_clock_that_is_stepped() -> None:
    """1,000 random cases against counting second by second."""
    drawn = random.Random(7)
    for _ in range(1_000):
        interval, first = drawn.choice([1, 2, 4, 8]), drawn.randrange(1, 8 * 3600)
        horizon = drawn.randrange(1, 200_000)
        crossed = sum(1 for moment in range(first, horizon + 1, interval * 3600) if moment <= horizon)
        held = funding_until(facts(1.0, first / 3600, interval_hours=interval), NOW_NS, horizon * SECOND_NS)
        assert held.payments == crossed, (interval, first, horizon)


def test_what_accrues_all_the_time_is_paid_by_the_time() -> None:
    """An eighth of the rate for an hour of eight, whenever that is."""
    held = funding_until(facts(-0.08, 3, accrual=2), NOW_NS, HOUR_NS)
    assert (held.payments, held.percent) == (0, pytest.approx(-0.01))


def test_the_second_payment_is_at_the_predicted_rate() -> None:
    """And further ones too, for nothing better is known of them."""
    held = funding_until(facts(0.01, 1, predicted=0.03), NOW_NS, 20 * HOUR_NS)
    assert (held.payments, held.percent) == (3, pytest.approx(0.01 + 2 * 0.03))


def opportunity(ask: float = 100.0, bid: float = 101.0) -> pb.Opportunity:
    return pb.Opportunity(
        buy=pb.Leg(venue="okx", price=ask), sell=pb.Leg(venue="bybit", price=bid), costs=pb.SpreadCosts(net_percent=0.5)
    )


def cost(buy: LegFacts, sell: LegFacts, *, assume: bool = False) -> pb.HoldingCosts:
    return holding_costs(opportunity(), buy, sell, NOW_NS, 8 * HOUR_NS, assume=assume)


def test_the_long_pays_what_the_short_is_paid() -> None:
    """Both in percent of what was bought: the short's is of its own notional, a percent larger here."""
    costs = cost(facts(0.01, 1), facts(0.05, 1))
    assert costs.buy_funding_percent == pytest.approx(0.01)
    assert costs.sell_funding_percent == pytest.approx(-0.05 * 1.01)
    assert costs.net_percent == pytest.approx(0.5 - 0.01 + 0.0505)
    assert (costs.buy_payments, costs.sell_payments, list(costs.unknown)) == (1, 1, [])


def test_what_is_unknown_is_named_and_no_net_is_told_unless_it_is_assumed() -> None:
    """A stale rate is not known; assumed, it counts as none, and says so."""
    stale = facts(0.01, 1)
    stale[FactKind.FACT_KIND_FUNDING_RATE].state = STALE
    costs = cost(stale, {})
    assert list(costs.unknown) == ["okx funding rate: stale", "bybit funding rate: nothing was told"]
    assert not costs.HasField("net_percent")
    assert not costs.HasField("buy_funding_percent")
    assumed = cost(facts(0.01, 1), {}, assume=True)
    assert assumed.net_percent == pytest.approx(0.49)
    assert list(assumed.assumed) == list(assumed.unknown) == ["bybit funding rate: nothing was told"]


def test_a_reason_is_passed_on() -> None:
    """Why the venue's value was refused."""
    refused = InstrumentFact(state=FactState.FACT_STATE_REFUSED, reason='"abc" stands there')
    with pytest.raises(UnknownFactError, match='funding rate: refused, "abc" stands there'):
        funding_until({FactKind.FACT_KIND_FUNDING_RATE: refused}, NOW_NS, HOUR_NS)
