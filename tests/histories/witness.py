"""What must be in the tables after a history, by the simulator's own ledger and by when each tracker heard nothing.

Nothing here reads what a service recorded of itself. Rules, each of which every row of every venue must keep:

1. From an instrument's first window to the last one committed there is exactly one row for each window.
2. No row claims LIVE time in which its tracker was dead or stood still.
3. A row of a window in which its tracker stood still is not complete, nor is one of a window wholly without a tracker.
4. Prices lie within what the venue's book was, by the ledger, in and just around the window.
5. A row with ticks is of a window in which the venue changed the book while somebody was connected.
6. A minute's time is sixty seconds, and it is complete only where all its windows are there and complete.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.faults.absence import Absences, Span
from tests.support.aggregator.window_oracle import MINUTE_NS, SECOND_NS, SnapshotRow
from tests.support.aggregator.window_tables import committed_until_ns, read_minutes, read_snapshots

# A signal takes a moment to arrive, and a quote is stamped when it is read.
SIGNAL_NS = 150_000_000
# What is on its way: the venue's latency, a slow line, a frame that waited for its turn.
BEFORE_NS, AFTER_NS = 3 * SECOND_NS, SECOND_NS

Finding = str


@dataclass
class Book:
    """One instrument's best prices over time, as the venue had them."""

    at_ns: list[int] = field(default_factory=list)
    bids: list[float] = field(default_factory=list)
    asks: list[float] = field(default_factory=list)
    clients: list[int] = field(default_factory=list)

    def within(self, from_ns: int, to_ns: int) -> slice:
        """What was in force at some moment of the span."""
        return slice(max(0, bisect_left(self.at_ns, from_ns) - 1), bisect_left(self.at_ns, to_ns))


def read_ledger(path: Path) -> Mapping[tuple[str, str], Book]:
    """By venue and asset: a simulated venue lists each once."""
    books: defaultdict[tuple[str, str], Book] = defaultdict(Book)
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            at_ns, venue, asset, bid, ask, clients = line.split(" ")
            book = books[venue, asset]
            book.at_ns.append(int(at_ns))
            book.bids.append(float(bid))
            book.asks.append(float(ask))
            book.clients.append(int(clients))
    return books


def judge_venue(
    dsn: str, venue: str, window_ns: int, books: Mapping[tuple[str, str], Book], deaf: Absences, tracker: str
) -> Iterator[Finding]:
    """Everything that is wrong with one venue's rows."""
    rows = read_snapshots(dsn, venue)
    until_ns = committed_until_ns(dsn, venue)
    assets = _assets(dsn, venue)
    dead, paused = deaf.dead[tracker], deaf.paused[tracker]
    yield from _missing(venue, rows, until_ns, window_ns)
    for row in rows:
        where = f"{venue} {row.symbol} {row.start_ns // SECOND_NS}"
        yield from (f"{where}: {problem}" for problem in deafness(row, dead, paused))
        yield from (f"{where}: {problem}" for problem in _prices(row, books[venue, assets[row.symbol]]))
    yield from _minutes(dsn, venue, rows, window_ns)


def judge_order(dsn: str, venue: str, window_ns: int) -> Iterator[Finding]:
    """Rules 1 and 6 alone: what has to hold though clocks were set, and rows bear times that the ledger never had."""
    rows = read_snapshots(dsn, venue)
    yield from _missing(venue, rows, committed_until_ns(dsn, venue), window_ns)
    yield from _minutes(dsn, venue, rows, window_ns)


def _assets(dsn: str, venue: str) -> dict[str, str]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT symbol, asset FROM markets WHERE venue = %s", (venue,)).fetchall()
    return dict(rows)


def _missing(venue: str, rows: Sequence[SnapshotRow], until_ns: int, window_ns: int) -> Iterator[Finding]:
    """Rule 1."""
    starts: defaultdict[str, list[int]] = defaultdict(list)
    for row in rows:
        starts[row.symbol].append(row.start_ns)
    for symbol, found in starts.items():
        expected = set(range(min(found), until_ns, window_ns))
        for start_ns in sorted(expected - set(found)):
            yield f"{venue} {symbol} {start_ns // SECOND_NS}: no row"
        if len(found) > len(set(found)):
            yield f"{venue} {symbol}: {len(found) - len(set(found))} rows twice"


def deafness(row: SnapshotRow, dead: Iterable[Span], paused: Iterable[Span]) -> Iterator[Finding]:
    """Rules 2 and 3."""
    end_ns = row.start_ns + row.window_ns
    dead_ns = _overlap(row.start_ns, end_ns, dead)
    paused_ns = _overlap(row.start_ns, end_ns, paused)
    deaf_ns = _overlap(row.start_ns, end_ns, [*dead, *paused])
    if row.live_ns > row.window_ns - deaf_ns + SIGNAL_NS:
        yield f"LIVE for {row.live_ns / 1e9:.3f} s though nobody listened for {deaf_ns / 1e9:.3f} s"
    if row.is_complete and (paused_ns > SECOND_NS or dead_ns >= row.window_ns - SIGNAL_NS):
        yield f"complete though its tracker stood still for {paused_ns / 1e9:.1f} s, was dead for {dead_ns / 1e9:.1f} s"


def _overlap(from_ns: int, to_ns: int, spans: Iterable[Span]) -> int:
    """Of the union of the spans with the window."""
    covered, reached = 0, from_ns
    for start, end in sorted(spans):
        start, end = max(start, reached), min(end, to_ns)
        if end > start:
            covered += end - start
            reached = end
    return covered


def _prices(row: SnapshotRow, book: Book) -> Iterator[Finding]:
    """Rules 4 and 5."""
    span = book.within(row.start_ns - BEFORE_NS, row.start_ns + row.window_ns + AFTER_NS)
    bids, asks = book.bids[span], book.asks[span]
    for name, prices in (("bid", bids), ("ask", asks)):
        low, high = getattr(row, f"min_{name}"), getattr(row, f"max_{name}")
        if low is not None and (not prices or low < min(prices) or high > max(prices)):
            yield f"{name} from {low} to {high}, which the venue never had"
    if row.tick_count and not any(book.clients[span]):
        yield f"{row.tick_count} ticks though nobody was connected"


def _minutes(dsn: str, venue: str, rows: Sequence[SnapshotRow], window_ns: int) -> Iterator[Finding]:
    """Rule 6."""
    complete: defaultdict[tuple[int, str], int] = defaultdict(int)
    for row in rows:
        complete[row.start_ns // MINUTE_NS * MINUTE_NS, row.symbol] += row.is_complete
    for minute in read_minutes(dsn, venue):
        if minute.is_complete and complete[minute.start_ns, minute.symbol] < MINUTE_NS // window_ns:
            yield f"{venue} {minute.symbol} {minute.start_ns // SECOND_NS}: a complete minute without all its windows"
