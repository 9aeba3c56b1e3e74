"""Keeps this replica's slots: takes its turn at the leases, begins what is gained, gives back what another is to have.

A replica takes part while it follows arbitrage. What it leaves, it leaves with its positions saved, so that the next
owner begins exactly there; what a killed one leaves was saved at most SAVE_SECONDS before. A slot is gained in Redis
first and begun once Postgres has said from where; until then its events are kept like those of any other.
"""

import asyncio
import math
from collections.abc import Callable, Iterable
from contextlib import suppress

import structlog

from crossbook.alerts.counters import Counters
from crossbook.alerts.evaluation.owned_slots import OwnedSlots
from crossbook.alerts.firing import FiringLine
from crossbook.alerts.match import Position
from crossbook.alerts.store.positions import PositionStore
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.data.leases import SlotLeases, Tenure
from crossbook.plumbing.errors import UnavailableError

TURN_SECONDS = 1.0
FIRST_TURN_SECONDS = 0.2  # as long as there is nothing
SAVE_SECONDS = 0.5
LONELY_SECONDS = 5.0  # without arbitrage, after which another replica may do better
GOODBYE_SECONDS = 2.0

log = structlog.get_logger()


class Ownership:
    """`on_gain` is called when there are slots more than before."""

    def __init__(
        self,
        leases: SlotLeases,
        store: PositionStore,
        slots: OwnedSlots,
        line: FiringLine,
        counters: Counters,
        on_gain: Callable[[], None],
        clock: Clock,
    ) -> None:
        self._leases = leases
        self._store = store
        self._slots = slots
        self._line = line
        self._counters = counters
        self._on_gain = on_gain
        self._clock = clock
        self._beginning: list[Tenure] = []
        self._saved: dict[int, Position] = {}
        self._connected_at = -math.inf
        self.problem = ""  # why the last turn could not be taken

    async def run(self) -> None:
        """Until cancelled; then the slots are free at once."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._save_for_ever())
                while True:
                    try:
                        await self._turn(tasks)
                        self.problem = ""
                    except UnavailableError as error:  # the health watch says so
                        self.problem = str(error)
                    await asyncio.sleep(TURN_SECONDS if self._leases.tenures else FIRST_TURN_SECONDS)
        finally:
            with suppress(UnavailableError, TimeoutError):
                async with asyncio.timeout(GOODBYE_SECONDS):
                    await self._leave()

    async def _turn(self, tasks: asyncio.TaskGroup) -> None:
        if self._counters.is_connected:
            self._connected_at = self._clock.passed_seconds()
        if self._clock.passed_seconds() - self._connected_at >= LONELY_SECONDS:
            await self._leave()
            return
        turn = await self._leases.take_turn()
        if turn.lost:
            log.warning("slots_lost", slots=len(turn.lost), owned=len(self._leases.tenures))
            self._slots.end(turn.lost)
        self._beginning += turn.gained
        if self._beginning:
            await self._begin(tasks)
        if turn.unwanted:
            log.info("slots_handed_over", slots=len(turn.unwanted), owned=len(self._leases.tenures))
            await self._hand_over(turn.unwanted)

    async def _begin(self, tasks: asyncio.TaskGroup) -> None:
        positions = await self._store.load()
        gained = [tenure for tenure in self._beginning if not tenure.is_over]
        self._beginning.clear()
        matches = self._slots.begin(gained, positions)
        tasks.create_task(self._line.put(matches))  # the line may be full for longer than a lease lasts
        log.info("slots_gained", slots=len(gained), owned=len(self._leases.tenures), matches=len(matches))
        self._on_gain()

    async def _hand_over(self, tenures: Iterable[Tenure]) -> None:
        """Ends them here, then lets others have them; what is not settled is theirs to do."""
        tenures = list(tenures)
        positions = self._slots.positions(tenures)
        self._leases.end(tenures)
        self._slots.end(tenures)
        slots = [tenure.slot for tenure in tenures]
        try:
            await self._save(positions)
        except BaseException:
            with suppress(UnavailableError):  # they lapse; an outage that took the place of our own stop would undo it
                await self._leases.release(slots)
            raise
        await self._leases.release(slots)

    async def _leave(self) -> None:
        if self._leases.tenures:
            log.info("slots_left", slots=len(self._leases.tenures))
            await self._hand_over(list(self._leases.tenures.values()))
            await self._leases.leave()

    async def _save_for_ever(self) -> None:
        while True:
            await asyncio.sleep(SAVE_SECONDS)
            with suppress(UnavailableError):  # the next round tries again
                await self._save(self._slots.positions())

    async def _save(self, positions: dict[int, Position]) -> None:
        changed = {slot: position for slot, position in positions.items() if self._saved.get(slot) != position}
        if changed:
            await self._store.save(changed)
            self._saved |= changed
