"""Deletes windows and minutes that are older than their retention, on a schedule, in batches that hold no lock long."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from crossbook.aggregator.store.moments import to_datetime
from crossbook.aggregator.store.store import Store
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.settings import AggregatorSettings

BATCH_ROWS = 5_000
# By a clock that has just been set, everything may look old: somebody may yet set it right.
SETTLED_SECONDS = 600.0

Delete = Callable[[str, datetime, int], Awaitable[int]]

log = structlog.get_logger()


async def keep_retention(store: Store, settings: AggregatorSettings, clock: Clock) -> None:
    """Until it is cancelled; a round that fails is logged and the next one makes up for it."""
    while True:
        try:
            if clock.settled_seconds >= SETTLED_SECONDS:
                await delete_expired(store, settings, to_datetime(clock.now_ns()))
        except Exception as error:
            log.warning("retention_failed", error=str(error) or type(error).__name__)
        await asyncio.sleep(settings.retention_interval_seconds)


async def delete_expired(store: Store, settings: AggregatorSettings, now: datetime) -> tuple[int, int]:
    """One round; gives the numbers of snapshots and minutes deleted."""
    snapshots = minutes = 0
    for venue in await store.list_venues():
        until = now - timedelta(seconds=settings.snapshot_retention_seconds)
        snapshots += await _delete_all(store.delete_snapshots, venue, until)
        until = now - timedelta(seconds=settings.minute_retention_seconds)
        minutes += await _delete_all(store.delete_minutes, venue, until)
    if snapshots or minutes:
        log.info("expired_rows_deleted", snapshots=snapshots, minutes=minutes)
    return snapshots, minutes


async def _delete_all(delete: Delete, venue: str, until: datetime) -> int:
    total = 0
    while deleted := await delete(venue, until, BATCH_ROWS):
        total += deleted
    return total
