"""Counters over a run whose processes may start again."""

from crossbook.local.show.counters import RunCounters


def test_the_latest_answer_counts() -> None:
    """A process that never started again is taken at its word."""
    counters = RunCounters()
    counters.update(0, {"gaps": 3})
    counters.update(0, {"gaps": 5})
    assert counters.totals() == {"gaps": 5}


def test_earlier_incarnations_are_added() -> None:
    """A restarted process counts from zero, the run does not."""
    counters = RunCounters()
    counters.update(0, {"gaps": 5, "frames": 10})
    counters.update(1, {"gaps": 2})
    counters.update(2, {"gaps": 1, "frames": 4})
    assert counters.totals() == {"gaps": 8, "frames": 14}


def test_nothing_is_known_before_the_first_answer() -> None:
    """No key is invented."""
    assert RunCounters().totals() == {}
