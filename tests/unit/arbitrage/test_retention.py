"""What a round forgets of events and lives."""

import asyncio

import pytest

from crossbook.arbitrage import retention as module
from crossbook.arbitrage.retention import BATCH_ROWS, forget_rows, keep_rows
from crossbook.plumbing.errors import UnavailableError
from tests.support.waiting import eventually


class Old:
    """So many rows that may be forgotten."""

    def __init__(self, count: int, outages: int = 0) -> None:
        self.count = count
        self.outages = outages
        self.asked: set[tuple[float, int]] = set()

    async def forget(self, age_seconds: float, kept: int, limit: int) -> int:
        if self.outages:
            self.outages -= 1
            raise UnavailableError("Postgres cannot be reached")
        self.asked.add((age_seconds, kept))
        forgotten = min(limit, self.count)
        self.count -= forgotten
        return forgotten


async def test_a_round_forgets_all_that_is_old_or_too_much() -> None:
    """In batches, and the number is told."""
    store = Old(2 * BATCH_ROWS + 1)
    assert await forget_rows(store, "events", 3600.0, 9) == 2 * BATCH_ROWS + 1
    assert (store.count, store.asked) == (0, {(3600.0, 9)})


async def test_what_a_round_cannot_do_the_next_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Postgres may be away for some rounds."""
    monkeypatch.setattr(module, "INTERVAL_SECONDS", 0.0)
    store = Old(3, outages=2)
    task = asyncio.create_task(keep_rows(store, "events", 1.0, 9))
    await eventually(lambda: store.count == 0)
    task.cancel()
