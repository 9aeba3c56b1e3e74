"""The core's values as protobuf messages, and back."""

from crossbook import _core
from crossbook.pb.v1 import market_pb2, tracker_pb2


def to_instrument(instrument: _core.Instrument) -> market_pb2.Instrument:
    """For answers and recordings."""
    return market_pb2.Instrument.FromString(instrument.encode())


def from_instrument(message: market_pb2.Instrument) -> _core.Instrument:
    """The inverse of to_instrument. Raises PayloadError for one that no batch may have."""
    return _core.Instrument.decode(message.SerializeToString())


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
