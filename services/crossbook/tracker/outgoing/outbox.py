"""Batches that the aggregator has not yet acknowledged, oldest first, bounded by bytes.

When it is full the oldest batches are dropped and counted: the newest quotes are worth most, and the aggregator learns
from the next hello's oldest_sequence which windows miss some. Nothing here ever waits.
"""

from collections import deque
from dataclasses import dataclass
from typing import Protocol

# How full it is left by `make_room`.
ROOMY_FRACTION = 0.75
# What a batch costs beside its payload: the objects that hold it.
BATCH_OVERHEAD_BYTES = 256


@dataclass(frozen=True, slots=True)
class Batch:
    """One encoded batch of the stream."""

    sequence: int
    rows: int
    payload: bytes

    @property
    def cost(self) -> int:
        """What it counts for in the bound."""
        return len(self.payload) + BATCH_OVERHEAD_BYTES


class Journal(Protocol):
    """Who keeps the batches elsewhere as well."""

    def append(self, sequence: int, payload: bytes) -> None:
        """The next one."""

    def acknowledge(self, sequence: int) -> None:
        """Those up to it need not be kept."""


class Outbox:
    """Sequences within are contiguous."""

    def __init__(self, max_bytes: int, journal: Journal | None = None, *, first_sequence: int = 1) -> None:
        self._max_bytes = max_bytes
        self._batches: deque[Batch] = deque()
        self._bytes = 0
        self._next_sequence = first_sequence
        self._journal = journal
        self.dropped_batches = 0
        self.dropped_rows = 0

    def __len__(self) -> int:
        return len(self._batches)

    @property
    def bytes(self) -> int:
        """What is held, in the terms of the bound."""
        return self._bytes

    @property
    def oldest_sequence(self) -> int:
        """Of the oldest batch held; the one that comes next when none is."""
        return self._next_sequence - len(self._batches)

    @property
    def next_sequence(self) -> int:
        """Of the batch that comes next."""
        return self._next_sequence

    def append(self, batch: Batch) -> None:
        """Takes the next batch; the newest is kept even if it alone exceeds the bound."""
        assert batch.sequence == self._next_sequence
        self._batches.append(batch)
        self._bytes += batch.cost
        self._next_sequence += 1
        if self._journal is not None:
            self._journal.append(batch.sequence, batch.payload)
        self._drop_beyond(self._max_bytes)

    def make_room(self) -> None:
        """Drops the oldest until some room is left.

        A full outbox loses its oldest with every batch that comes: a stream would find the batch gone from which it has
        just agreed to resume, again and again.
        """
        self._drop_beyond(int(self._max_bytes * ROOMY_FRACTION))

    def acknowledge(self, sequence: int) -> None:
        """Forgets every batch up to and including this one."""
        while self._batches and self._batches[0].sequence <= sequence:
            self._forget_oldest()
        if self._journal is not None:
            self._journal.acknowledge(sequence)

    def get(self, sequence: int) -> Batch | None:
        """The batch, or None when it is dropped, forgotten or not yet there."""
        index = sequence - self.oldest_sequence
        return self._batches[index] if 0 <= index < len(self._batches) else None

    def _drop_beyond(self, max_bytes: int) -> None:
        while self._bytes > max_bytes and len(self._batches) > 1:
            dropped = self._forget_oldest()
            self.dropped_batches += 1
            self.dropped_rows += dropped.rows

    def _forget_oldest(self) -> Batch:
        batch = self._batches.popleft()
        self._bytes -= batch.cost
        return batch
