"""Windows recomputed in plain Python, apart from the core: what an aggregator that nothing ever disturbed would write.

Input: the batches of one venue's stream, in order, each once. Output: the rows of tables snapshots and minutes. The
order of every float operation is fixed, so results are compared bit by bit:

    oracle = WindowOracle("binance", window_seconds=15)
    for batch in batches:
        oracle.feed(batch)
    oracle.snapshots, oracle.minutes()
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from itertools import groupby
from typing import Any

from crossbook.pb.v1.market_pb2 import BookState, QuoteBatch

SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS


@dataclass(frozen=True, slots=True)
class TopOfBook:
    """One row of a batch, without its instrument."""

    receive_ns: int
    exchange_ns: int
    bid: float
    bid_size: float
    ask: float
    ask_size: float
    state: int

    @property
    def is_usable(self) -> bool:
        return self.state == BookState.BOOK_STATE_LIVE and self.bid > 0 and self.ask > 0


@dataclass(frozen=True, slots=True)
class StatsRow:
    """The columns that snapshots and minutes share, in the order of the tables."""

    venue: str
    symbol: str
    start_ns: int
    avg_bid: float | None
    min_bid: float | None
    max_bid: float | None
    avg_ask: float | None
    min_ask: float | None
    max_ask: float | None
    avg_spread: float | None
    time_weighted_bid: float | None
    time_weighted_ask: float | None
    tick_count: int
    live_ns: int
    window_ns: int
    is_complete: bool


@dataclass(frozen=True, slots=True)
class SnapshotRow(StatsRow):
    """A row of table snapshots."""

    last_bid: float
    last_bid_size: float
    last_ask: float
    last_ask_size: float
    last_state: int
    last_exchange_ns: int
    last_receive_ns: int


@dataclass(frozen=True, slots=True)
class MinuteRow(StatsRow):
    """A row of table minutes."""

    windows: int


def bits(row: StatsRow) -> tuple[Any, ...]:
    """The row with its floats as raw bytes, so that equal means equal in every bit."""
    values = (getattr(row, field.name) for field in fields(row))
    return tuple(struct.pack("<d", value) if isinstance(value, float) else value for value in values)


class _Instrument:
    """What one instrument has gathered in the open window, and the quote in force."""

    def __init__(self, symbol: str, window_start_ns: int) -> None:
        self.symbol = symbol
        self.carry: TopOfBook | None = None
        self._reset(window_start_ns)

    def _reset(self, window_start_ns: int) -> None:
        self.last_ns = window_start_ns
        self.bid_time = self.ask_time = 0.0
        self.live_ns = 0
        self.bid_sum = self.ask_sum = self.spread_sum = 0.0
        self.bids: list[float] = []
        self.asks: list[float] = []

    def integrate(self, until_ns: int) -> None:
        if self.carry is not None and self.carry.is_usable:
            elapsed_ns = until_ns - self.last_ns
            self.bid_time += self.carry.bid * float(elapsed_ns)
            self.ask_time += self.carry.ask * float(elapsed_ns)
            self.live_ns += elapsed_ns
        self.last_ns = until_ns

    def take(self, quote: TopOfBook) -> None:
        self.integrate(quote.receive_ns)
        self.carry = quote
        if quote.is_usable:
            self.bid_sum += quote.bid
            self.ask_sum += quote.ask
            self.spread_sum += quote.ask - quote.bid
            self.bids.append(quote.bid)
            self.asks.append(quote.ask)

    def close(self, venue: str, start_ns: int, end_ns: int) -> SnapshotRow:
        self.integrate(end_ns)
        assert self.carry is not None
        ticks = len(self.bids)
        row = SnapshotRow(
            venue=venue,
            symbol=self.symbol,
            start_ns=start_ns,
            avg_bid=self.bid_sum / ticks if ticks else None,
            min_bid=min(self.bids, default=None),
            max_bid=max(self.bids, default=None),
            avg_ask=self.ask_sum / ticks if ticks else None,
            min_ask=min(self.asks, default=None),
            max_ask=max(self.asks, default=None),
            avg_spread=self.spread_sum / ticks if ticks else None,
            time_weighted_bid=self.bid_time / float(self.live_ns) if self.live_ns else None,
            time_weighted_ask=self.ask_time / float(self.live_ns) if self.live_ns else None,
            tick_count=ticks,
            live_ns=self.live_ns,
            window_ns=end_ns - start_ns,
            is_complete=True,
            last_bid=self.carry.bid,
            last_bid_size=self.carry.bid_size,
            last_ask=self.carry.ask,
            last_ask_size=self.carry.ask_size,
            last_state=self.carry.state,
            last_exchange_ns=self.carry.exchange_ns,
            last_receive_ns=self.carry.receive_ns,
        )
        self._reset(end_ns)
        return row


class WindowOracle:
    """One venue. `snapshots` grows as windows close; an instrument has a row from the window of its first quote on."""

    def __init__(self, venue: str, window_seconds: int) -> None:
        self.snapshots: list[SnapshotRow] = []
        self.closed_until_ns = 0
        self._venue = venue
        self._window_ns = window_seconds * SECOND_NS
        self._symbols: dict[int, str] = {}
        self._instruments: dict[str, _Instrument] = {}

    def feed(self, batch: QuoteBatch) -> None:
        """The next batch of the stream."""
        self._symbols.update((entry.index, entry.instrument.symbol) for entry in batch.symbols)
        for index, quote in tops_of(batch):
            self.take(self._symbols[index], quote)
        self.advance(batch.watermark_ns)

    def take(self, symbol: str, quote: TopOfBook) -> None:
        """The next quote, in the order of receipt."""
        self.advance(quote.receive_ns)
        if symbol not in self._instruments:
            start_ns = quote.receive_ns // self._window_ns * self._window_ns
            self._instruments[symbol] = _Instrument(symbol, start_ns)
        self._instruments[symbol].take(quote)

    def advance(self, watermark_ns: int) -> None:
        """Closes every window that ends at or before this moment."""
        until_ns = watermark_ns // self._window_ns * self._window_ns
        if not self._instruments:
            self.closed_until_ns = until_ns
        while self.closed_until_ns < until_ns:
            start_ns = self.closed_until_ns
            self.closed_until_ns += self._window_ns
            for symbol in sorted(self._instruments):
                self.snapshots.append(self._instruments[symbol].close(self._venue, start_ns, self.closed_until_ns))

    def minutes(self) -> list[MinuteRow]:
        """The minutes that have ended, rolled up from the rows of their windows."""
        ended = self.closed_until_ns // MINUTE_NS * MINUTE_NS
        return roll_up(row for row in self.snapshots if row.start_ns < ended)


def tops_of(batch: QuoteBatch) -> Iterator[tuple[int, TopOfBook]]:
    """The rows of a batch, with their symbol numbers."""
    columns = (
        batch.symbol_index,
        batch.receive_ns,
        batch.exchange_ns,
        batch.bid,
        batch.bid_size,
        batch.ask,
        batch.ask_size,
        batch.state,
    )
    for index, *values in zip(*columns, strict=True):
        yield index, TopOfBook(*values)


def roll_up(rows: Iterable[StatsRow]) -> list[MinuteRow]:
    """Exact minutes: means weighted by ticks, time-weighted means by LIVE time, summed in the order of the windows."""

    def key(row: StatsRow) -> tuple[int, str, str]:
        return row.start_ns // MINUTE_NS * MINUTE_NS, row.venue, row.symbol

    ordered = sorted(rows, key=lambda row: (*key(row), row.start_ns))
    return [_roll_up_one(*of, list(windows)) for of, windows in groupby(ordered, key)]


def _roll_up_one(start_ns: int, venue: str, symbol: str, windows: list[StatsRow]) -> MinuteRow:
    def mean(name: str, weight: str) -> float | None:
        parts = [(getattr(row, name), float(getattr(row, weight))) for row in windows]
        known = [value * weight for value, weight in parts if value is not None]
        return _add_in_order(known) / float(sum(getattr(row, weight) for row in windows)) if known else None

    def extreme(choose: Any, name: str) -> float | None:
        chosen: float | None = choose(
            (value for row in windows if (value := getattr(row, name)) is not None), default=None
        )
        return chosen

    return MinuteRow(
        venue=venue,
        symbol=symbol,
        start_ns=start_ns,
        avg_bid=mean("avg_bid", "tick_count"),
        min_bid=extreme(min, "min_bid"),
        max_bid=extreme(max, "max_bid"),
        avg_ask=mean("avg_ask", "tick_count"),
        min_ask=extreme(min, "min_ask"),
        max_ask=extreme(max, "max_ask"),
        avg_spread=mean("avg_spread", "tick_count"),
        time_weighted_bid=mean("time_weighted_bid", "live_ns"),
        time_weighted_ask=mean("time_weighted_ask", "live_ns"),
        tick_count=sum(row.tick_count for row in windows),
        live_ns=sum(row.live_ns for row in windows),
        window_ns=sum(row.window_ns for row in windows),
        is_complete=all(row.is_complete for row in windows) and sum(row.window_ns for row in windows) == MINUTE_NS,
        windows=len(windows),
    )


def _add_in_order(values: list[float]) -> float:
    """Plain left-to-right addition: the built-in sum() compensates rounding since Python 3.12."""
    total = values[0]
    for value in values[1:]:
        total += value
    return total
