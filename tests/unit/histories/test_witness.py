"""The witness finds each kind of untrue row, and nothing in true ones."""

from dataclasses import replace
from pathlib import Path

from tests.histories.witness import SECOND_NS, Book, _missing, _overlap, _prices, deafness, read_ledger
from tests.support.aggregator.window_oracle import SnapshotRow

WINDOW_NS = 5 * SECOND_NS
START_NS = 1_000 * SECOND_NS
TRUE = SnapshotRow(
    venue="v",
    symbol="BTC/USDT:USDT",
    start_ns=START_NS,
    avg_bid=100.0,
    min_bid=100.0,
    max_bid=101.0,
    avg_ask=102.0,
    min_ask=102.0,
    max_ask=102.0,
    avg_spread=2.0,
    time_weighted_bid=100.0,
    time_weighted_ask=102.0,
    tick_count=2,
    live_ns=WINDOW_NS,
    window_ns=WINDOW_NS,
    is_complete=True,
    last_bid=101.0,
    last_bid_size=1.0,
    last_ask=102.0,
    last_ask_size=1.0,
    last_state=1,
    last_exchange_ns=START_NS,
    last_receive_ns=START_NS,
)
BOOK = Book([START_NS - SECOND_NS, START_NS + SECOND_NS], [100.0, 101.0], [102.0, 102.0], [1, 1])
PAUSE = (START_NS + SECOND_NS, START_NS + 3 * SECOND_NS)


def test_a_true_row_is_found_true() -> None:
    """Nothing is wrong with it."""
    assert [*_prices(TRUE, BOOK), *deafness(TRUE, [], [])] == []


def test_time_in_which_nobody_listened_is_not_live_and_a_pause_is_not_complete() -> None:
    """A dead tracker takes only its time; a pause takes the window's completeness too."""
    assert len(list(deafness(TRUE, [PAUSE], []))) == 1
    assert len(list(deafness(TRUE, [], [PAUSE]))) == 2
    honest = replace(TRUE, live_ns=3 * SECOND_NS, is_complete=False)
    assert list(deafness(honest, [PAUSE], [PAUSE])) == []


def test_a_window_wholly_without_a_tracker_is_never_complete() -> None:
    """Even where it claims nothing."""
    empty = replace(TRUE, live_ns=0, tick_count=0)
    assert len(list(deafness(empty, [(0, START_NS * 2)], []))) == 1


def test_overlapping_spans_count_once() -> None:
    """A process that was killed while it stood still was deaf for the union."""
    assert _overlap(0, 10, [(2, 6), (4, 8), (5, 7), (9, 20)]) == 7


def test_a_price_that_the_venue_never_had_is_found() -> None:
    """Either side, either way; and ticks without a client."""
    assert len(list(_prices(replace(TRUE, max_bid=101.5), BOOK))) == 1
    assert len(list(_prices(replace(TRUE, min_ask=99.0), BOOK))) == 1
    assert len(list(_prices(TRUE, replace(BOOK, clients=[0, 0])))) == 1


def test_a_window_without_a_row_is_found_up_to_what_was_committed() -> None:
    """Between an instrument's first window and the last commit."""
    rows = [TRUE, replace(TRUE, start_ns=START_NS + 2 * WINDOW_NS)]
    assert len(list(_missing("v", rows, START_NS + 4 * WINDOW_NS, WINDOW_NS))) == 2
    assert list(_missing("v", rows[:1], START_NS + WINDOW_NS, WINDOW_NS)) == []


def test_a_ledger_is_read_back_by_venue_and_symbol(tmp_path: Path) -> None:
    """What the simulator wrote."""
    (tmp_path / "ledger").write_text("5 v BTC 1.5 2.5 1\n7 v BTC 1.25 2.5 0\n6 w X 1.0 2.0 2\n")
    books = read_ledger(tmp_path / "ledger")
    assert (books["v", "BTC"].at_ns, books["v", "BTC"].bids, books["v", "BTC"].clients) == ([5, 7], [1.5, 1.25], [1, 0])
    assert books["w", "X"].asks == [2.0]
