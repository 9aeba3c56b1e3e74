"""What a round forgets of the log of events."""

import asyncio

import pytest

from crossbook.arbitrage import event_retention as module
from crossbook.arbitrage.event_retention import BATCH_ROWS, MAX_ROWS, forget_events, keep_events
from crossbook.arbitrage.store.events import EventStore
from crossbook.plumbing.errors import UnavailableError
from tests.support.waiting import eventually


class Old(EventStore):
    """So many events that may be forgotten."""

    def __init__(self, count: int, outages: int = 0) -> None:
        self.count = count
        self.outages = outages
        self.asked: set[tuple[float, int]] = set()

    async def forget(self, seconds: float, kept: int, limit: int) -> int:
        if self.outages:
            self.outages -= 1
            raise UnavailableError("Postgres cannot be reached")
        self.asked.add((seconds, kept))
        forgotten = min(limit, self.count)
        self.count -= forgotten
        return forgotten


async def test_a_round_forgets_all_that_is_old_or_too_much() -> None:
    """In batches, and the number is told."""
    store = Old(2 * BATCH_ROWS + 1)
    assert await forget_events(store, 3600.0) == 2 * BATCH_ROWS + 1
    assert (store.count, store.asked) == (0, {(3600.0, MAX_ROWS)})


async def test_what_a_round_cannot_do_the_next_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Postgres may be away for some rounds."""
    monkeypatch.setattr(module, "INTERVAL_SECONDS", 0.0)
    store = Old(3, outages=2)
    task = asyncio.create_task(keep_events(store, 1.0))
    await eventually(lambda: store.count == 0)
    task.cancel()
