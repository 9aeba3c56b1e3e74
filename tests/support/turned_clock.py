"""The real clocks, as a test has turned them: as if the process had been stopped, or its wall clock set."""

import time

from crossbook.plumbing.clock import Clock, monotonic_ns
from crossbook.plumbing.timestamps import SECOND_NS


class TurnedClock:
    """`clock` is to be handed to a service."""

    def __init__(self) -> None:
        self._passed_ns = 0
        self._set_ns = 0
        self.clock = Clock(self.wall_ns, lambda: monotonic_ns() + self._passed_ns)

    def wall_ns(self) -> int:
        """What it says now."""
        return time.time_ns() + self._passed_ns + self._set_ns

    def stop(self, seconds: float) -> None:
        """As if nobody had been there for so long until now."""
        self._passed_ns += round(seconds * SECOND_NS)

    def set(self, seconds: float) -> None:
        """Somebody sets the wall clock, ahead or back."""
        self._set_ns += round(seconds * SECOND_NS)
