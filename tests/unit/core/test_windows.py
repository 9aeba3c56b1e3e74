"""Windows against a recomputation in Python, bit by bit; and what a stream may not do."""

import dataclasses
import struct
from collections.abc import Callable, Iterator

import pytest

from crossbook._core import (
    CLOSED,
    LIVE,
    CarriedQuote,
    ClosedWindow,
    InvalidSettingError,
    PayloadError,
    QuoteHub,
    SequenceError,
    VenueWindows,
)
from crossbook.pb.v1.aggregator_pb2 import IngestHello
from crossbook.pb.v1.market_pb2 import QuoteBatch
from crossbook.replay.copy_rows import copy_rows
from tests.support.aggregator.copy_binary import closed_rows, read_rows
from tests.support.aggregator.quote_stream import START_NS, QuoteStream, batch_request, hello_request
from tests.support.aggregator.window_oracle import SECOND_NS, SnapshotRow, WindowOracle, bits

WINDOW_NS = 15_000_000_000


def take_all(windows: VenueWindows) -> Iterator[ClosedWindow]:
    while (window := windows.take_closed()) is not None:
        yield window


def rows_of(closed: list[ClosedWindow]) -> list[SnapshotRow]:
    return closed_rows(window.copy_binary() for window in closed)


def opened(stream: QuoteStream, window_seconds: int = 15) -> VenueWindows:
    windows = VenueWindows(stream.venue, window_seconds, QuoteHub())
    assert windows.on_hello(hello_request(stream.hello(1))) == 1
    return windows


def carried(window: ClosedWindow) -> list[CarriedQuote]:
    by_symbol = {instrument.symbol: instrument for instrument in window.instruments()}
    return [
        CarriedQuote(
            instrument=by_symbol[row.symbol],
            bid=row.last_bid,
            bid_size=row.last_bid_size,
            ask=row.last_ask,
            ask_size=row.last_ask_size,
            state=row.last_state,
            exchange_ns=row.last_exchange_ns,
            receive_ns=row.last_receive_ns,
        )
        for row in read_rows(window.copy_binary())
    ]


@pytest.mark.parametrize("window_seconds", [1, 15, 60])
@pytest.mark.parametrize("seed", range(5))
def test_every_row_has_the_bits_of_a_recomputation_in_python(seed: int, window_seconds: int) -> None:
    stream = QuoteStream("venue", seed)
    windows, oracle = opened(stream, window_seconds), WindowOracle("venue", window_seconds)
    for _ in range(400):
        batch = stream.next_batch()
        windows.on_batch(batch_request(batch))
        oracle.feed(batch)
    rows = rows_of(list(take_all(windows)))
    assert len(rows) > 15
    assert [bits(row) for row in rows] == [bits(row) for row in oracle.snapshots]


@pytest.mark.parametrize("killed_after", [90, 171, 299])
def test_a_killed_process_continues_to_the_same_bits(killed_after: int) -> None:
    stream = QuoteStream("venue", 7)
    oracle = WindowOracle("venue", 15)
    batches = [stream.next_batch() for _ in range(400)]
    for batch in batches:
        oracle.feed(batch)
    first = opened(stream)
    for batch in batches[:killed_after]:
        first.on_batch(batch_request(batch))
    committed = list(take_all(first))[:-1]  # the last one closed, and was lost before it was committed
    last = committed[-1]
    second = VenueWindows("venue", 15, QuoteHub())
    second.restore(last.stream_id, last.position, last.end_ns, carried(last))
    resume = second.on_hello(hello_request(stream.hello(last.position + 1)))
    assert resume == last.position + 1
    for batch in batches[resume - 1 :]:
        second.on_batch(batch_request(batch))
    rows = rows_of(committed) + rows_of(list(take_all(second)))
    assert [bits(row) for row in rows] == [bits(row) for row in oracle.snapshots]


def test_a_position_never_passes_a_batch_with_rows_after_its_window() -> None:
    stream = QuoteStream("venue", 3)
    windows, batches = opened(stream), [stream.next_batch() for _ in range(300)]
    for batch in batches:
        windows.on_batch(batch_request(batch))
    for window in take_all(windows):
        assert window.stream_id == stream.stream_id
        assert all(max(batch.receive_ns, default=0) < window.end_ns for batch in batches[: window.position])


def test_lost_batches_leave_incomplete_rows_and_nothing_live_in_between() -> None:
    stream = QuoteStream("venue", 4)
    windows = opened(stream)
    windows.on_batch(batch_request(stream.next_batch(rows=200)))
    for _ in range(20):
        stream.next_batch(rows=30)
    assert windows.on_hello(hello_request(stream.hello(stream.sequence + 1))) == stream.sequence + 1
    broken_at, back_at = windows.watermark_ns, stream.now_ns
    windows.on_batch(batch_request(stream.next_batch(rows=2000)))
    windows.on_batch(batch_request(stream.heartbeat(stream.now_ns + 2 * WINDOW_NS)))
    closed = list(take_all(windows))
    incomplete = [window for window in closed if window.incomplete_rows]
    assert incomplete
    assert all(window.incomplete_rows == window.rows for window in incomplete)
    assert incomplete[0].start_ns <= broken_at < incomplete[0].end_ns
    assert incomplete[-1].start_ns <= back_at < incomplete[-1].end_ns
    assert closed[-1].incomplete_rows == 0
    for row in rows_of(incomplete[1:-1]):
        assert (row.live_ns, row.last_state, row.is_complete) == (0, CLOSED, False)


