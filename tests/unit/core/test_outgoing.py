"""What a lane sends with, through the binding; the rules themselves are tested in Rust."""

import pytest

from crossbook._core import Batcher, Outbox, OutgoingBatch, Pace, SequenceError, UplinkState, frame_to_quote_p50_us
from crossbook.pb.v1.aggregator_pb2 import Acknowledgement, IngestQuotesResponse, ResumePoint

MS = 1_000_000


class Notes:
    """A journal."""

    def __init__(self) -> None:
        self.appended: list[tuple[int, bytes]] = []
        self.acknowledged: list[int] = []

    def append(self, sequence: int, payload: bytes) -> None:
        self.appended.append((sequence, payload))

    def acknowledge(self, sequence: int) -> None:
        self.acknowledged.append(sequence)


def resume(next_sequence: int, are_quotes_missing: bool = False) -> bytes:
    point = ResumePoint(next_sequence=next_sequence, are_quotes_missing=are_quotes_missing)
    return IngestQuotesResponse(resume=point).SerializeToString()


def acknowledgement(sequence: int) -> bytes:
    return IngestQuotesResponse(acknowledgement=Acknowledgement(committed_sequence=sequence)).SerializeToString()


def test_a_stream_from_its_hello_to_its_acknowledgement() -> None:
    """The journal hears of both ends of a batch's life."""
    notes = Notes()
    outbox = Outbox(1 << 20, notes, first_sequence=5)
    outbox.append(OutgoingBatch(5, 2, b"five"))
    state = UplinkState(outbox)
    assert state.tell_health(b"health")
    assert state.begin() == 5
    resumed = state.on_answer(resume(5, are_quotes_missing=True))
    assert resumed is not None
    assert (resumed.next_sequence, resumed.oldest_sequence, resumed.are_quotes_missing) == (5, 5, True)
    assert [state.next_message() for _ in range(3)] == [b"health", b"five", None]
    assert state.on_answer(acknowledgement(5)) is None
    outbox.settle()
    assert (notes.appended, notes.acknowledged) == ([(5, b"five")], [5])
    assert (len(outbox), outbox.oldest_sequence, outbox.next_sequence) == (0, 6, 6)


def test_what_is_lost_is_counted() -> None:
    """In batches and in quotes; the newest is kept."""
    outbox = Outbox(10)
    for sequence in (1, 2, 3):
        outbox.append(OutgoingBatch(sequence, 7, b"x"))
    assert (outbox.dropped_batches, outbox.dropped_rows, outbox.get(2)) == (2, 14, None)
    held = outbox.get(3)
    assert held is not None
    assert (held.sequence, held.rows, held.payload) == (3, 7, b"x")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (resume(9), "wants 9, but the next is 1"),
        (acknowledgement(1), "no resume point"),
        (b"", "no resume point"),
        (b"\xff", "does not read"),
    ],
)
def test_an_answer_that_makes_no_sense_ends_the_connection(answer: bytes, words: str) -> None:
    """As SequenceError: open the stream again and resume."""
    state = UplinkState(Outbox(1))
    state.begin()
    with pytest.raises(SequenceError, match=words):
        state.on_answer(answer)
    assert not state.is_connected


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
    assert holds[-1] == 7 * MS
