"""Sliding windows."""

from crossbook.simulator.wire.limits import SlidingWindow

S = 1_000_000_000


def test_weight_runs_out_and_comes_back() -> None:
    """What is older than the span is forgotten; a refused request costs nothing."""
    window = SlidingWindow(10, 60)
    assert window.take(0, 6)
    assert not window.take(1 * S, 5)
    assert window.take(2 * S, 4)
    assert not window.take(59 * S)
    assert window.take(60 * S, 6)
    assert window.used == 10


def test_waiting_time_is_until_the_oldest_goes() -> None:
    """A refused client is told the truth."""
    window = SlidingWindow(1, 60)
    assert window.seconds_to_wait(0) == 0
    window.take(0)
    assert window.seconds_to_wait(20 * S) == 40
