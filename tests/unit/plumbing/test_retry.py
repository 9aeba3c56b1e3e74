"""Waiting between tries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossbook.plumbing.retry import STABLE_SECONDS, Redial, backoff, without_waits


@given(st.integers(min_value=0, max_value=10_000))
def test_a_wait_is_within_the_doubled_base_and_the_cap(attempt: int) -> None:
    assert 0 <= backoff(attempt, 0.5, 30.0) <= min(30.0, 0.5 * 2.0 ** min(attempt, 32))


def test_waits_are_spread_over_the_whole_range() -> None:
    waits = [backoff(20, 1.0, 100.0) for _ in range(2000)]
    assert min(waits) < 10
    assert max(waits) > 90


def test_no_test_sleeps() -> None:
    """Within the block every wait is over at once, and afterwards none is."""
    redial = Redial(1.0, 3.0)
    with without_waits():
        assert [backoff(20, 1.0, 100.0), redial.wait_seconds()] == [0.0, 0.0]
    assert backoff(20, 1.0, 100.0) > 0


def test_a_connection_that_is_lost_at_once_waits_longer_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only one that lived for a while begins with the shortest wait again."""
    monkeypatch.setattr("random.uniform", lambda _least, most: most)
    now = 0.0
    redial = Redial(0.1, 3.0, clock=lambda: now)
    waits = []
    for _ in range(7):
        redial.opened()
        waits.append(redial.wait_seconds())
    assert waits == [0.1, 0.2, 0.4, 0.8, 1.6, 3.0, 3.0]
    redial.opened()
    now += STABLE_SECONDS
    assert [redial.wait_seconds(), redial.wait_seconds()] == [0.1, 0.2]


def test_the_first_try_after_a_good_life_may_be_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts as good is its owner's to say."""
    monkeypatch.setattr("random.uniform", lambda _least, most: most)
    now = 0.0
    redial = Redial(0.5, 3.0, stable_seconds=30.0, at_once=1, clock=lambda: now)
    waits = []
    for lived in (29.0, 29.0, 29.0, 30.0, 29.0):
        redial.opened()
        now += lived
        waits.append(redial.wait_seconds())
    assert waits == [0.0, 0.5, 1.0, 0.0, 0.5]
