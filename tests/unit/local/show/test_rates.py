"""Rates of counters."""

from crossbook.local.show.rates import Rates


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_rate_is_growth_per_second() -> None:
    """Between two looks."""
    clock = Clock()
    rates = Rates(clock)
    assert rates.rate("binance", "frames", 100) == 0.0
    clock.now = 2.0
    assert rates.rate("binance", "frames", 300) == 100.0


def test_a_look_too_early_repeats_the_last_rate() -> None:
    """A redraw between two polls must not show zero."""
    clock = Clock()
    rates = Rates(clock)
    rates.rate("binance", "frames", 0)
    clock.now = 1.0
    rates.rate("binance", "frames", 50)
    clock.now = 1.2
    assert rates.rate("binance", "frames", 50) == 50.0


def test_owners_do_not_mix() -> None:
    """The same counter of two venues is two counters."""
    clock = Clock()
    rates = Rates(clock)
    rates.rate("binance", "frames", 0)
    rates.rate("okx", "frames", 1000)
    clock.now = 1.0
    assert rates.rate("binance", "frames", 10) == 10.0
    assert rates.rate("okx", "frames", 1000) == 0.0
