"""Forgets alerts and groups that are older than their retention, with their deliveries, on a schedule and in batches.

With them go silences that were over for as long, and what was not told and why.

The newest KEPT stay whatever their age, and so does an alert of which a delivery is still to be made. Deliveries that
were given up go with their alert: they can be redriven until then.
"""

import asyncio

import structlog

from crossbook.alerts.counters import Counters
from crossbook.alerts.store.stores import Stores
from crossbook.plumbing.errors import UnavailableError

INTERVAL_SECONDS = 60.0
BATCH_ROWS = 1_000
KEPT = 100

log = structlog.get_logger()


class Retention:
    """Any number of replicas may do it at the same time."""

    def __init__(self, stores: Stores, counters: Counters, seconds: float) -> None:
        self._stores = stores
        self._counters = counters
        self._seconds = seconds

    async def run(self) -> None:
        """Until cancelled; what a round cannot do is left to the next."""
        while True:
            try:
                await self.forget()
            except UnavailableError as error:
                log.warning("retention_failed", reason=str(error))
            await asyncio.sleep(INTERVAL_SECONDS)

    async def forget(self) -> int:
        """One round; gives the number of alerts forgotten. Raises UnavailableError."""
        total = 0
        await self._stores.deliveries.forget_pauses()
        await self._stores.deliveries.forget_destinations(self._seconds, BATCH_ROWS)
        while forgotten := await self._stores.alerts.forget(self._seconds, KEPT, BATCH_ROWS):
            total += forgotten
            self._counters.forgotten += forgotten
        while await self._stores.groups.forget(self._seconds, BATCH_ROWS):
            pass
        while await self._stores.suppressions.forget(self._seconds, BATCH_ROWS):
            pass
        await self._stores.silences.forget(self._seconds)
        if total:
            log.info("old_alerts_forgotten", alerts=total)
        return total
