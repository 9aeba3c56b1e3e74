"""The newest quote of every instrument, out of the board, and the instruments by every name that people give them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crossbook._core import QuoteBoard
from crossbook.pb.v1 import gateway_pb2 as pb
from crossbook.pb.v1.aggregator_pb2 import SubscribeQuoteBatchesResponse
from crossbook.pb.v1.market_pb2 import BOOK_STATE_LIVE, BookState, Instrument
from crossbook.plumbing.errors import InvalidRequestError

MS_NS = 1_000_000
MAX_ROWS = 10_000


@dataclass(slots=True)
class Price:
    """What is known of one instrument."""

    instrument: Instrument
    bid: float = 0.0
    bid_size: float = 0.0
    ask: float = 0.0
    ask_size: float = 0.0
    state: int = 0
    receive_ns: int = 0

    @property
    def is_live(self) -> bool:
        return self.state == BOOK_STATE_LIVE


class Prices:
    """A reader of the board that knows everything; it looks when it is asked."""

    def __init__(self, board: QuoteBoard) -> None:
        self._reader = board.reader()
        self._prices: dict[int, Price] = {}

    def look(self) -> list[Price]:
        """All, as they are now; ordered by venue, then symbol."""
        while (frame := self._reader.delta()) is not None:
            self._take(SubscribeQuoteBatchesResponse.FromString(frame))
        return sorted(self._prices.values(), key=lambda one: (one.instrument.venue, one.instrument.symbol))

    def venues(self) -> set[str]:
        """That ever told a quote."""
        return {price.instrument.venue for price in self.look()}

    def symbols_of(self, text: str, venue: str = "") -> list[str]:
        """Unified symbols that a text may mean, or the text itself where it means none that is known."""
        found = {one.instrument.symbol for one in self.look() if is_meant(one.instrument, text) and _is_of(one, venue)}
        return sorted(found) or [text]

    def assets_of(self, text: str) -> list[str]:
        """Assets that a text may mean, or the text itself."""
        return sorted({one.instrument.asset for one in self.look() if is_meant(one.instrument, text)}) or [text]

    def newest_ns(self) -> dict[str, int]:
        """When the newest quote of each venue was received."""
        newest: dict[str, int] = {}
        for price in self.look():
            venue = price.instrument.venue
            newest[venue] = max(newest.get(venue, 0), price.receive_ns)
        return newest

    def _take(self, message: SubscribeQuoteBatchesResponse) -> None:
        batch = message.batch
        for entry in batch.symbols:
            self._prices[entry.index] = Price(entry.instrument)
        columns = zip(
            batch.symbol_index,
            batch.bid,
            batch.bid_size,
            batch.ask,
            batch.ask_size,
            batch.state,
            batch.receive_ns,
            strict=True,
        )
        for index, bid, bid_size, ask, ask_size, state, receive_ns in columns:
            price = self._prices[index]
            price.bid, price.bid_size, price.ask, price.ask_size = bid, bid_size, ask, ask_size
            price.state, price.receive_ns = state, receive_ns


def is_meant(instrument: Instrument, text: str) -> bool:
    """Whether a text is one of its names: symbol, asset or the venue's own."""
    return text in (instrument.symbol, instrument.asset, instrument.native_symbol)


def list_prices(prices: Prices, request: pb.ListPricesRequest, now_ns: int) -> pb.ListPricesResponse:
    """Raises InvalidRequestError."""
    limit = _limit(request.limit)
    rows = [_row(price, now_ns) for price in _wanted(prices.look(), request)][:limit]
    return pb.ListPricesResponse(prices=rows, count=len(rows), as_of_ms=now_ns // MS_NS)


def _limit(asked: int) -> int:
    if not 0 <= asked <= MAX_ROWS:
        raise InvalidRequestError.of("limit", f"must be 1 to {MAX_ROWS}, or 0 for all; it is {asked}")
    return asked or MAX_ROWS


def _wanted(prices: Sequence[Price], request: pb.ListPricesRequest) -> Iterator[Price]:
    assets, venues = frozenset(request.asset), frozenset(request.venue)
    for price in prices:
        instrument = price.instrument
        if (
            (not request.symbol or is_meant(instrument, request.symbol))
            and (not assets or instrument.asset in assets)
            and (not venues or instrument.venue in venues)
            and (not request.state or price.state == request.state)
        ):
            yield price


def _row(price: Price, now_ns: int) -> pb.PriceRow:
    row = pb.PriceRow(
        symbol=price.instrument.symbol,
        asset=price.instrument.asset,
        exchange=price.instrument.venue,
        state=BookState.ValueType(price.state),
        timestamp_ms=price.receive_ns // MS_NS,
        age_ms=max(0, now_ns - price.receive_ns) / MS_NS,
    )
    if price.is_live and price.bid:
        row.bid, row.bid_size = price.bid, price.bid_size
    if price.is_live and price.ask:
        row.ask, row.ask_size = price.ask, price.ask_size
    if price.is_live and price.bid and price.ask:
        row.spread = price.ask - price.bid
    return row


def _is_of(price: Price, venue: str) -> bool:
    return venue in ("", price.instrument.venue)