def test_another_stream_continues_the_same_instruments() -> None:
    old, new = QuoteStream("venue", 1), QuoteStream("venue", 2, start_ns=START_NS + 5_000_000_000)
    windows = opened(old)
    windows.on_batch(batch_request(old.next_batch(rows=3, step_ns=1)))
    assert windows.on_hello(hello_request(new.hello(1))) == 1
    windows.on_batch(batch_request(new.next_batch(rows=1, step_ns=1)))
    windows.on_batch(batch_request(new.heartbeat(START_NS + WINDOW_NS)))
    [row] = rows_of(list(take_all(windows)))
    assert row.live_ns < WINDOW_NS - 5_000_000_000 - START_NS % WINDOW_NS
    assert windows.stream_id == new.stream_id


def test_the_properties_tell_where_the_stream_stands() -> None:
    stream = QuoteStream("venue", 1)
    windows = VenueWindows("venue", 15, QuoteHub())
    assert (windows.stream_id, windows.received_sequence, windows.watermark_ns) == ("", 0, 0)
    windows.on_hello(hello_request(stream.hello(1)))
    batch = stream.next_batch(rows=5)
    batch.state = bytes([LIVE] * 5)
    windows.on_batch(batch_request(batch))
    windows.on_batch(batch_request(batch))
    assert (windows.received_sequence, windows.watermark_ns) == (1, batch.watermark_ns)
    assert (windows.quotes, windows.duplicate_batches) == (5, 1)
    assert windows.instruments == windows.live_instruments == len(stream.entries)
    windows.on_disconnected(batch.watermark_ns)
    assert windows.live_instruments == 0


@pytest.mark.parametrize("window_seconds", [-15, 0, 7, 45, 61, 120])
def test_a_window_length_that_does_not_divide_a_minute_is_refused(window_seconds: int) -> None:
    with pytest.raises(InvalidSettingError, match=f"window_seconds must divide a minute, {window_seconds} "):
        VenueWindows("venue", window_seconds, QuoteHub())


def test_a_hole_is_a_sequence_error_and_the_stream_goes_on_from_before_it() -> None:
    stream = QuoteStream("venue", 1)
    windows = opened(stream)
    first, second, third = (stream.next_batch(rows=4) for _ in range(3))
    windows.on_batch(batch_request(first))
    with pytest.raises(SequenceError, match="batch 3 came where 2 was expected"):
        windows.on_batch(batch_request(third))
    assert windows.received_sequence == 1
    windows.on_batch(batch_request(second))
    windows.on_batch(batch_request(third))
    assert windows.quotes == 12


def test_a_batch_before_the_hello_or_of_another_stream_is_a_sequence_error() -> None:
    stream = QuoteStream("venue", 1)
    batch = stream.next_batch()
    with pytest.raises(SequenceError):
        VenueWindows("venue", 15, QuoteHub()).on_batch(batch_request(batch))
    batch.stream_id = "another"
    with pytest.raises(SequenceError, match="another"):
        opened(stream).on_batch(batch_request(batch))


def _set(name: str, value: float) -> Callable[[QuoteBatch], None]:
    return lambda batch: getattr(batch, name).__setitem__(1, value)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_set("bid", float("nan")), "row 1: bid "),
        (_set("ask", -1.0), "row 1: ask "),
        (_set("bid_size", float("inf")), "row 1: bid_size "),
        (_set("receive_ns", 5), "row 1 was received before"),
        (_set("symbol_index", 99), "row 1: symbol number 99"),
        (lambda batch: batch.ask.pop(), "column ask "),
        (lambda batch: setattr(batch, "state", batch.state[:-1] + b"\x05"), "state 5"),
        (lambda batch: setattr(batch, "venue", "other"), "venue other"),
        (lambda batch: setattr(batch.symbols[0].instrument, "venue", "other"), "venue other"),
        (lambda batch: setattr(batch.symbols[0].instrument, "asset_scale", 0.0), "asset_scale"),
        (lambda batch: setattr(batch.symbols[0], "index", 1 << 31), "symbol number 2147483648"),
    ],
)
def test_a_batch_with_a_bad_value_is_refused_and_changes_nothing(
    spoil: Callable[[QuoteBatch], None], message: str
) -> None:
    stream = QuoteStream("venue", 1)
    windows = opened(stream)
    batch = stream.next_batch(rows=3)
    spoilt = QuoteBatch()
    spoilt.CopyFrom(batch)
    spoil(spoilt)
    with pytest.raises(PayloadError, match=message):
        windows.on_batch(batch_request(spoilt))
    assert (windows.quotes, windows.instruments, windows.received_sequence) == (0, 0, 0)
    windows.on_batch(batch_request(batch))
    assert windows.quotes == 3


