"""A clock that is set back is noticed; one that is only being slewed is not."""

import pytest

from crossbook.tracker.venue.clock import ClockSetBackError, ClockWatch

SECOND_NS = 1_000_000_000


def test_a_clock_set_back_by_more_than_a_minute_raises() -> None:
    """However long ago the latest time was seen."""
    watch = ClockWatch()
    watch.check(1_000 * SECOND_NS)
    watch.check(950 * SECOND_NS)
    with pytest.raises(ClockSetBackError, match="61 s"):
        watch.check(939 * SECOND_NS)


def test_a_small_step_back_is_left_to_the_feed() -> None:
    """It stands still for as long."""
    watch = ClockWatch()
    assert [watch.check(now * SECOND_NS) for now in (100, 41, 40, 101)] == [
        100 * SECOND_NS,
        41 * SECOND_NS,
        40 * SECOND_NS,
        101 * SECOND_NS,
    ]
