"""Carries events from the log in Postgres into lives, a page at a time, whoever wrote them.

What is in the log is not lost: the position moves in the transaction that writes the lives, and the log forgets nothing
that lies behind it (but for its bound of rows). So a process that is killed, or a Postgres that is away, costs time.
What a dead writer held open, and nobody here sees open, ends at the last moment at which its writer was alive; should
an event of it come after all, it goes on as if nothing had been.
"""

import asyncio
import time
from collections.abc import Callable, Sequence

import structlog

from crossbook._core import carry_on
from crossbook.arbitrage.store.lives import LifeStore
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.errors import UnavailableError

PAGE = 2_048  # a life is read and written once for all of its events in a page; fetching them keeps the loop for 3 ms
INTERVAL_SECONDS = 1.0
UNWATCHED_SECONDS = 5.0  # between two looks for those whose writer is gone
SILENT_SECONDS = 15.0  # a writer that lives says so every second, and waits 2 s at most to say it again
UNWATCHED_AT_A_TIME = 1_000

log = structlog.get_logger()


class LifeKeeper:
    """One of any number; they take turns. `open_here` gives the ids that this process sees open."""

    def __init__(self, store: LifeStore, writer: str, open_here: Callable[[], Sequence[str]]) -> None:
        self._store = store
        self._writer = writer
        self._open_here = open_here
        self._is_waiting = False
        self.events = 0  # taken into lives by this process

    async def run(self) -> None:
        """Until cancelled."""
        looked_at = 0.0
        while True:
            try:
                await self._take_all()
                if time.monotonic() - looked_at >= UNWATCHED_SECONDS:
                    await self.end_unwatched()
                    looked_at = time.monotonic()
                self._tell("")
            except UnavailableError as error:
                self._tell(str(error))
            await asyncio.sleep(INTERVAL_SECONDS)

    async def _take_all(self) -> None:
        """Each page is a statement's wait at least, so the loop has its turns between them."""
        taken = PAGE
        while taken == PAGE:
            taken = await self.take_page()

    async def take_page(self) -> int:
        """Takes the next events of the log, and says how many. Raises UnavailableError, and then took none."""
        async with self._store.making() as making:
            rows = await making.events(PAGE) if making else []
            if making is None or not rows:
                return 0
            known = await making.known({row.opportunity_id for row in rows})
            changed, new = carry_on(known, [(row.writer, row.payload) for row in rows])
            await making.keep(new, changed, rows[-1].id)
        self.events += len(rows)
        return len(rows)

    async def end_unwatched(self) -> int:
        """Ends what nobody watches any more, and says how many. Raises UnavailableError."""
        async with self._store.making() as making:
            if making is None:
                return 0
            gone = await making.unwatched(self._writer, self._open_here(), SILENT_SECONDS, UNWATCHED_AT_A_TIME)
            until = dict(gone)
            lives = await making.known(until) if until else []
            ended = [life.ended(until[life.id], pb.REFUSAL_REASON_NOT_LIVE, is_censored=True) for life in lives]
            await making.keep([], ended, making.position)
        return len(ended)

    def _tell(self, reason: str) -> None:
        if bool(reason) != self._is_waiting:
            self._is_waiting = bool(reason)
            if reason:
                log.warning("history_waits", reason=reason)
            else:
                log.info("history_kept_again")
