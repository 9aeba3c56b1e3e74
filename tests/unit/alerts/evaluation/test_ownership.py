"""Keeping slots: what is gained begins where it was left, what is given up is saved first."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from crossbook.alerts.counters import Counters
from crossbook.alerts.evaluation import ownership as module
from crossbook.alerts.evaluation.owned_slots import SLOTS, OwnedSlots
from crossbook.alerts.evaluation.ownership import Ownership
from crossbook.alerts.firing import FiringLine
from crossbook.alerts.match import Match, Position
from crossbook.alerts.store.positions import PositionStore
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.data.leases import SlotLeases, Tenure, Turn
from crossbook.plumbing.errors import UnavailableError
from tests.support.waiting import eventually

Step = Callable[[], Turn]

REACHED = Position(7, "seven")


class Leases(SlotLeases):
    """Takes the turns that the test has prepared, then empty ones."""

    def __init__(self) -> None:
        self.tenures: dict[int, Tenure] = {}
        self.steps: list[Step] = []
        self.released: list[list[int]] = []
        self.has_left = False
        self.turns = 0

    async def take_turn(self) -> Turn:
        self.turns += 1
        return self.steps.pop(0)() if self.steps else Turn()

    async def release(self, slots: Collection[int]) -> None:
        self.released.append(sorted(slots))

    async def leave(self) -> None:
        self.has_left = True

    def gain(self, *slots: int) -> Turn:
        gained = [Tenure(slot, time.monotonic()) for slot in slots]
        self.tenures |= {tenure.slot: tenure for tenure in gained}
        return Turn(gained=gained)

    def lose(self, *slots: int) -> Turn:
        return Turn(lost=[self._end(self.tenures[slot]) for slot in slots])


class Positions(PositionStore):
    """Of every slot, and each save as it came."""

    def __init__(self) -> None:
        self.kept: dict[int, Position] = {}
        self.saves: list[dict[int, Position]] = []
        self.errors: list[Exception] = []

    async def load(self) -> dict[int, Position]:
        if self.errors:
            raise self.errors.pop(0)
        return dict(self.kept)

    async def save(self, positions: Mapping[int, Position]) -> None:
        self.saves.append(dict(positions))
        self.kept |= positions


class Line(FiringLine):
    """Keeps what is put into it."""

    def __init__(self) -> None:
        self.matches: list[Match] = []

    async def put(self, matches: Iterable[Match]) -> None:
        self.matches += matches


class World:
    """An ownership whose turns are the test's."""

    def __init__(self) -> None:
        self.leases, self.positions, self.line = Leases(), Positions(), Line()
        self.counters = Counters(is_connected=True)
        rules = [pb.AlertRule(name="alertRules/r", is_enabled=True)]
        self.slots = OwnedSlots(lambda: rules, self.counters)
        self.slots.restart(REACHED)
        self.gains = 0
        self.ownership = Ownership(
            self.leases, self.positions, self.slots, self.line, self.counters, lambda: self._gained(), Clock()
        )

    def _gained(self) -> None:
        self.gains += 1

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.ownership.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait((task,))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TURN_SECONDS", "FIRST_TURN_SECONDS", "SAVE_SECONDS"):
        monkeypatch.setattr(module, name, 0.001)


async def test_slots_that_are_gained_are_begun_and_told() -> None:
    """The schedule hears of it, for a takeover must miss no window."""
    world = World()
    world.leases.steps = [lambda: world.leases.gain(3, 9)]
    async with world.running():
        await eventually(lambda: world.gains)
        assert (world.gains, world.counters.owned_slots) == (1, 2)


async def test_a_slot_whose_position_cannot_be_read_is_begun_at_a_later_turn() -> None:
    """It stays ours meanwhile."""
    world = World()
    world.leases.steps = [lambda: world.leases.gain(3)]
    world.positions.errors = [UnavailableError("Postgres cannot be reached")]
    async with world.running():
        await eventually(lambda: world.counters.owned_slots == 1)
        assert (world.positions.errors, world.leases.turns >= 2) == ([], True)
        await eventually(lambda: world.ownership.problem == "")
    assert world.gains == 1


