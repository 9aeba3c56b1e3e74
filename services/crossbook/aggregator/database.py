"""Watches whether Postgres takes our work, and tells health checkers and operators when that changes."""

import asyncio
from collections.abc import Callable

import structlog

from crossbook.aggregator.store.store import Store
from crossbook.aggregator.totals import Totals
from crossbook.plumbing.grpc.server import RunningServer

PROBE_INTERVAL_SECONDS = 1.0
PROBE_DEADLINE_SECONDS = 5.0

log = structlog.get_logger()


class DatabaseWatch:
    """Not serving while Postgres is away or refuses windows; ingest goes on meanwhile and its windows wait.

    `read_failure` says why windows cannot be committed, in words, and nothing while they can: Postgres may answer and
    yet take no writes, as when its disk is full or it is a replica.
    """

    def __init__(
        self,
        store: Store,
        totals: Totals,
        server: RunningServer,
        service_name: str,
        read_failure: Callable[[], str],
    ) -> None:
        self._store = store
        self._read_failure = read_failure
        self._totals = totals
        self._server = server
        self._service_names = ("", service_name)
        self._reason: str | None = "not asked yet"

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            async with asyncio.TaskGroup() as group:
                probe = group.create_task(self._probe())
                await asyncio.wait((probe,), timeout=PROBE_DEADLINE_SECONDS)
                # Before the cancel: on a connection whose server hangs, that takes as long again, twice.
                await self._note(probe.result() if probe.done() else "Postgres does not answer")
                probe.cancel()
            await asyncio.sleep(PROBE_INTERVAL_SECONDS)

    async def _probe(self) -> str | None:
        """Why it cannot be used, None when it can."""
        try:
            await self._store.ping()
        except Exception as error:
            return str(error) or type(error).__name__
        return self._read_failure() or None

    async def _note(self, reason: str | None) -> None:
        was_available, is_available = self._reason is None, reason is None
        if reason != self._reason and not is_available:
            log.error("database_unavailable", reason=reason)
        if is_available and not was_available:
            log.info("database_available")
        self._reason = reason
        self._totals.is_database_available = is_available
        if is_available != was_available:
            for name in self._service_names:
                await self._server.set_serving(name, is_available)
