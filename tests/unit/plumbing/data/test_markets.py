"""Instruments in SQL."""

from crossbook._core import Instrument
from crossbook.plumbing.data.markets import columns, take_instrument

BTC = Instrument(
    venue="v",
    symbol="BTC/USDT:USDT",
    native_symbol="BTCUSDT",
    asset="BTC",
    quote_currency="USDT",
    settle_currency="USDT",
)


def test_a_row_that_is_read_by_the_named_columns_gives_its_instrument_and_the_rest() -> None:
    """Whatever facts an instrument has, and in whatever order the core has them."""
    held = dict(zip(Instrument.COLUMNS, BTC.row(), strict=True))
    named = [name.strip('"') for name in columns().as_string().split(", ")]
    row = (*(held[name] for name in named), 7, "rest")
    assert take_instrument(row) == (BTC, (7, "rest"))


def test_columns_may_be_those_of_a_table() -> None:
    """Each of them is."""
    assert columns("m").as_string() == ", ".join(f'"m"."{name}"' for name in Instrument.COLUMNS)
