"""The oracle against a window worked out by hand: what everything else is compared with must be right itself."""

from crossbook.pb.v1.market_pb2 import BookState
from tests.support.aggregator.window_oracle import MINUTE_NS, SECOND_NS, TopOfBook, WindowOracle, bits

LIVE = BookState.BOOK_STATE_LIVE
STALE = BookState.BOOK_STATE_STALE


def _quote(second: int, bid: float, ask: float, state: int = LIVE) -> TopOfBook:
    return TopOfBook(second * SECOND_NS, 0, bid, 1.0, ask, 2.0, state)


def test_a_window_by_hand() -> None:
    """Two ticks, one of them in force for 5 s and one for 2 s, then a stale book."""
    oracle = WindowOracle("v", 15)
    for quote in (_quote(3, 10.0, 12.0), _quote(8, 20.0, 21.0), _quote(10, 0.0, 0.0, STALE)):
        oracle.take("S", quote)
    oracle.advance(15 * SECOND_NS)
    (row,) = oracle.snapshots
    assert (row.start_ns, row.tick_count, row.live_ns, row.window_ns) == (0, 2, 7 * SECOND_NS, 15 * SECOND_NS)
    assert (row.avg_bid, row.min_bid, row.max_bid) == (15.0, 10.0, 20.0)
    assert (row.avg_ask, row.min_ask, row.max_ask, row.avg_spread) == (16.5, 12.0, 21.0, 1.5)
    assert (row.time_weighted_bid, row.time_weighted_ask) == (90.0 / 7.0, 102.0 / 7.0)
    assert (row.last_state, row.last_receive_ns) == (STALE, 10 * SECOND_NS)


def test_a_quote_stands_on_in_the_next_window() -> None:
    """A window without a tick is weighted by the quote carried into it."""
    oracle = WindowOracle("v", 15)
    oracle.take("S", _quote(14, 10.0, 12.0))
    oracle.advance(31 * SECOND_NS)
    _, row = oracle.snapshots
    assert (row.tick_count, row.avg_bid, row.live_ns) == (0, None, 15 * SECOND_NS)
    assert (row.time_weighted_bid, row.last_bid) == (10.0, 10.0)


def test_a_row_at_the_boundary_belongs_to_the_next_window() -> None:
    """The end of a window is exclusive."""
    oracle = WindowOracle("v", 15)
    oracle.take("S", _quote(1, 10.0, 12.0))
    oracle.take("S", _quote(15, 11.0, 12.0))
    assert [(row.tick_count, row.last_bid) for row in oracle.snapshots] == [(1, 10.0)]


def test_a_minute_weighs_its_windows() -> None:
    """The minute's mean is that of its ticks, not of its windows' means; a minute that has not ended is not there."""
    oracle = WindowOracle("v", 15)
    for second, bid in ((1, 10.0), (2, 20.0), (3, 30.0), (16, 100.0)):
        oracle.take("S", _quote(second, bid, bid + 1.0))
    oracle.advance(MINUTE_NS - 1)
    assert oracle.minutes() == []
    oracle.advance(MINUTE_NS)
    (minute,) = oracle.minutes()
    assert (minute.tick_count, minute.windows, minute.avg_bid, minute.avg_spread) == (4, 4, 40.0, 1.0)
    assert (minute.live_ns, minute.window_ns) == (59 * SECOND_NS, 60 * SECOND_NS)


def test_equal_means_equal_in_every_bit() -> None:
    """A zero with a sign is not a zero without."""
    rows = []
    for size in (0.0, -0.0):
        oracle = WindowOracle("v", 15)
        oracle.take("S", TopOfBook(SECOND_NS, 0, 1.0, size, 2.0, 1.0, LIVE))
        oracle.advance(15 * SECOND_NS)
        rows += oracle.snapshots
    assert rows[0] == rows[1]
    assert bits(rows[0]) != bits(rows[1])
