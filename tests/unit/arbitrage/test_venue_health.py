"""How venues are doing, over several shards."""

from crossbook.arbitrage.venue_health import merged
from crossbook.pb.v1.market_pb2 import (
    VENUE_STATE_DEGRADED,
    VENUE_STATE_DOWN,
    VENUE_STATE_LIVE,
    VENUE_STATE_STARTING,
    VenueHealth,
    VenueState,
)


def health(state: VenueState.ValueType, reason: str = "", venue: str = "alpha") -> VenueHealth:
    """What one shard tells of one venue."""
    return VenueHealth(venue=venue, state=state, reason=reason)


def test_what_the_only_shard_tells_is_told_as_it_is() -> None:
    """There is no need to name it."""
    told = [health(VENUE_STATE_DOWN, "no socket"), health(VENUE_STATE_LIVE, venue="beta")]
    assert merged({"main": told}) == told


def test_the_worst_state_wins_and_reasons_name_their_shards() -> None:
    """DOWN before DEGRADED before STARTING before LIVE; who tells the same reason is named beside it."""
    degraded, down = health(VENUE_STATE_DEGRADED, "one book"), health(VENUE_STATE_DOWN, "no tracker")
    (worst,) = merged({"b": [down], "a": [degraded], "c": [degraded], "d": [health(VENUE_STATE_LIVE)]})
    assert worst.state == VENUE_STATE_DOWN
    assert worst.reason == "shard a, c: one book; shard b: no tracker"
    (worst,) = merged(
        {"a": [health(VENUE_STATE_LIVE)], "b": [health(VENUE_STATE_STARTING, "markets are being listed")]}
    )
    assert (worst.state, worst.reason) == (VENUE_STATE_STARTING, "shard b: markets are being listed")


def test_a_shard_that_does_not_answer_takes_no_venue_away() -> None:
    """The venues that others tell of stay, each once and in order."""
    told = merged({"a": [], "b": [health(VENUE_STATE_LIVE, venue="beta"), health(VENUE_STATE_LIVE)]})
    assert [(one.venue, one.state, one.reason) for one in told] == [
        ("alpha", VENUE_STATE_LIVE, ""),
        ("beta", VENUE_STATE_LIVE, ""),
    ]
