"""The pace of a replay."""

import time

import pytest

from crossbook.plumbing.timestamps import SECOND_NS
from crossbook.replay.frames import pace_of


def test_it_waits_for_each_time_s_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten times as fast as it was, and in pieces short enough to be interrupted."""
    now, slept = [100.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", sleep)
    pace = pace_of(10)
    for second in (5, 6, 26):
        pace(second * SECOND_NS)
    assert sum(slept) == pytest.approx(2.1)
    assert max(slept) <= 0.5


def test_the_fastest_never_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the times say."""
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("it waited"))
    pace = pace_of(0)
    for second in (5, 3600):
        pace(second * SECOND_NS)
