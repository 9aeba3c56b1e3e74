"""The facts of an instrument: as attributes, as a message of market.proto, as a row."""

import pytest

from crossbook._core import Instrument, InvalidSettingError, PayloadError
from crossbook.pb.v1 import market_pb2

FACTS = {
    "venue": "v",
    "symbol": "META/USD:USDC",
    "native_symbol": "META-PERP",
    "asset": "share:META",
    "asset_scale": 10.0,
    "quote_currency": "USD",
    "settle_currency": "USDC",
    "contract_size": 0.5,
    "tick_size": 0.25,
    "lot_size": 0.125,
    "taker_fee_percent": 0.0625,
    "maker_fee_percent": -0.03125,
    "asset_class": market_pb2.ASSET_CLASS_SHARE,
}


def instrument(**other: object) -> Instrument:
    return Instrument(**(FACTS | other))  # type: ignore[arg-type]


def test_the_core_has_every_fact_of_the_message() -> None:
    """A field of market.proto that the core does not know would be lost on its way, silently."""
    fields = market_pb2.Instrument.DESCRIPTOR.fields
    assert tuple(field.name for field in sorted(fields, key=lambda field: field.number)) == Instrument.COLUMNS
    assert FACTS.keys() == set(Instrument.COLUMNS)


def test_the_message_is_what_protobuf_makes_of_the_facts() -> None:
    """Name for name and bit for bit, there and back."""
    message = market_pb2.Instrument(**FACTS)  # type: ignore[arg-type]
    assert market_pb2.Instrument.FromString(instrument().encode()) == message
    assert Instrument.decode(message.SerializeToString()) == instrument()


@pytest.mark.parametrize("fee", ["taker_fee_percent", "maker_fee_percent"])
def test_a_fee_that_is_not_known_is_not_zero(fee: str) -> None:
    """Nor is one that is zero not known."""
    unknown, free = (instrument(**{fee: value}) for value in (None, 0.0))
    assert not market_pb2.Instrument.FromString(unknown.encode()).HasField(fee)  # type: ignore[arg-type]
    assert market_pb2.Instrument.FromString(free.encode()).HasField(fee)  # type: ignore[arg-type]
    assert Instrument.decode(unknown.encode()) == unknown == Instrument.from_row(unknown.row()) != free


def test_a_row_has_the_facts_in_the_order_of_its_columns() -> None:
    """So that SQL may name the columns from the core and take the row as it comes."""
    assert dict(zip(Instrument.COLUMNS, instrument().row(), strict=True)) == FACTS
    assert Instrument.from_row(instrument().row()) == instrument()


def test_every_fact_is_an_attribute() -> None:
    """Under the name of its column."""
    assert {name: getattr(instrument(), name) for name in Instrument.COLUMNS} == FACTS
    with pytest.raises(AttributeError, match="weather"):
        instrument().weather  # type: ignore[attr-defined]  # noqa: B018


def test_who_says_no_class_means_a_coin() -> None:
    """Recordings of before there were classes are read as they were meant."""
    message = market_pb2.Instrument(**(FACTS | {"asset": "META", "asset_class": 0}))  # type: ignore[arg-type]
    assert Instrument.decode(message.SerializeToString()).asset_class == market_pb2.ASSET_CLASS_COIN


def test_what_is_no_instrument_is_refused() -> None:
    """Bytes, rows and facts that do not make one, each by its own error."""
    for payload in (b"", b"\xff", instrument(contract_size=float("nan")).encode()):
        with pytest.raises(PayloadError):
            Instrument.decode(payload)
    with pytest.raises(InvalidSettingError, match="columns"):
        Instrument.from_row(instrument().row()[1:])
    with pytest.raises(InvalidSettingError, match="asset_class"):
        instrument(asset_class=99)
    with pytest.raises(TypeError):
        Instrument.from_row(instrument().row()[::-1])
    with pytest.raises(TypeError, match="weather"):
        instrument(weather="fine")
    with pytest.raises(TypeError, match="symbol"):
        Instrument(venue="v")  # type: ignore[call-arg]
