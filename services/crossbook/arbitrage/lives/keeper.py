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

from crossbook.arbitrage.lives.life import Life, begun
from crossbook.arbitrage.store.lives import LifeStore, Making
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.errors import UnavailableError

PAGE = 1_024  # a life is read and written once for all of its events in a page: with its path, which costs the most
DECODED_AT_A_TIME = 128  # what the event loop is kept for: about a millisecond
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
            await _take(making, await _decoded(rows), rows[-1][0])
        self.events += len(rows)
        return len(rows)

    async def end_unwatched(self) -> int:
        """Ends what nobody watches any more, and says how many. Raises UnavailableError."""
        async with self._store.making() as making:
            if making is None:
                return 0
            gone = await making.unwatched(self._writer, self._open_here(), SILENT_SECONDS, UNWATCHED_AT_A_TIME)
            until = dict(gone)
            lives = list((await making.known(list(until))).values()) if until else []
            for life in lives:
                life.end(until[life.id], pb.REFUSAL_REASON_NOT_LIVE, is_censored=True)
            await making.keep([], lives, making.position)
        return len(lives)

    def _tell(self, reason: str) -> None:
        if bool(reason) != self._is_waiting:
            self._is_waiting = bool(reason)
            if reason:
                log.warning("history_waits", reason=reason)
            else:
                log.info("history_kept_again")


async def _take(making: Making, told: Sequence[tuple[pb.OpportunityEvent, str]], position: int) -> None:
    known = await making.known([event.opportunity.id for event, _ in told])
    new: dict[str, Life] = {}
    for event, writer in told:
        found = event.opportunity.id
        life = known.get(found) or new.get(found)
        if life is not None:
            life.take(event, writer)
        else:
            new[found] = begun(event, writer)
    await making.keep(list(new.values()), list(known.values()), position)


async def _decoded(rows: Sequence[tuple[int, str, bytes]]) -> list[tuple[pb.OpportunityEvent, str]]:
    """With turns for others in between."""
    told: list[tuple[pb.OpportunityEvent, str]] = []
    for first in range(0, len(rows), DECODED_AT_A_TIME):
        told += [(_event(payload), writer) for _, writer, payload in rows[first : first + DECODED_AT_A_TIME]]
        await asyncio.sleep(0)
    return told


def _event(payload: bytes) -> pb.OpportunityEvent:
    return pb.WatchOpportunitiesResponse.FromString(payload).events[0]
