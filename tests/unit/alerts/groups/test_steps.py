"""What is said of a group, and when: from its first member to its end."""

from dataclasses import replace

import pytest

from crossbook.alerts.groups.grouping import Timing
from crossbook.alerts.groups.steps import RECHECK_NS, Facts, Step, next_step
from crossbook.pb.v1 import alerts_pb2 as pb

TIMING = Timing(wait_ns=10, interval_ns=100, repeat_ns=1_000, close_wait_ns=50)
OPENED, UPDATED, CLOSED, REPEATED = (
    pb.ALERT_MESSAGE_KIND_OPENED,
    pb.ALERT_MESSAGE_KIND_UPDATED,
    pb.ALERT_MESSAGE_KIND_CLOSED,
    pb.ALERT_MESSAGE_KIND_REPEATED,
)
NEW = Facts(opened_ns=1_000, open_count=3, last_closed_ns=1_000)
TOLD = replace(NEW, first_told_ns=1_010, told_ns=1_010)


def step(facts: Facts, now_ns: int, *after_ns: int, is_held_back: bool = False) -> Step:
    return next_step(facts, TIMING, after_ns, is_held_back=is_held_back, now_ns=now_ns)


def test_the_first_message_waits_for_those_that_come_with_the_first_member() -> None:
    """Then it is said, and the group is looked at again when it would repeat."""
    assert step(NEW, 1_005) == Step(due_ns=1_010)
    assert step(NEW, 1_010) == Step(OPENED, due_ns=2_010)


def test_changes_are_told_in_their_interval() -> None:
    """What comes soon after a message waits for the rest of it."""
    changed = replace(TOLD, changed_ns=1_020)
    assert step(changed, 1_020) == Step(due_ns=1_110)
    assert step(changed, 1_110) == Step(UPDATED, due_ns=2_010)


def test_it_closes_once_all_have_been_closed_for_long_enough_whatever_the_interval() -> None:
    """One that flickers goes on."""
    over = replace(TOLD, open_count=0, last_closed_ns=1_020, changed_ns=1_020)
    assert step(over, 1_020) == Step(due_ns=1_070)
    assert step(over, 1_070) == Step(CLOSED, is_closed=True)


def test_what_was_over_before_anybody_could_say_it_is_told_as_closed() -> None:
    """As after an outage: it is not lost, and nobody takes it for open."""
    assert step(replace(NEW, open_count=0), 1_050) == Step(CLOSED, is_closed=True)


def test_what_nobody_has_acknowledged_repeats_and_what_somebody_has_does_not() -> None:
    """Until that is over; a change is told all the same."""
    assert step(TOLD, 2_010) == Step(REPEATED, due_ns=3_010)
    seen = replace(TOLD, acknowledged_until_ns=5_000)
    assert step(seen, 1_500) == Step(due_ns=2_010)
    assert step(seen, 2_010) == Step(due_ns=3_010, is_put_off=True)
    assert step(replace(seen, changed_ns=2_000), 2_010).kind == UPDATED
    assert step(replace(seen, repeated_ns=4_500), 5_500) == Step(REPEATED, due_ns=6_500)


def test_escalations_come_one_after_the_other_unless_somebody_is_at_it() -> None:
    """Each once, counted from the first message."""
    assert step(TOLD, 1_100, 200, 400) == Step(due_ns=1_210)
    assert step(TOLD, 1_210, 200, 400) == Step(REPEATED, due_ns=1_410, escalation=0)
    once = replace(TOLD, escalated=1)
    assert step(once, 1_410, 200, 400) == Step(REPEATED, due_ns=2_010, escalation=1)
    seen = replace(once, acknowledged_until_ns=1_900)
    assert step(seen, 1_410, 200, 400) == Step(due_ns=1_900, is_put_off=True)


def test_what_is_held_back_is_looked_at_again_and_told_when_that_is_over() -> None:
    """What was never told and is held back at its end is never told; what was told is told to its end."""
    assert step(NEW, 1_010, is_held_back=True) == Step(due_ns=1_010 + RECHECK_NS, is_held_back=True)
    changed = replace(TOLD, changed_ns=1_020)
    assert step(changed, 1_110, is_held_back=True) == Step(due_ns=1_110 + RECHECK_NS, is_held_back=True)
    over = replace(NEW, open_count=0)
    assert step(over, 1_050, is_held_back=True) == Step(is_closed=True, is_held_back=True)
    assert step(replace(TOLD, open_count=0), 1_060, is_held_back=True).kind == CLOSED


@pytest.mark.parametrize("ahead_ns", [10**6, 10**12])
def test_a_clock_that_is_set_back_delays_nothing_by_more_than_its_wait(ahead_ns: int) -> None:
    """What seems to have happened later than now counts as of now."""
    late = Facts(**{name: getattr(TOLD, name) for name in TOLD.__slots__})  # as told by a clock that was ahead
    late = replace(late, opened_ns=ahead_ns, first_told_ns=ahead_ns, told_ns=ahead_ns, changed_ns=ahead_ns)
    assert step(late, 1_000).due_ns == 1_100
    over = replace(late, open_count=0, last_closed_ns=ahead_ns)
    assert step(over, 1_000).due_ns == 1_050
