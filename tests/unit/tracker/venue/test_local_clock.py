"""Whose clock is wrong."""

import pytest

from crossbook.plumbing.timestamps import SECOND_NS
from crossbook.tracker.venue.local_clock import LocalClock, describe

LIMIT_NS = 2 * SECOND_NS


@pytest.mark.parametrize("seconds", [[], [0.1, 0.3], [5, 0.1], [5, -5], [-5, 0.1, 5], [1.9, 1.9], [-1.9], [3, 4, 1.9]])
def test_venues_that_do_not_agree_leave_our_clock_alone(seconds: list[float]) -> None:
    """One wrong venue, or several in different directions, is theirs."""
    assert describe([int(one * SECOND_NS) for one in seconds], LIMIT_NS) == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        ([5, 3, 9], "3.0 s ahead of those of all 3 venues"),
        ([-5, -3], "3.0 s behind those of all 2 venues"),
        ([5], "5.0 s ahead of that of the only venue known"),
    ],
)
def test_all_on_one_side_mean_that_ours_is_wrong(seconds: list[float], words: str) -> None:
    """By at least what the nearest says."""
    assert words in describe([int(one * SECOND_NS) for one in seconds], LIMIT_NS)


def test_venues_that_cannot_say_do_not_count() -> None:
    """And the verdict goes when it is no longer true."""
    clock = LocalClock(LIMIT_NS)
    clock.judge({"a": 5 * SECOND_NS, "b": None})
    assert clock.problem
    clock.judge({"a": 5 * SECOND_NS, "b": 0})
    assert not clock.problem
