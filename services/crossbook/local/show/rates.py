"""Per-second rates from counters that are looked at now and then."""

import time
from collections.abc import Callable


class Rates:
    """The first look at a counter gives 0; later ones its growth per second since the look before."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[tuple[str, str], tuple[float, int, float]] = {}

    def rate(self, owner: str, counter: str, value: int) -> float:
        """A counter that has not moved within half a second keeps its last rate: the look came too early."""
        now = self._clock()
        then, before, last = self._seen.get((owner, counter), (now, value, 0.0))
        if (owner, counter) in self._seen and now - then < 0.5:
            return last
        rate = (value - before) / (now - then) if now > then else 0.0
        self._seen[(owner, counter)] = (now, value, rate)
        return rate
