"""Forgets rows that are older than their retention or too many, events and lives alike, in batches, on a schedule."""

import asyncio
from typing import Protocol

import structlog

from crossbook.plumbing.errors import UnavailableError

INTERVAL_SECONDS = 60.0
BATCH_ROWS = 5_000
MAX_EVENTS = 500_000  # about half a gigabyte
MAX_LIVES = 2_000_000  # about two gigabytes

log = structlog.get_logger()


class Forgetting(Protocol):
    """A store whose oldest rows go."""

    async def forget(self, age_seconds: float, kept: int, limit: int) -> int:
        """At most `limit`, those beyond the newest `kept` whatever their age; how many. Raises UnavailableError."""


async def keep_rows(store: Forgetting, rows: str, seconds: float, kept: int) -> None:
    """Until cancelled; what a round cannot do is left to the next. `rows` is what they are called in the log."""
    while True:
        try:
            await forget_rows(store, rows, seconds, kept)
        except UnavailableError as error:
            log.warning("retention_failed", rows=rows, reason=str(error))
        await asyncio.sleep(INTERVAL_SECONDS)


async def forget_rows(store: Forgetting, rows: str, seconds: float, kept: int) -> int:
    """One round; the number of rows forgotten. Raises UnavailableError."""
    total = 0
    while forgotten := await store.forget(seconds, kept, BATCH_ROWS):
        total += forgotten
    if total:
        log.info("old_rows_forgotten", **{rows: total})
    return total
