"""Forgets events of the log that are older than their retention or too many, in batches, on a schedule."""

import asyncio

import structlog

from crossbook.arbitrage.store.events import EventStore
from crossbook.plumbing.errors import UnavailableError

INTERVAL_SECONDS = 60.0
BATCH_ROWS = 5_000
MAX_ROWS = 500_000  # about half a gigabyte

log = structlog.get_logger()


async def keep_events(store: EventStore, seconds: float) -> None:
    """Until cancelled; what a round cannot do is left to the next."""
    while True:
        try:
            await forget_events(store, seconds)
        except UnavailableError as error:
            log.warning("event_retention_failed", reason=str(error))
        await asyncio.sleep(INTERVAL_SECONDS)


async def forget_events(store: EventStore, seconds: float, kept: int = MAX_ROWS) -> int:
    """One round; the number of events forgotten. Raises UnavailableError."""
    total = 0
    while forgotten := await store.forget(seconds, kept, BATCH_ROWS):
        total += forgotten
    if total:
        log.info("old_events_forgotten", events=total)
    return total