async def test_a_slot_that_was_lost_before_it_began_is_not_begun() -> None:
    """Another has it by now."""
    world = World()
    world.positions.errors = [UnavailableError("away")]
    world.leases.steps = [lambda: world.leases.gain(3), lambda: world.leases.lose(3)]
    async with world.running():
        await eventually(lambda: world.leases.turns >= 4)
        assert world.counters.owned_slots == 0


async def test_what_another_is_to_have_is_saved_before_it_is_released() -> None:
    """It is over here first; the others go on."""
    world = World()
    world.leases.steps = [
        lambda: world.leases.gain(3, 9),
        lambda: Turn(unwanted=[world.leases.tenures[3]]),
    ]
    order: list[Any] = []
    save, release = world.positions.save, world.leases.release

    async def noted_save(positions: Mapping[int, Position]) -> None:
        order.append(("saved", sorted(positions)))
        await save(positions)

    async def noted_release(slots: Collection[int]) -> None:
        order.append(("released", sorted(slots)))
        await release(slots)

    world.positions.save, world.leases.release = noted_save, noted_release  # type: ignore[method-assign]
    async with world.running():
        await eventually(lambda: world.leases.released)
        assert (sorted(world.leases.tenures), world.counters.owned_slots) == ([9], 1)
    first_release = order.index(("released", [3]))
    assert any(what == "saved" and 3 in slots for what, slots in order[:first_release])


async def test_a_replica_that_ends_leaves_with_its_positions_saved() -> None:
    """Its slots are free at once, and the next owner begins exactly there."""
    world = World()
    world.leases.steps = [lambda: world.leases.gain(*range(SLOTS))]
    async with world.running():
        await eventually(lambda: world.counters.owned_slots == SLOTS)
    assert world.leases.released == [list(range(SLOTS))]
    assert (world.leases.tenures, world.leases.has_left) == ({}, True)
    assert world.positions.kept == dict.fromkeys(range(SLOTS), REACHED)


async def test_a_replica_that_is_stopped_within_a_handover_ends_whatever_is_away() -> None:
    """Postgres hangs and Redis refuses: that slots cannot be released does not take the place of the stop."""
    world = World()

    async def hang(_: Mapping[int, Position]) -> None:
        await asyncio.get_running_loop().create_future()

    async def refuse(_: Collection[int]) -> None:
        raise UnavailableError("Redis cannot be reached")

    world.positions.save, world.leases.release = hang, refuse  # type: ignore[method-assign]
    world.leases.steps = [lambda: world.leases.gain(3), lambda: Turn(unwanted=[world.leases.tenures[3]])]
    task = asyncio.create_task(world.ownership.run())
    await eventually(lambda: world.gains == 1 and not world.leases.tenures)
    task.cancel()
    await eventually(task.done)
    assert task.cancelled()


async def test_a_replica_without_arbitrage_takes_no_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while another may do better: it gives back what it has, and comes again with the stream."""
    monkeypatch.setattr(module, "LONELY_SECONDS", 0.05)
    world = World()
    world.leases.steps = [lambda: world.leases.gain(3)]
    async with world.running():
        await eventually(lambda: world.gains == 1)
        world.counters.is_connected = False
        await eventually(lambda: world.leases.has_left)
        assert (world.leases.released, world.counters.owned_slots) == ([[3]], 0)
        world.leases.steps = [lambda: world.leases.gain(4)]
        await asyncio.sleep(0.02)
        assert world.gains == 1
        world.counters.is_connected = True
        await eventually(lambda: world.gains == 2)


async def test_only_positions_that_have_moved_are_saved() -> None:
    """A quiet slot costs Postgres nothing."""
    world = World()
    world.leases.steps = [lambda: world.leases.gain(3, 9)]
    async with world.running():
        await eventually(lambda: world.positions.saves)
        turns = world.leases.turns
        await eventually(lambda: world.leases.turns > turns + 5)
        assert world.positions.saves == [world.positions.saves[0]]
