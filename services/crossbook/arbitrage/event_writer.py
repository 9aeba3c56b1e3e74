"""Carries events from memory to the log in Postgres, behind the readers' back: nobody who watches waits for it.

One transaction is under way at a time, with what waits, so an event is safe one commit after it was told. While
Postgres is away events wait here; beyond WAITING_LIMIT the oldest go, and that is said.
"""

import asyncio
from collections import deque

import structlog

from crossbook.arbitrage.event_log import LoggedEvent
from crossbook.arbitrage.store.events import EventStore
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.retry import backoff

WAITING_LIMIT = 100_000
EVENTS_AT_A_TIME = 128  # what the event loop is kept from its readers for: about a millisecond
ALIVE_SECONDS = 1.0
HOLD_SECONDS = 0.02  # between two writes: a transaction costs about 0.6 ms of this process, however many events it has
RETRY_BASE_SECONDS = 0.1
RETRY_CAP_SECONDS = 2.0

log = structlog.get_logger()


class EventWriter:
    """`log_id` is the writer's name: the one in its tokens."""

    def __init__(self, store: EventStore, log_id: str, clock: Clock, limit: int = WAITING_LIMIT) -> None:
        self._store = store
        self._log_id = log_id
        self._clock = clock
        self._waiting: deque[LoggedEvent] = deque(maxlen=limit)
        self._changed = asyncio.Event()
        self._attempt = 0
        self.safe_number = 0  # what was told up to here is in Postgres, or was dropped
        self.dropped = 0

    @property
    def waiting(self) -> int:
        """Events that are not safe yet."""
        return len(self._waiting)

    def put(self, event: LoggedEvent) -> None:
        """Never waits."""
        if len(self._waiting) == self._waiting.maxlen:
            self.dropped += 1
            if self.dropped == 1:
                log.error("events_not_logged", reason="Postgres was away for too long", limit=self._waiting.maxlen)
        self._waiting.append(event)
        self._changed.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.write()
            except Exception as error:
                await self._pause(error)
                continue
            await asyncio.sleep(HOLD_SECONDS)
            if not self._waiting:
                await self._quiet()

    async def write(self) -> None:
        """One transaction with the oldest that wait, and a sign of life. Raises UnavailableError: they wait on."""
        events = [self._waiting[index] for index in range(min(EVENTS_AT_A_TIME, len(self._waiting)))]
        await self._store.append(self._log_id, self._clock.now_ns(), events)
        while self._waiting and events and self._waiting[0].number <= events[-1].number:
            self._waiting.popleft()
        if events:
            self.safe_number = events[-1].number
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
        try:
            async with asyncio.timeout(ALIVE_SECONDS):
                await self._changed.wait()
        except TimeoutError:
            pass
