"""The real clocks, as a test has turned them: as if the process had been stopped, or its wall clock set."""

from crossbook._core import WallClock
from crossbook.plumbing.clock import Clock, monotonic_ns
from crossbook.plumbing.timestamps import SECOND_NS


class TurnedClock:
    """`clock` is to be handed to a service."""

    def __init__(self) -> None:
        self._passed_ns = 0
        self._core = WallClock()
        self.clock = Clock(self.wall_ns, lambda: monotonic_ns() + self._passed_ns, self._core)

    def wall_ns(self) -> int:
        """What it says now."""
        return self._core.now_ns()

    def stop(self, seconds: float) -> None:
        """As if nobody had been there for so long until now."""
        self._passed_ns += round(seconds * SECOND_NS)
        self._core.turn(round(seconds * SECOND_NS))

    def set(self, seconds: float) -> None:
        """Somebody sets the wall clock, ahead or back."""
        self._core.turn(round(seconds * SECOND_NS))
