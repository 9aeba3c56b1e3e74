"""A venue's state over time."""

import time

from structlog.testing import capture_logs

from crossbook.pb.v1.market_pb2 import VenueState
from crossbook.pb.v1.tracker_pb2 import VenueStats
from crossbook.plumbing.timestamps import SECOND_NS, to_timestamp
from crossbook.tracker.venue.health import MAX_REASON, STARTING_NS, HealthWatch

LIVE, DEGRADED = VenueState.VENUE_STATE_LIVE, VenueState.VENUE_STATE_DEGRADED


def test_changes_are_counted_and_logged_once_and_dated_by_the_first_look() -> None:
    """A reason that moves on within a state is told, and is no change of state."""
    watch = HealthWatch()
    looks = [(LIVE, ""), (LIVE, ""), (DEGRADED, "1 of 9"), (DEGRADED, "2 of 9"), (LIVE, "")]
    with capture_logs() as logs:
        told = [
            watch.observe(VenueStats(venue="v", state=state, reason=reason), second * SECOND_NS)
            for second, (state, reason) in enumerate(looks, 100)
        ]
    assert watch.transitions == 3
    assert [(line["was"], line["now"], line["reason"]) for line in logs] == [
        ("STARTING", "LIVE", ""),
        ("LIVE", "DEGRADED", "1 of 9"),
        ("DEGRADED", "LIVE", ""),
    ]
    assert [health.reason for health in told] == [reason for _, reason in looks]
    assert told[3].since_time == to_timestamp(102 * SECOND_NS)


def test_a_reason_of_any_length_is_told_short() -> None:
    """A venue of a thousand dead shards says so in as many words as an aggregator takes."""
    reason = "; ".join(f"shard {number} is not reached" for number in range(1_000))
    told = HealthWatch().observe(VenueStats(venue="v", state=DEGRADED, reason=reason), SECOND_NS)
    assert len(told.reason) == MAX_REASON


def test_it_is_starting_for_a_while_and_never_again() -> None:
    """What fell from LIVE is not starting, nor what has not become LIVE for too long."""
    watch = HealthWatch()
    now_ns = time.time_ns()
    assert watch.is_starting(now_ns)
    assert not watch.is_starting(now_ns + STARTING_NS)
    watch.observe(VenueStats(venue="v", state=LIVE), now_ns)
    assert not watch.is_starting(now_ns)
