"""What a lane sends with, through the binding; the rules themselves are tested in Rust."""

import pytest

from crossbook._core import Batcher, Outbox, OutgoingBatch, Pace, UplinkState, frame_to_quote_p50_us
from tests.support.tracker.notes import Notes

MS = 1_000_000


def test_a_journal_hears_of_a_batch_before_it_can_be_sent() -> None:
    """The stream then begins with it."""
    notes = Notes()
    outbox = Outbox(1 << 20, notes, first_sequence=5)
    outbox.append(OutgoingBatch(5, 2, b"five"))
    assert notes.appended == [(5, b"five")]
    assert UplinkState(outbox).begin() == 5


def test_what_is_lost_is_counted() -> None:
    """In batches and in quotes; the newest is kept."""
    outbox = Outbox(10)
    for sequence in (1, 2, 3):
        outbox.append(OutgoingBatch(sequence, 7, b"x"))
    assert (outbox.dropped_batches, outbox.dropped_rows, outbox.get(2)) == (2, 14, None)
    held = outbox.get(3)
    assert held is not None
    assert (held.sequence, held.rows, held.payload) == (3, 7, b"x")


def test_a_journal_s_error_reaches_whoever_appends() -> None:
    """The batch is taken all the same."""

    class Broken(Notes):
        def append(self, sequence: int, payload: bytes) -> None:
            raise OSError("full")

    outbox = Outbox(1, Broken())
    with pytest.raises(OSError, match="full"):
        outbox.append(OutgoingBatch(1, 1, b"x"))
    assert len(outbox) == 1


def test_the_waits_of_all_lanes_are_taken_together() -> None:
    """The median, in microseconds."""
    pace = Pace()
    batchers = [Batcher(pace) for _ in range(3)]
    for batcher, wait_ns in zip(batchers, (2_000, 4_000), strict=False):
        assert batcher.on_quotes(0, 0)
        batcher.on_batch(wait_ns, 0)
    assert frame_to_quote_p50_us(batchers) == 3.0
    assert frame_to_quote_p50_us([]) == 0.0


def test_lanes_share_the_pace_of_their_process() -> None:
    """A burst of all of them holds each of them longer."""
    pace = Pace()
    holds = [Batcher(pace).hold_ns(0) for _ in range(14)]
    assert holds[0] == MS
    assert holds[-1] > 2 * MS
