"""What the stream of opportunities comes to: closings are noted, and what matches goes into the firing line.

What comes late is held until all of it is known, and so whether it has closed since: until the stream has caught up,
and, when it falls behind later, until it is quiet or on time again. Matches that are held hold their positions too, so
that a stream that begins again tells their events once more.
"""

import asyncio
import math

from crossbook.alerts.closings import Closings
from crossbook.alerts.evaluation.owned_slots import OwnedSlots
from crossbook.alerts.firing import FiringLine
from crossbook.alerts.match import Match, Position
from crossbook.alerts.rulebook import Rulebook
from crossbook.alerts.store.positions import PositionStore
from crossbook.pb.v1.arbitrage_pb2 import OpportunityEvent
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.retry import backoff
from crossbook.plumbing.timestamps import SECOND_NS, from_timestamp

BACKOFF_BASE_SECONDS = 0.1
BACKOFF_CAP_SECONDS = 3.0

LATE_NS = 2 * SECOND_NS
LATE_LIMIT = 1_000


class Evaluation:
    """Of the slots that are ours. One stream at a time feeds it."""

    def __init__(
        self,
        rulebook: Rulebook,
        store: PositionStore,
        slots: OwnedSlots,
        line: FiringLine,
        closings: Closings,
        clock: Clock,
    ) -> None:
        self._rulebook = rulebook
        self._store = store
        self._slots = slots
        self._line = line
        self._closings = closings
        self._clock = clock
        self._late: list[Match] = []

    async def begin(self) -> None:
        """Once the rules are read: where the slot that is furthest behind has to begin, for any may become ours."""
        await self._rulebook.is_read.wait()
        attempt = 0
        while True:
            try:
                self._slots.restart(min((await self._store.load()).values(), default=Position()))
                return
            except UnavailableError:
                await asyncio.sleep(backoff(attempt, BACKOFF_BASE_SECONDS, BACKOFF_CAP_SECONDS))
                attempt += 1

    def restart(self) -> str:
        """A stream begins: the token that it is to resume from."""
        self._late.clear()  # they hold their positions, so the stream tells their events again
        return self._slots.restart()

    def forget_token(self) -> None:
        """It is not taken: without one the stream starts with what is open."""
        self._slots.restart(Position())

    async def on_event(self, event: OpportunityEvent) -> None:
        """The next event of the stream."""
        self._closings.on_event(event)
        self._late += self._slots.on_event(event)
        is_late = self._clock.now_ns() - from_timestamp(event.event_time) > LATE_NS
        is_known = self._slots.is_caught_up and not is_late
        if is_known or len(self._late) >= LATE_LIMIT:
            await self._fire()

    async def on_caught_up(self) -> None:
        """The stream has told what was missed."""
        self._slots.catch_up()
        await self._fire()

    async def on_quiet(self) -> None:
        """Nothing came for a while: the wall clock decides about rules that wait, when no end is still to be told."""
        if self._slots.is_caught_up:
            self._late += self._slots.on_time(self._clock.now_ns())
            await self._fire()

    def seconds_to_due(self) -> float:
        """Until the next wait of a rule ends; infinite when none waits."""
        due_ns = self._slots.next_due_ns
        return math.inf if due_ns is None else (due_ns - self._clock.now_ns()) / SECOND_NS

    async def _fire(self) -> None:
        matches, self._late = self._late, []
        await self._line.put(matches)
