"""The buffer of what is not yet acknowledged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossbook.tracker.outgoing.outbox import BATCH_OVERHEAD_BYTES, Batch, Outbox


def batch(sequence: int, size: int = 100, rows: int = 1) -> Batch:
    return Batch(sequence, rows, bytes(size))


def filled(count: int, max_bytes: int = 1 << 20) -> Outbox:
    outbox = Outbox(max_bytes)
    for sequence in range(1, count + 1):
        outbox.append(batch(sequence))
    return outbox


def test_an_empty_one_says_that_it_will_give_the_next() -> None:
    """With nothing held, the oldest that can be sent is the one that comes next."""
    assert (Outbox(1).oldest_sequence, filled(0).next_sequence) == (1, 1)


def test_an_acknowledgement_forgets_all_up_to_it() -> None:
    """Older batches go with it; a later acknowledgement of something older changes nothing."""
    outbox = filled(5)
    outbox.acknowledge(3)
    outbox.acknowledge(1)
    assert (outbox.oldest_sequence, len(outbox)) == (4, 2)
    assert outbox.get(3) is None
    outbox.acknowledge(99)
    assert (outbox.oldest_sequence, outbox.bytes) == (6, 0)


def test_a_full_one_drops_the_oldest_and_counts_its_rows() -> None:
    """The newest stay; what is lost is counted in batches and in quotes."""
    outbox = Outbox(3 * (100 + BATCH_OVERHEAD_BYTES))
    for sequence in range(1, 6):
        outbox.append(batch(sequence, rows=10 * sequence))
    assert [held.sequence for n in range(1, 6) if (held := outbox.get(n))] == [3, 4, 5]
    assert (outbox.dropped_batches, outbox.dropped_rows) == (2, 30)


def test_a_batch_larger_than_the_bound_is_kept_alone() -> None:
    """The newest batch is never the one that is dropped."""
    outbox = Outbox(10)
    outbox.append(batch(1))
    outbox.append(batch(2, size=5000))
    assert (outbox.oldest_sequence, len(outbox)) == (2, 1)


def test_room_is_made_by_dropping_the_oldest() -> None:
    """A quarter of the bound is free afterwards; where it is free already, nothing is dropped."""
    outbox = Outbox(10_000)
    for sequence in range(1, 101):
        outbox.append(batch(sequence))
    dropped = outbox.dropped_batches
    outbox.make_room()
    assert outbox.bytes <= 7_500 < outbox.bytes + 2 * batch(1).cost
    assert (outbox.oldest_sequence, outbox.next_sequence) == (outbox.dropped_batches + 1, 101)
    assert outbox.dropped_batches > dropped
    dropped = outbox.dropped_batches
    outbox.make_room()
    assert outbox.dropped_batches == dropped


def test_a_hole_in_the_sequence_is_a_bug() -> None:
    """Only the next sequence is taken."""
    with pytest.raises(AssertionError):
        filled(2).append(batch(4))


@given(st.lists(st.one_of(st.integers(0, 500), st.just(-1)), max_size=60))
def test_it_always_holds_a_contiguous_tail_within_its_bound(operations: list[int]) -> None:
    """Whatever is appended (a size) or acknowledged (-1: the oldest), what is held is the newest, without holes."""
    outbox, sequence = Outbox(2000), 0
    for operation in operations:
        if operation < 0:
            outbox.acknowledge(outbox.oldest_sequence)
        else:
            sequence += 1
            outbox.append(batch(sequence, size=operation))
        held = [outbox.get(number) for number in range(outbox.oldest_sequence, outbox.next_sequence)]
        assert [one.sequence for one in held if one] == list(range(outbox.oldest_sequence, sequence + 1))
        assert outbox.bytes == sum(one.cost for one in held if one)
        assert outbox.bytes <= 2000
