"""Steps of the wall and holes in a process's life, by clocks that the test turns."""

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossbook.plumbing.clock import BEAT_SECONDS, HOLE_SECONDS, STEP_NS, Clock, is_ahead
from crossbook.plumbing.timestamps import SECOND_NS

START_NS = 1_700_000_000 * SECOND_NS


class World:
    """Two clocks, and what a stretch is told."""

    def __init__(self) -> None:
        self.passed_ns, self.wall_ns = 5 * SECOND_NS, START_NS
        self.clock = Clock(lambda: self.wall_ns, lambda: self.passed_ns)
        self.holes: list[int] = []
        self.steps: list[str] = []
        self.stretch = self.clock.begin(self.holes.append, self.steps.append)

    def live(self, seconds: float) -> None:
        """The process lives on."""
        for _ in range(round(seconds / BEAT_SECONDS)):
            self.stop(BEAT_SECONDS)
            self.clock.beat()

    def stop(self, seconds: float) -> None:
        """Time passes, and nobody is there."""
        self.passed_ns += round(seconds * SECOND_NS)
        self.wall_ns += round(seconds * SECOND_NS)

    def set_wall(self, seconds: float) -> None:
        self.wall_ns += round(seconds * SECOND_NS)


def test_a_quiet_life_has_neither_holes_nor_steps() -> None:
    """An hour of beats."""
    world = World()
    world.live(3_600)
    assert (world.holes, world.steps) == ([], [])
    assert world.stretch.now_ns() == START_NS + 3_600 * SECOND_NS


@pytest.mark.parametrize("seconds", [1.2, 5, 3_600, 86_400])
def test_whoever_looks_first_after_a_hole_has_everybody_told(seconds: float) -> None:
    """Once, before it has its answer; the stretch goes on."""
    world = World()
    world.live(2)
    world.stop(seconds)
    now_ns = world.stretch.now_ns()
    assert (world.holes, world.steps) == ([world.wall_ns], [])
    assert now_ns == world.wall_ns
    world.live(2)
    assert len(world.holes) == world.clock.holes == 1


def test_a_loop_that_turns_but_does_not_beat_is_starved() -> None:
    """Reads alone do not show that the process keeps up."""
    world = World()
    for _ in range(round(HOLE_SECONDS / 0.01) + 5):
        world.stop(0.01)
        world.stretch.now_ns()
    assert len(world.holes) == 1


@given(st.one_of(st.floats(0.051, 1e8), st.floats(-1e8, -0.051)), st.booleans())
def test_a_step_of_any_size_and_sign_ends_the_stretch(seconds: float, is_within_a_hole: bool) -> None:
    """Its own time stands still; the step is told once, and a hole beside it is part of it."""
    world = World()
    world.live(1)
    before_ns = world.stretch.now_ns()
    world.stop(20 if is_within_a_hole else 0.05)
    world.set_wall(seconds)
    assert world.stretch.now_ns() == before_ns
    world.live(1)
    assert (world.holes, len(world.steps), world.stretch.is_over) == ([], 1, True)
    assert world.stretch.now_ns() == before_ns
    assert ("ahead" if seconds > 0 else "back") in world.steps[0]


def test_a_clock_that_is_slewed_is_not_stepped() -> None:
    """Daemons mend a second in half an hour; each beat takes note."""
    world = World()
    for _ in range(20_000):
        world.live(BEAT_SECONDS)
        world.set_wall(0.00005)
    assert (world.holes, world.steps) == ([], [])


def test_a_new_stretch_begins_after_the_step() -> None:
    """Its time is the wall's again."""
    world = World()
    world.set_wall(-7_200)
    world.clock.beat()
    again = world.clock.begin(world.holes.append, world.steps.append)
    world.live(1)
    assert again.now_ns() == world.wall_ns < START_NS
    assert len(world.steps) == 1


def test_a_stretch_that_was_ended_hears_nothing() -> None:
    """Nor is it kept."""
    world = World()
    world.stretch.end()
    world.stop(9)
    world.clock.beat()
    world.set_wall(9)
    world.clock.beat()
    assert (world.holes, world.steps) == ([], [])


def test_a_stop_between_the_readings_of_both_clocks_is_no_step() -> None:
    """A process may be stopped anywhere."""
    world = World()
    is_stopped = iter([False, True])

    def wall() -> int:
        if next(is_stopped, False):
            world.stop(20)
        return world.wall_ns

    world.live(1)
    world.clock._wall = wall
    world.clock.now_ns()
    world.clock.now_ns()
    assert (len(world.holes), world.steps) == (1, [])


def test_a_small_step_back_lets_time_stand_still_for_as_long() -> None:
    """A stretch's time never runs backwards."""
    world = World()
    world.live(1)
    before_ns = world.stretch.now_ns()
    world.wall_ns -= STEP_NS // 2
    assert world.stretch.now_ns() == before_ns
    world.live(1)
    assert world.stretch.now_ns() > before_ns
    assert world.steps == []


def test_a_stored_time_is_ahead_only_beyond_what_clocks_differ() -> None:
    """A minute."""
    assert not is_ahead(START_NS + 60 * SECOND_NS, START_NS)
    assert is_ahead(START_NS + 60 * SECOND_NS + 1, START_NS)


async def test_a_loop_that_is_held_up_is_a_hole_by_the_real_clocks() -> None:
    """As when the process is stopped: the next beat tells it."""
    holes: list[int] = []
    clock = Clock()
    clock.begin(holes.append, lambda _: None)
    beating = asyncio.create_task(clock.keep_beating())
    await asyncio.sleep(2 * BEAT_SECONDS)
    time.sleep(1.5 * HOLE_SECONDS)  # noqa: ASYNC251 - the hole
    await asyncio.sleep(2 * BEAT_SECONDS)
    beating.cancel()
    assert holes
