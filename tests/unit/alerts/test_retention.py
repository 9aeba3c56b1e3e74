"""What a round of retention forgets, and counts."""

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest

from crossbook.alerts import retention as module
from crossbook.alerts.counters import Counters
from crossbook.alerts.retention import BATCH_ROWS, KEPT, Retention
from crossbook.alerts.store.alerts import AlertStore
from crossbook.alerts.store.deliveries import DeliveryStore
from crossbook.alerts.store.stores import Stores
from crossbook.plumbing.errors import UnavailableError
from tests.support.waiting import eventually


class Old(AlertStore):
    """So many alerts that may be forgotten."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.asked: set[tuple[float, int]] = set()

    async def forget(self, age_seconds: float, kept: int, limit: int) -> int:
        self.asked.add((age_seconds, kept))
        forgotten = min(limit, self.count)
        self.count -= forgotten
        return forgotten


class Pauses(DeliveryStore):
    """Away as often as it is told."""

    def __init__(self, outages: int = 0) -> None:
        self.outages = outages
        self.forgotten = 0

    async def forget_pauses(self) -> None:
        if self.outages:
            self.outages -= 1
            raise UnavailableError("Postgres cannot be reached")
        self.forgotten += 1

    async def forget_destinations(self, age_seconds: float, limit: int) -> None:
        assert age_seconds > 0 < limit


class Kept:
    """So many groups, silences or suppressions that may be forgotten."""

    def __init__(self, count: int = 0) -> None:
        self.count = count

    async def forget(self, age_seconds: float, limit: int = 1) -> int:
        forgotten = min(limit, self.count)
        self.count -= forgotten
        return forgotten


def stores(alerts: Old, pauses: Pauses, kept: Kept | None = None) -> Stores:
    kept = kept or Kept()
    found = SimpleNamespace(alerts=alerts, deliveries=pauses, groups=kept, silences=kept, suppressions=kept)
    return cast(Stores, found)


async def test_a_round_forgets_all_that_is_old_in_batches() -> None:
    """With the pauses of destinations that are over; every alert is counted once."""
    store, pauses, counters = Old(2 * BATCH_ROWS + 5), Pauses(), Counters()
    kept = Kept(2 * BATCH_ROWS + 7)
    assert await Retention(stores(store, pauses, kept), counters, 86_400.0).forget() == 2 * BATCH_ROWS + 5
    assert kept.count == 0
    assert (store.count, counters.forgotten, pauses.forgotten) == (0, 2 * BATCH_ROWS + 5, 1)
    assert store.asked == {(86_400.0, KEPT)}


async def test_what_a_round_cannot_do_the_next_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Postgres may be away for some rounds."""
    monkeypatch.setattr(module, "INTERVAL_SECONDS", 0.0)
    store, counters = Old(3), Counters()
    task = asyncio.create_task(Retention(stores(store, Pauses(outages=2)), counters, 1.0).run())
    await eventually(lambda: counters.forgotten == 3)
    task.cancel()
