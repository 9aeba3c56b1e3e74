"""Answers with what the facts say of them."""

from google.protobuf.duration_pb2 import Duration

from crossbook.arbitrage.facts.answers import FactAnswers, check_facts, explain_holding
from crossbook.arbitrage.facts.follower import FactFollower
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.timestamps import to_timestamp

NOW_NS = 1_800_000_000 * 10**9
EIGHT_HOURS = Duration(seconds=28_800)


def answers(*, assume: bool = False) -> FactAnswers:
    return FactAnswers(FactFollower(dict, lambda _: None, Clock()), assume=assume)


def pair(buy: str, sell: str) -> pb.Opportunity:
    """Of venue x no funding is known."""
    legs = {name: _leg(venue) for name, venue in (("buy", buy), ("sell", sell))}
    return pb.Opportunity(**legs, costs=pb.SpreadCosts(net_percent=0.5))


def _leg(venue: str) -> pb.Leg:
    facts = pb.LegFacts(volume_24h=10.0 ** "abcx".index(venue))
    if venue != "x":
        facts.funding_rate_percent = 0.01
        facts.funding_interval.CopyFrom(EIGHT_HOURS)
        facts.next_funding_time.CopyFrom(to_timestamp(NOW_NS + 60 * 10**9))
    return pb.Leg(venue=venue, symbol="BTC", price=100.0, facts=facts)


def test_a_list_is_narrowed_then_cut_and_costed_where_a_horizon_is_named() -> None:
    """Without one, rows keep what they were told with."""
    request = pb.ListOpportunitiesRequest(filter=pb.OpportunityFilter(min_volume_24h=10))
    rows = [pair("a", "b"), pair("b", "c"), pair("c", "b")]
    found = answers().narrowed(rows, request, 1, NOW_NS)
    assert [(one.buy.venue, one.HasField("holding")) for one in found] == [("b", False)]
    request.holding_horizon.CopyFrom(EIGHT_HOURS)
    [first, second] = answers().narrowed(rows, request, 9, NOW_NS)
    assert (first.holding.buy_payments, first.holding.net_percent, second.holding.horizon) == (1, 0.5, EIGHT_HOURS)


def test_costs_are_explained_with_what_is_not_known() -> None:
    """What is assumed says by which setting."""
    known, half, assumed = pair("a", "b"), pair("a", "x"), pair("a", "x")
    answers().cost(known, EIGHT_HOURS, NOW_NS)
    answers().cost(half, EIGHT_HOURS, NOW_NS)
    answers(assume=True).cost(assumed, EIGHT_HOURS, NOW_NS)
    assert explain_holding(known.holding) == (
        " Held for 8 h, by funding the bought leg pays 0.01 % in 1 payments"
        " and the sold leg is paid 0.01 % in 1 payments, net of it 0.5 %."
    )
    assert explain_holding(half.holding) == (
        " Held for 8 h, by funding the bought leg pays 0.01 % in 1 payments. Not known: x funding rate."
    )
    assert explain_holding(assumed.holding).endswith("counts as none, by arbitrage.assume_no_funding.")


def test_a_horizon_is_more_than_nothing_and_at_most_a_month() -> None:
    """In either request."""
    for seconds, is_good in ((0, False), (1, True), (30 * 86_400, True), (30 * 86_400 + 1, False)):
        horizon = Duration(seconds=seconds)
        for request in (
            pb.ListOpportunitiesRequest(holding_horizon=horizon),
            pb.ExplainSpreadRequest(holding_horizon=horizon),
        ):
            assert (not list(check_facts(request))) is is_good, seconds
