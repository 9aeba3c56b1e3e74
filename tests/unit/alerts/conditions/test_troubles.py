"""Which troubles a rule finds."""

from typing import Any

import pytest

from crossbook.alerts.conditions.troubles import feed_troubles, key_of, moved
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import market_pb2
from crossbook.plumbing.timestamps import SECOND_NS, to_timestamp

LIVE, DEGRADED, STARTING = (
    market_pb2.VENUE_STATE_LIVE,
    market_pb2.VENUE_STATE_DEGRADED,
    market_pb2.VENUE_STATE_STARTING,
)


def health(venue: str, state: market_pb2.VenueState.ValueType, **fields: Any) -> market_pb2.VenueHealth:
    return market_pb2.VenueHealth(venue=venue, state=state, since_time=to_timestamp(SECOND_NS), **fields)


def feed(rule: pb.AlertRule, *venues: market_pb2.VenueHealth) -> list[tuple[str, str]]:
    return [(key_of(one), one.detail) for one in feed_troubles(rule, venues)]


def test_a_venue_that_is_not_well_is_trouble_with_its_reason() -> None:
    """By default when it is DEGRADED or DOWN; of the rule's venues."""
    sick, well = health("v1", DEGRADED, reason="3 books"), health("v2", LIVE)
    assert feed(pb.AlertRule(), sick, well) == [("venue_state:v1::", "v1 is DEGRADED: 3 books")]
    assert feed(pb.AlertRule(venues=["v2"]), sick, well) == []
    starting = pb.AlertRule(feed=pb.FeedCondition(venue_states=[STARTING]))
    assert feed(starting, sick, health("v3", STARTING)) == [("venue_state:v3::", "v3 is STARTING")]


def test_a_clock_that_is_off_and_quotes_that_are_late_are_one_trouble() -> None:
    """Only where the rule has a limit, and the number is known."""
    late = health("v1", LIVE, delay_ms=900.0, clock_offset_ms=-2000.0)
    limits = pb.AlertRule(feed=pb.FeedCondition(max_delay_ms=500, max_clock_offset_ms=1000))
    assert feed(limits, late) == [("clock:v1::", "v1: 900 ms late, its clock is 2000 ms off")]
    assert feed(limits, health("v1", LIVE)) == feed(pb.AlertRule(), late) == []


@pytest.mark.parametrize(
    ("history", "detail"),
    [
        ([(0, 100.0), (60, 103.0)], "BTC moved +3.00 % within 60 s, to 103"),
        ([(0, 100.0), (30, 104.0), (60, 101.0)], "BTC moved -2.88 % within 30 s, to 101"),
        ([(0, 90.0), (200, 100.0), (260, 101.0)], ""),
        ([(0, 100.0)], ""),
        ([], ""),
    ],
)
def test_a_price_has_moved_when_it_is_far_from_any_within_the_span(
    history: list[tuple[int, float]], detail: str
) -> None:
    """Up or down; what was before the span does not count."""
    rule = pb.AlertRule(market_move=pb.MarketMoveCondition(min_percent=2.0, within={"seconds": 120}))  # type: ignore[arg-type]
    found = moved(rule, "BTC", [(at * SECOND_NS, price) for at, price in history])
    assert (found.detail if found else "") == detail
    assert moved(pb.AlertRule(assets=["ETH"]), "BTC", [(0, 1.0), (1, 2.0)]) is None
