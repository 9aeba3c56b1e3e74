"""The core's values as protobuf messages, and back."""

from crossbook import _core
from crossbook.pb.v1 import market_pb2, tracker_pb2


def to_instrument(instrument: _core.Instrument) -> market_pb2.Instrument:
    """For answers and recordings."""
    return market_pb2.Instrument(
        venue=instrument.venue,
        symbol=instrument.symbol,
        native_symbol=instrument.native_symbol,
        asset=instrument.asset,
        asset_class=instrument.asset_class,  # type: ignore[arg-type]  # the same numbers
        asset_scale=instrument.asset_scale,
        quote_currency=instrument.quote_currency,
        settle_currency=instrument.settle_currency,
        contract_size=instrument.contract_size,
        tick_size=instrument.tick_size,
        lot_size=instrument.lot_size,
        taker_fee_percent=instrument.taker_fee_percent,
        maker_fee_percent=instrument.maker_fee_percent,
    )


def from_instrument(message: market_pb2.Instrument) -> _core.Instrument:
    """The inverse of to_instrument."""
    return _core.Instrument(
        venue=message.venue,
        symbol=message.symbol,
        native_symbol=message.native_symbol,
        asset=message.asset,
        asset_class=message.asset_class or market_pb2.ASSET_CLASS_COIN,  # recordings of before there were classes
        asset_scale=message.asset_scale,
        quote_currency=message.quote_currency,
        settle_currency=message.settle_currency,
        contract_size=message.contract_size,
        tick_size=message.tick_size,
        lot_size=message.lot_size,
        taker_fee_percent=message.taker_fee_percent if message.HasField("taker_fee_percent") else None,
        maker_fee_percent=message.maker_fee_percent if message.HasField("maker_fee_percent") else None,
    )


def to_order_book(venue: str, symbol: str, book: _core.BookView) -> tracker_pb2.GetOrderBookResponse:
    """A book as an answer."""
    return tracker_pb2.GetOrderBookResponse(
        venue=venue,
        symbol=symbol,
        state=market_pb2.BookState.Name(book.state),  # type: ignore[arg-type]
        bids=[tracker_pb2.PriceLevel(price=price, size=size) for price, size in book.bids],
        asks=[tracker_pb2.PriceLevel(price=price, size=size) for price, size in book.asks],
        sequence=book.sequence,
    )
