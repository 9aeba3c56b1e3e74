"""Forgets alerts that are older than their retention, with their deliveries, on a schedule and in batches.

The newest KEPT stay whatever their age, and so does an alert of which a delivery is still to be made. Deliveries that
were given up go with their alert: they can be redriven until then.
"""

import asyncio

import structlog

from crossbook.alerts.counters import Counters
from crossbook.alerts.store.alerts import AlertStore
from crossbook.alerts.store.deliveries import DeliveryStore
from crossbook.plumbing.errors import UnavailableError

INTERVAL_SECONDS = 60.0
BATCH_ROWS = 1_000
KEPT = 100

log = structlog.get_logger()


class Retention:
    """Any number of replicas may do it at the same time."""

    def __init__(self, store: AlertStore, deliveries: DeliveryStore, counters: Counters, seconds: float) -> None:
        self._store = store
        self._deliveries = deliveries
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
        await self._deliveries.forget_pauses()
        await self._deliveries.forget_destinations(self._seconds, BATCH_ROWS)
        while forgotten := await self._store.forget(self._seconds, KEPT, BATCH_ROWS):
            total += forgotten
            self._counters.forgotten += forgotten
        if total:
            log.info("old_alerts_forgotten", alerts=total)
        return total
