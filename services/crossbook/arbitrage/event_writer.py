"""Carries events from memory to the log in Postgres, behind the readers' back: nobody who watches waits for it.

One transaction is under way at a time, with what waits, so an event is safe one commit after it was told. While
Postgres is away events wait in the core; beyond its UNWRITTEN_LIMIT the oldest go, and that is said.
"""

import asyncio

import structlog

from crossbook._core import UNWRITTEN_LIMIT, SharedScan
from crossbook.arbitrage.store.events import EventStore
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.retry import backoff
from crossbook.plumbing.tasks import set_within

EVENTS_AT_A_TIME = 128  # what the event loop is kept from its readers for: about a millisecond
ALIVE_SECONDS = 1.0
HOLD_SECONDS = 0.02  # between two writes: a transaction costs about 0.6 ms of this process, however many events it has
RETRY_BASE_SECONDS = 0.1
RETRY_CAP_SECONDS = 2.0

log = structlog.get_logger()


class EventWriter:
    """Writes what waits in the scan. Its name is the one in the scan's tokens."""

    def __init__(self, store: EventStore, scanner: SharedScan, clock: Clock) -> None:
        self._store = store
        self._scanner = scanner
        self._log_id = scanner.log_id
        self._clock = clock
        self._changed = asyncio.Event()
        self._attempt = 0
        self._has_lost = False

    @property
    def waiting(self) -> int:
        """Events that are not safe yet."""
        return self._scanner.writing()[0]

    @property
    def dropped(self) -> int:
        """Events that never will be."""
        return self._scanner.writing()[1]

    def on_news(self) -> None:
        """There may be something to write. Never waits."""
        self._changed.set()
        if not self._has_lost and self.dropped:
            self._has_lost = True
            log.error("events_not_logged", reason="Postgres was away for too long", limit=UNWRITTEN_LIMIT)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.write()
            except Exception as error:
                await self._pause(error)
                continue
            await asyncio.sleep(HOLD_SECONDS)
            if not self.waiting:
                await self._quiet()

    async def write(self) -> None:
        """One transaction with the oldest that wait, and a sign of life. Raises UnavailableError: they wait on."""
        events = self._scanner.unwritten(EVENTS_AT_A_TIME)
        await self._store.append(self._log_id, self._clock.now_ns(), events)
        if events:
            self._scanner.on_written(events[-1].number)
        if self._attempt:
            log.info("event_log_written_again", waiting=self.waiting, dropped=self.dropped)
        self._attempt = 0

    async def _pause(self, error: Exception) -> None:
        """Whatever went wrong, the events stay."""
        if self._attempt == 0:
            is_known = isinstance(error, UnavailableError)
            log.warning(
                "event_log_waits", reason=str(error) if is_known else type(error).__name__, exc_info=not is_known
            )
        await asyncio.sleep(backoff(self._attempt, RETRY_BASE_SECONDS, RETRY_CAP_SECONDS))
        self._attempt += 1

    async def _quiet(self) -> None:
        self._changed.clear()
        await set_within(self._changed, ALIVE_SECONDS)
