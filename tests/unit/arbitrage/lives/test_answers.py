"""Rows of lives as messages."""

from crossbook.arbitrage.lives.answers import to_life
from crossbook.plumbing.timestamps import SECOND_NS, from_duration, from_timestamp
from tests.unit.core.test_lives import CLOSED, SECOND, START, UPDATED, event, life


def test_an_open_life_lasts_until_it_was_last_told() -> None:
    """It has no close."""
    told = to_life(life(event(UPDATED, 3 * SECOND, 2.0)))
    assert not told.HasField("close_time")
    assert from_duration(told.duration) == 3 * SECOND_NS
    assert [(from_duration(point.after), point.net_percent) for point in told.path] == [(0, 1.0), (2 * SECOND, 2.0)]


def test_a_life_that_ended_has_its_times_and_numbers() -> None:
    """Field for field."""
    told = to_life(life(event(CLOSED, 4 * SECOND, 0.5, peak=2.0)))
    assert (from_timestamp(told.close_time), from_timestamp(told.open_time)) == (START + 4 * SECOND, START)
    assert (told.buy_venue, told.sell_symbol, told.quote_currency) == ("a", "BTC/USDC:USDC", "USDT")
    assert (told.opening_gross_percent, told.peak_net_percent, told.events) == (1.2, 2.0, 2)
