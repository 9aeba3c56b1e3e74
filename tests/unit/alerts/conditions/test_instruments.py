"""Instruments that are not LIVE, funding that is apart, marks that are off."""

import pytest

from crossbook.alerts.conditions.instruments import MAX_TOLD, NotLive, bases, funding_spreads, stale_instruments
from crossbook.alerts.conditions.troubles import key_of
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import facts_pb2, market_pb2
from crossbook.plumbing.timestamps import SECOND_NS, to_timestamp

LIVE, STALE, RESYNCING = market_pb2.BOOK_STATE_LIVE, market_pb2.BOOK_STATE_STALE, market_pb2.BOOK_STATE_RESYNCING
RATE, INTERVAL = facts_pb2.FACT_KIND_FUNDING_RATE, facts_pb2.FACT_KIND_FUNDING_INTERVAL
MARK, INDEX = facts_pb2.FACT_KIND_MARK_PRICE, facts_pb2.FACT_KIND_INDEX_PRICE


def quote(
    state: market_pb2.BookState.ValueType, at: int = 0, venue: str = "v1", asset: str = "BTC"
) -> market_pb2.Quote:
    received = to_timestamp(at * SECOND_NS)
    return market_pb2.Quote(venue=venue, symbol=f"{asset}/USDT", asset=asset, state=state, receive_time=received)


def stale(not_live: NotLive, now: int, rule: pb.AlertRule, **venues: market_pb2.VenueHealth) -> list[str]:
    return [key_of(one) for one in stale_instruments(rule, not_live, venues, now * SECOND_NS)]


@pytest.fixture
def rule() -> pb.AlertRule:
    found = pb.AlertRule(trigger=pb.ALERT_TRIGGER_FEED)
    found.feed.stale_after.FromSeconds(60)
    return found


def test_an_instrument_is_stale_once_it_has_not_been_live_for_long_enough(rule: pb.AlertRule) -> None:
    """However its other states change; that it was LIVE in between begins anew."""
    not_live = NotLive()
    not_live.note([quote(STALE, 0), quote(LIVE, 0, "v2")])
    not_live.note([quote(RESYNCING, 50)])
    assert stale(not_live, 59, rule) == []
    assert stale(not_live, 60, rule) == ["stale:v1:BTC:BTC/USDT"]
    not_live.note([quote(LIVE, 70)])
    not_live.note([quote(STALE, 80)])
    assert stale(not_live, 139, rule) == []
    assert stale(not_live, 140, pb.AlertRule()) == []


def test_an_instrument_that_has_moved_is_as_its_new_shard_has_it(rule: pb.AlertRule) -> None:
    """LIVE at one is LIVE."""
    not_live, moved = NotLive(), market_pb2.BOOK_STATE_MOVED
    not_live.note([quote(STALE), quote(LIVE), quote(moved, asset="ETH")])
    assert stale(not_live, 100, rule) == []


def test_of_a_venue_that_is_down_its_state_alone_is_told(rule: pb.AlertRule) -> None:
    """Unless the rule does not tell that state."""
    not_live, down = NotLive(), market_pb2.VenueHealth(venue="v1", state=market_pb2.VENUE_STATE_DOWN)
    not_live.note([quote(STALE)])
    assert stale(not_live, 100, rule, v1=down) == []
    rule.feed.venue_states.append(market_pb2.VENUE_STATE_DEGRADED)
    assert stale(not_live, 100, rule, v1=down) == ["stale:v1:BTC:BTC/USDT"]


def test_a_rule_names_its_instruments_and_tells_so_many_at_most(rule: pb.AlertRule) -> None:
    """By venue, asset and symbol; those that have been stale for longest come first."""
    not_live = NotLive()
    not_live.note([quote(STALE, at, asset=f"A{at}") for at in range(MAX_TOLD + 5)])
    told = stale(not_live, 10_000, rule)
    assert (len(told), told[0], told[-1]) == (
        MAX_TOLD,
        "stale:v1:A0:A0/USDT",
        f"stale:v1:A{MAX_TOLD - 1}:A{MAX_TOLD - 1}/USDT",
    )
    for fields in ({"venues": ["v2"]}, {"assets": ["B"]}, {"symbols": ["B"]}):
        other = pb.AlertRule(**fields)  # type: ignore[arg-type]
        other.MergeFrom(rule)
        assert stale(not_live, 10_000, other) == []


def facts(
    venue: str, values: dict[facts_pb2.FactKind.ValueType, float], symbol: str = "S"
) -> facts_pb2.InstrumentFacts:
    known = facts_pb2.FACT_STATE_KNOWN
    told = [facts_pb2.InstrumentFact(kind=kind, state=known, value=value) for kind, value in values.items()]
    return facts_pb2.InstrumentFacts(venue=venue, symbol=symbol, asset="BTC", facts=told)


def funding(venue: str, percent: float, hours: float, symbol: str = "S") -> facts_pb2.InstrumentFacts:
    return facts(venue, {RATE: percent, INTERVAL: hours * 3600}, symbol)


def spread(least: float, *each: facts_pb2.InstrumentFacts) -> list[str]:
    wanted = pb.AlertRule(funding_spread=pb.FundingSpreadCondition(min_percent_per_hour=least))
    return [one.detail for one in funding_spreads(wanted, each)]


def test_funding_is_compared_by_the_hour_and_between_venues() -> None:
    """A venue that pays each hour beside one that pays every eight; two instruments of one venue are no pair."""
    apart = [funding("v1", 0.08, 8), funding("v2", -0.02, 1)]
    assert spread(0.03, *apart) == ["BTC funding is 0.0300 % an hour apart: v1 S +0.0100 %, v2 S -0.0200 %"]
    assert spread(0.031, *apart) == []
    one_venue = [funding("v1", 0.5, 1), funding("v1", -0.5, 1, "T")]
    assert spread(0.1, *one_venue) == []
    assert spread(0.1, *one_venue, funding("v2", 0.2, 1)) == [
        "BTC funding is 0.7000 % an hour apart: v2 S +0.2000 %, v1 T -0.5000 %"
    ]


def test_a_rate_without_its_interval_or_of_yesterday_is_none() -> None:
    """Nobody can say what it comes to an hour."""
    stale_rate = funding("v2", -5.0, 1)
    stale_rate.facts[0].state = facts_pb2.FACT_STATE_STALE
    assert spread(0.01, funding("v1", 0.08, 8), facts("v2", {RATE: -5.0}), stale_rate) == []


def test_a_mark_is_compared_with_its_own_index() -> None:
    """Up or down, the furthest first; one without either says nothing."""
    wanted = pb.AlertRule(basis=pb.BasisCondition(min_percent=1.0))
    each = [
        facts("v1", {MARK: 101.0, INDEX: 100.0}),
        facts("v2", {MARK: 97.0, INDEX: 100.0}),
        facts("v3", {MARK: 100.9, INDEX: 100.0}),
        facts("v4", {MARK: 200.0}),
    ]
    found = list(bases(wanted, each))
    assert [key_of(one) for one in found] == ["basis:v2:BTC:S", "basis:v1:BTC:S"]
    assert found[0].detail == "v2 S: mark 97 is -3.000 % from its index 100"
