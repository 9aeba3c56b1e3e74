"""Time as one process knows it: what the wall says, what really passed, and whether anybody was there meanwhile.

The wall clock is what quotes, windows and rows bear, and it may be set, either way and by any amount. The monotonic
one only ever runs (through a suspended machine too, where the system counts that) and says how much time has passed.
Between two looks both must have moved alike: else the wall was set, a step. And a task of the process beats ten times
a second: one that is late by HOLE_SECONDS or more shows that the process was stopped, its machine paused or its loop
starved, a hole in which nobody listened.

Whoever stores or compares times takes them from here. `Stretch` is for who promises an order of time: it ends with a
step, and its own time stands still from then on, so that nothing after the step is told in it.
"""

import asyncio
import math
import time
from collections.abc import Callable

import structlog

from crossbook._core import WallClock
from crossbook.plumbing.timestamps import SECOND_NS

BEAT_SECONDS = 0.1
# What a beat may be late. Less is how fine the truth about holes is.
HOLE_SECONDS = 1.0
# What the wall may be set by unnoticed between two looks; daemons that slew a clock move it by a thousandth of that.
STEP_NS = 50_000_000
# Stored times further ahead than this were stored by a clock that has been set back since.
MAX_AHEAD_SECONDS = 60
_HOLE_NS = int(HOLE_SECONDS * SECOND_NS)
# Two clocks are read one after the other: a reading that takes longer says nothing about their distance.
_READING_NS = 5_000_000
_READINGS = 100

log = structlog.get_logger()


def monotonic_ns() -> int:
    """Time that passed, from anywhere; where the system can say so, that in which it was suspended too."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic_ns() if boot is None else time.clock_gettime_ns(boot)


def is_ahead(time_ns: int, now_ns: int) -> bool:
    """Whether a stored time is one that our clock cannot have told: it lies further ahead than clocks differ."""
    return time_ns > now_ns + MAX_AHEAD_SECONDS * SECOND_NS


class Stretch:
    """Time without a step. `on_hole` is told when it ended, since the epoch; `on_step` why the stretch is over."""

    def __init__(self, clock: "Clock", on_hole: Callable[[int], None], on_step: Callable[[str], None]) -> None:
        self._clock = clock
        self._on_hole = on_hole
        self._on_step = on_step
        self.latest_ns = 0
        self.is_over = False

    def now_ns(self) -> int:
        """Never less than before; from the step on that ended it, the last moment before."""
        if not self.is_over:
            now_ns = self._clock.now_ns()  # which may end it
            if not self.is_over and now_ns > self.latest_ns:
                self.latest_ns = now_ns
        return self.latest_ns

    def tell_hole(self, now_ns: int) -> None:
        """By the clock."""
        self._on_hole(now_ns)

    def tell_step(self, by_ns: int) -> None:
        """By the clock."""
        self.is_over = True
        self._on_step(f"the clock was set {'ahead' if by_ns > 0 else 'back'} by {abs(by_ns) / SECOND_NS:.3f} s")

    def end(self) -> None:
        """Nobody needs it any more."""
        self._clock.forget(self)


class Clock:
    """One per process; other clocks for tests."""

    def __init__(
        self,
        wall: Callable[[], int] = time.time_ns,
        monotonic: Callable[[], int] = monotonic_ns,
        core: WallClock | None = None,
    ) -> None:
        self.core = core or WallClock()  # the same wall, for the core's own threads
        self._wall = wall
        self._monotonic = monotonic
        self._stretches: set[Stretch] = set()  # one for each user, who ends it
        self._offset_ns, self._beat_ns, _ = self._read()
        self._stepped_ns: int | None = None  # by the monotonic one
        self.holes = 0
        self.steps = 0

    def begin(self, on_hole: Callable[[int], None], on_step: Callable[[str], None]) -> Stretch:
        """A stretch from now on, until its user ends it."""
        stretch = Stretch(self, on_hole, on_step)
        self._stretches.add(stretch)
        stretch.latest_ns = self.now_ns()
        return stretch

    def forget(self, stretch: Stretch) -> None:
        """Its user has ended it."""
        self._stretches.discard(stretch)

    def now_ns(self) -> int:
        """The wall clock. Whoever looks first after a step or a hole has everybody told before the answer."""
        passed_ns, wall_ns = self._monotonic(), self._wall()
        if abs(wall_ns - passed_ns - self._offset_ns) > STEP_NS or passed_ns - self._beat_ns > _HOLE_NS:
            return self._note()
        return wall_ns

    def passed_seconds(self) -> float:
        """Time that passed, from anywhere: for what lasts a while, however the wall clock is set meanwhile."""
        return self._monotonic() / SECOND_NS

    @property
    def settled_seconds(self) -> float:
        """Since it was set last; endless when it never was."""
        return math.inf if self._stepped_ns is None else (self._monotonic() - self._stepped_ns) / SECOND_NS

    def beat(self) -> None:
        """The process lives and its loop turns. To be called every BEAT_SECONDS."""
        self.now_ns()
        self._offset_ns, self._beat_ns, _ = self._read()

    async def keep_beating(self) -> None:
        """Endless."""
        while True:
            self.beat()
            await asyncio.sleep(BEAT_SECONDS)

    def _note(self) -> int:
        offset_ns, passed_ns, wall_ns = self._read()
        step_ns, hole_ns = offset_ns - self._offset_ns, passed_ns - self._beat_ns
        self._offset_ns, self._beat_ns = offset_ns, passed_ns
        if abs(step_ns) > STEP_NS:
            self._note_step(step_ns)
        elif hole_ns > _HOLE_NS:
            self._note_hole(hole_ns, wall_ns)
        return wall_ns

    def _note_step(self, by_ns: int) -> None:
        self.steps += 1
        self._stepped_ns = self._beat_ns
        log.error("clock_stepped", by_seconds=round(by_ns / SECOND_NS, 3))
        for stretch in list(self._stretches):
            self.forget(stretch)
            stretch.tell_step(by_ns)

    def _note_hole(self, length_ns: int, now_ns: int) -> None:
        self.holes += 1
        log.warning("nobody_listened", for_seconds=round(length_ns / SECOND_NS, 3))
        for stretch in list(self._stretches):
            stretch.tell_hole(now_ns)

    def _read(self) -> tuple[int, int, int]:
        """Their distance, the monotonic one and the wall, read so shortly after each other that it is true."""
        for _ in range(_READINGS):
            before_ns = self._monotonic()
            wall_ns = self._wall()
            after_ns = self._monotonic()
            if after_ns - before_ns < _READING_NS:
                break
        return wall_ns - after_ns, after_ns, wall_ns
