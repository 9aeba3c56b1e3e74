"""The exception tree that callers rely on."""

import pytest

from crossbook import _core


@pytest.mark.parametrize(
    "name",
    ["UnknownVenueError", "UnknownInstrumentError", "InvalidSettingError", "PayloadError", "SequenceError"],
)
def test_every_error_of_the_core_is_a_core_error_with_advice(name: str) -> None:
    error = getattr(_core, name)
    assert issubclass(error, _core.CoreError)
    assert error.__module__ == "crossbook._core"
    assert error.__doc__


def test_an_invalid_setting_is_a_value_error_and_the_others_are_not() -> None:
    assert issubclass(_core.InvalidSettingError, ValueError)
    assert not issubclass(_core.PayloadError, ValueError)


def test_instruments_are_equal_when_every_field_is() -> None:
    def instrument(tick_size: float) -> _core.Instrument:
        return _core.Instrument(
            venue="v",
            symbol="S",
            native_symbol="N",
            asset="A",
            quote_currency="USDT",
            settle_currency="USDC",
            tick_size=tick_size,
        )

    assert instrument(0.5) == instrument(0.5)
    assert instrument(0.5) != instrument(0.25)
    assert (instrument(0.5).asset_scale, instrument(0.5).taker_fee_percent) == (1.0, None)
