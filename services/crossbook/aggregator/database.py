"""Watches whether Postgres takes our work, and tells health checkers and operators when that changes."""

import asyncio
from collections.abc import Callable

from crossbook.aggregator.counters import Counters
from crossbook.aggregator.store.store import Store
from crossbook.plumbing.grpc.health import ServiceHealth

PROBE_INTERVAL_SECONDS = 1.0
PROBE_DEADLINE_SECONDS = 5.0
POSTGRES = "postgres"  # the part of the health


class DatabaseWatch:
    """Not serving while Postgres is away or refuses windows; ingest goes on meanwhile and its windows wait.

    `read_failure` says why windows cannot be committed, in words, and nothing while they can: Postgres may answer and
    yet take no writes, as when its disk is full or it is a replica.
    """

    def __init__(
        self,
        store: Store,
        counters: Counters,
        health: ServiceHealth,
        read_failure: Callable[[], str],
    ) -> None:
        self._store = store
        self._read_failure = read_failure
        self._counters = counters
        self._health = health

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            async with asyncio.TaskGroup() as group:
                probe = group.create_task(self._probe())
                await asyncio.wait((probe,), timeout=PROBE_DEADLINE_SECONDS)
                # Before the cancel: on a connection whose server hangs, that takes as long again, twice.
                await self._tell(probe.result() if probe.done() else "Postgres does not answer")
                probe.cancel()
            await asyncio.sleep(PROBE_INTERVAL_SECONDS)

    async def _probe(self) -> str:
        """Why it cannot be used; nothing when it can."""
        try:
            await self._store.ping()
        except Exception as error:
            return str(error) or type(error).__name__
        return self._read_failure()

    async def _tell(self, reason: str) -> None:
        self._counters.is_database_available = not reason
        await self._health.tell(POSTGRES, reason)
