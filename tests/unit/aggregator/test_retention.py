"""What retention deletes, and when it leaves everything alone."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from crossbook.aggregator import retention
from crossbook.aggregator.retention import BATCH_ROWS, SETTLED_SECONDS, delete_expired, keep_retention
from crossbook.aggregator.store.store import RestorePoint
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.settings import AggregatorSettings
from crossbook.plumbing.timestamps import SECOND_NS
from tests.support.aggregator.memory_store import MemoryStore
from tests.support.waiting import eventually

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SETTINGS = AggregatorSettings(snapshot_retention_seconds=3_600, minute_retention_seconds=86_400)


class Rows(MemoryStore):
    """So many old rows of every venue."""

    def __init__(self, snapshots: int, minutes: int) -> None:
        super().__init__()
        self.points = {venue: RestorePoint("s", 1, 1, []) for venue in ("alpha", "beta")}
        self.left = {(venue, kind): n for venue in self.points for kind, n in (("s", snapshots), ("m", minutes))}
        self.asked: list[tuple[str, str, datetime]] = []

    async def delete_snapshots(self, venue: str, until: datetime, limit: int) -> int:
        return self._delete(venue, "s", until, limit)

    async def delete_minutes(self, venue: str, until: datetime, limit: int) -> int:
        return self._delete(venue, "m", until, limit)

    def _delete(self, venue: str, kind: str, until: datetime, limit: int) -> int:
        self._break()
        self.asked.append((venue, kind, until))
        deleted = min(limit, self.left[venue, kind])
        self.left[venue, kind] -= deleted
        return deleted


async def test_a_round_deletes_all_that_is_too_old_of_every_venue() -> None:
    """In as many batches as it takes, windows and minutes each by their own age."""
    rows = Rows(snapshots=2 * BATCH_ROWS + 1, minutes=3)
    assert await delete_expired(rows, SETTINGS, NOW) == (2 * (2 * BATCH_ROWS + 1), 6)
    assert set(rows.left.values()) == {0}
    ages = {(kind, NOW - until) for _, kind, until in rows.asked}
    assert ages == {("s", timedelta(hours=1)), ("m", timedelta(days=1))}


class Settling(Clock):
    """A clock that was set some time ago."""

    settled = 0.0

    @property
    def settled_seconds(self) -> float:
        return self.settled


async def test_nothing_is_deleted_by_a_clock_that_has_just_been_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """By it everything may look old; once it has stood for a while retention begins, at its time."""
    settings = SETTINGS.model_copy(update={"retention_interval_seconds": 0.001})
    rows, clock = Rows(snapshots=1, minutes=1), Settling(wall=lambda: int(NOW.timestamp()) * SECOND_NS)
    rounds = 0
    original = asyncio.sleep

    async def counted(seconds: float) -> None:
        nonlocal rounds
        rounds += 1
        await original(seconds)

    monkeypatch.setattr(retention.asyncio, "sleep", counted)
    task = asyncio.create_task(keep_retention(rows, settings, clock))
    await eventually(lambda: rounds >= 3)
    assert rows.asked == []
    clock.settled = SETTLED_SECONDS
    await eventually(lambda: set(rows.left.values()) == {0})
    assert {NOW - until for _, kind, until in rows.asked if kind == "s"} == {timedelta(hours=1)}
    task.cancel()


async def test_a_round_that_fails_is_made_up_for_by_the_next() -> None:
    """Postgres may be away for a while."""
    rows = Rows(snapshots=1, minutes=1)
    rows.errors = [UnavailableError("away"), RuntimeError("closed")]
    settings = SETTINGS.model_copy(update={"retention_interval_seconds": 0.001})
    task = asyncio.create_task(keep_retention(rows, settings, Clock()))
    await eventually(lambda: set(rows.left.values()) == {0})
    task.cancel()
