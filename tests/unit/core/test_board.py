"""The board: readers that ask what is new to them, and get bytes."""

import threading
from collections.abc import Callable

import pytest

from crossbook._core import CLOSED, LIVE, BoardReader, PayloadError, QuoteBoard, WallClock
from tests.support.aggregator.fanout import Tick, payload
from tests.support.board import BoardClient, batch_of

BTC, ETH = Tick("a", 99.0, 100.0), Tick("a", 9.0, 10.0, "ETH")
ELSEWHERE = Tick("b", 99.5, 100.5)


def board_of(*ticks: Tick) -> QuoteBoard:
    board = QuoteBoard(WallClock())
    board.on_batch(payload(*ticks))
    return board


def test_a_snapshot_has_everything_and_a_delta_what_is_new() -> None:
    """Symbols come once; nothing is None; a reader that begins again gets all of it again."""
    board = board_of(BTC, ETH)
    reader = board.reader()
    first = batch_of(reader.snapshot())
    assert [entry.instrument.asset for entry in first.symbols] == ["BTC", "ETH"]
    assert (list(first.bid), list(first.ask), list(first.state)) == ([99.0, 9.0], [100.0, 10.0], [LIVE, LIVE])
    assert (first.sequence, first.stream_id.startswith("board-"), reader.delta()) == (0, True, None)
    board.on_batch(payload(ETH))
    assert reader.lag == 1
    second = batch_of(reader.delta() or b"")
    assert (list(second.symbols), list(second.symbol_index), reader.lag) == ([], [first.symbol_index[1]], 0)
    assert batch_of(reader.snapshot()).symbols == first.symbols


def test_a_late_reader_gets_the_newest_once() -> None:
    """However much has happened, it is one row an instrument."""
    board = board_of(BTC)
    client = BoardClient(board.reader()).pull()
    for bid in range(1_000):
        board.on_batch(payload(Tick("a", bid, 1_000.0)))
    client.pull()
    assert (client.frames, client.rows["a", "BTC/USDT:USDT"][1]) == (2, 999.0)


@pytest.mark.parametrize(
    ("make_reader", "venues"),
    [
        (lambda board: board.reader(), ["a", "a", "b"]),
        (lambda board: board.reader(["b"]), ["b"]),
        (lambda board: board.reader(assets=["BTC"]), ["a", "b"]),
        (lambda board: board.reader(["a"], ["ETH/USDT:USDT"]), ["a"]),
        (lambda board: board.reader(instruments=[("b", "BTC/USDT:USDT"), ("c", "X")]), ["b"]),
        (lambda board: board.reader(instruments=[]), []),
    ],
)
def test_a_reader_gets_what_it_has_asked_for(
    make_reader: Callable[[QuoteBoard], BoardReader], venues: list[str]
) -> None:
    """By a filter, whose lists are combined with and, or by name; no names are no instruments."""
    client = BoardClient(make_reader(board_of(BTC, ETH, ELSEWHERE))).pull()
    assert sorted(venue for venue, _ in client.rows) == venues


def test_a_filter_and_names_are_not_both() -> None:
    """Which of them counts would be a guess."""
    with pytest.raises(ValueError, match="either"):
        QuoteBoard(WallClock()).reader(["a"], instruments=[("a", "X")])


def test_equal_readers_that_ask_together_get_one_object() -> None:
    """Encoded once: what each of them is given is the same bytes in memory."""
    board = board_of(BTC, ETH)
    readers = [board.reader(["a"]), board.reader(["a"]), board.reader(assets=["ETH"]), board.reader(["z"])]
    first, second, other, none = board.deltas(readers)
    assert first is second
    assert (batch_of(other or b"").symbols[0].instrument.asset, none) == ("ETH", None)
    assert board.deltas(readers) == [None] * 4
    assert (board.readers, board.views, board.instruments) == (4, 3, 2)


def test_a_reader_belongs_to_its_board() -> None:
    """Another board refuses it."""
    with pytest.raises(ValueError, match="another board"):
        QuoteBoard(WallClock()).deltas([QuoteBoard(WallClock()).reader()])


def test_a_reader_that_is_closed_or_let_go_is_gone() -> None:
    """And is told nothing any more."""
    board = board_of(BTC)
    reader, _ = board.reader(), board.reader()
    reader.close()
    assert (reader.delta(), reader.lag, board.readers) == (None, 0, 1)
    del _
    assert (board.readers, board.views) == (0, 0)


def test_a_lost_shard_closes_what_only_it_has_told() -> None:
    """What another shard tells too stays as it is."""
    board = board_of(BTC)
    client = BoardClient(board.reader()).pull()
    board.on_batch(payload(ELSEWHERE), 1)
    board.on_disconnected(0)
    client.pull()
    assert [client.rows[venue, "BTC/USDT:USDT"][0] for venue in "ab"] == [CLOSED, LIVE]


def test_what_is_no_batch_is_refused_and_changes_nothing() -> None:
    """As the scan does."""
    board = QuoteBoard(WallClock())
    with pytest.raises(PayloadError):
        board.on_batch(b"\xff\xff")
    assert board.instruments == 0


def test_readers_and_writers_may_be_on_any_thread() -> None:
    """Each ends where the truth is."""
    board = board_of(BTC)
    clients = [BoardClient(board.reader(["a"])) for _ in range(4)]

    def write() -> None:
        for bid in range(500):
            board.on_batch(payload(Tick("a", bid, 1_000.0)))

    def read(client: BoardClient) -> None:
        for _ in range(500):
            client.pull()

    threads = [threading.Thread(target=write), *(threading.Thread(target=read, args=(one,)) for one in clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {client.pull().rows["a", "BTC/USDT:USDT"][1] for client in clients} == {499.0}