def test_bytes_that_do_not_decode_are_refused() -> None:
    stream = QuoteStream("venue", 1)
    windows = opened(stream)
    payload = batch_request(stream.next_batch(rows=20))
    for garbage in (b"", b"garbage", payload[:-1], payload + payload, hello_request(stream.hello(1)), bytes(17 << 20)):
        with pytest.raises(PayloadError):
            windows.on_batch(garbage)
    with pytest.raises(PayloadError):
        windows.on_hello(payload)


def test_what_did_not_decode_is_not_asked_for_again() -> None:
    stream = QuoteStream("venue", 1)
    windows = opened(stream)
    windows.on_batch(batch_request(stream.next_batch(rows=3)))
    stream.next_batch(rows=3)
    with pytest.raises(PayloadError):
        windows.on_batch(b"garbage")
    assert windows.on_hello(hello_request(stream.hello(1))) == 3
    windows.on_batch(batch_request(stream.next_batch(rows=3)))
    windows.on_batch(batch_request(stream.heartbeat(stream.now_ns + WINDOW_NS)))
    assert next(take_all(windows)).incomplete_rows > 0


@pytest.mark.parametrize(
    ("hello", "error"),
    [
        (IngestHello(venue="other", stream_id="s", oldest_sequence=1), InvalidSettingError),
        (IngestHello(venue="venue", stream_id="", oldest_sequence=1), PayloadError),
    ],
)
def test_a_hello_of_another_venue_or_without_a_stream_is_refused(hello: IngestHello, error: type[Exception]) -> None:
    with pytest.raises(error):
        VenueWindows("venue", 15, QuoteHub()).on_hello(hello_request(hello))


def test_restore_refuses_what_cannot_have_been_committed() -> None:
    stream = QuoteStream("venue", 1)
    windows = opened(stream)
    windows.on_batch(batch_request(stream.next_batch(rows=50)))
    windows.on_batch(batch_request(stream.heartbeat(stream.now_ns + WINDOW_NS)))
    window = next(take_all(windows))
    with pytest.raises(InvalidSettingError, match="restore comes before the first hello"):
        windows.restore("s", 1, window.end_ns, [])
    with pytest.raises(InvalidSettingError, match="committed_until_ns"):
        VenueWindows("venue", 15, QuoteHub()).restore("s", 1, -1, [])
    with pytest.raises(InvalidSettingError, match="venue"):
        VenueWindows("other", 15, QuoteHub()).restore("s", 1, window.end_ns, carried(window))
    with pytest.raises(InvalidSettingError, match="state 9"):
        CarriedQuote(
            instrument=window.instruments()[0],
            bid=1.0,
            bid_size=1.0,
            ask=2.0,
            ask_size=1.0,
            state=9,
            exchange_ns=0,
            receive_ns=1,
        )


def test_a_window_without_ticks_is_written_with_nulls() -> None:
    stream = QuoteStream("venue", 1)
    windows = opened(stream)
    batch = stream.next_batch(rows=1)
    batch.state = bytes([CLOSED])
    windows.on_batch(batch_request(batch))
    windows.on_batch(batch_request(stream.heartbeat(stream.now_ns + WINDOW_NS)))
    [row] = rows_of(list(take_all(windows)))
    figures = dataclasses.astuple(row)[3:12]
    assert figures == (None,) * 9
    assert (row.tick_count, row.live_ns, row.window_ns, row.last_state) == (0, 0, WINDOW_NS, CLOSED)
    assert struct.pack("<d", row.last_bid) == struct.pack("<d", batch.bid[0])


def test_rows_stand_in_the_order_of_their_symbols() -> None:
    """However the instruments appeared: an index over them is then only added to at its end."""
    stream = QuoteStream("alpha", instruments=40)
    windows = opened(stream)
    while len(stream.entries) < 40:
        windows.on_batch(batch_request(stream.next_batch(rows=100)))
    windows.on_batch(batch_request(stream.heartbeat(stream.now_ns + 15 * SECOND_NS)))
    *_, last = take_all(windows)
    appeared = [instrument.symbol for instrument in last.instruments()]
    assert appeared != sorted(appeared)
    assert [row.symbol for row in read_rows(last.copy_binary())] == sorted(appeared)


def test_a_shard_is_the_last_column() -> None:
    """Everything else stands as without it."""
    stream = QuoteStream("alpha")
    windows = opened(stream)
    windows.on_batch(batch_request(stream.next_batch(rows=20)))
    windows.on_batch(batch_request(stream.heartbeat(stream.now_ns + 15 * SECOND_NS)))
    window = next(take_all(windows))
    plain, named = (list(copy_rows(window.copy_binary(shard))) for shard in (None, "b"))
    field = (1).to_bytes(4, "big") + b"b"
    assert [row[2:] + field for row in plain] == [row[2:] for row in named]
    assert [int.from_bytes(row[:2], "big") for row in plain] == [23] * len(plain)
    assert [int.from_bytes(row[:2], "big") for row in named] == [24] * len(named)
