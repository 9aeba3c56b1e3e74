"""How long to wait before trying again: full jitter, as in "Exponential Backoff And Jitter" (AWS Architecture Blog).

`backoff` is for loops that never give up or that count by themselves (deliveries); `Redial` counts for a connection
that is opened again for ever. Within `without_waits()` all these waits are 0, so that no test sleeps for them.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# A connection that lived so long was a good one: the next loss begins with the shortest wait again.
STABLE_SECONDS = 5.0

_is_testing = False


@contextmanager
def without_waits() -> Iterator[None]:
    """Until the end of the block the whole process tries again at once."""
    global _is_testing
    before, _is_testing = _is_testing, True
    try:
        yield
    finally:
        _is_testing = before


def backoff(attempt: int, base: float, cap: float) -> float:
    """Seconds to wait after try number `attempt` (from 0): uniform in 0 to min(cap, base * 2^attempt)."""
    if _is_testing:
        return 0.0
    return random.uniform(0.0, min(cap, base * 2.0 ** min(attempt, 32)))


class Redial:
    """The waits between the lives of one connection. One that is lost as soon as it is open is no success.

    The first `at_once` tries after a good one are not waited for.
    """

    def __init__(
        self,
        base: float,
        cap: float,
        *,
        stable_seconds: float = STABLE_SECONDS,
        at_once: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._base = base
        self._cap = cap
        self._stable_seconds = stable_seconds
        self._at_once = at_once
        self._clock = clock
        self._attempt = 0
        self._opened_at: float | None = None

    def opened(self) -> None:
        """The connection is there."""
        self._opened_at = self._clock()

    def wait_seconds(self) -> float:
        """How long to wait now that it is lost, or was not reached."""
        if self._opened_at is not None and self._clock() - self._opened_at >= self._stable_seconds:
            self._attempt = 0
        self._opened_at = None
        attempt = self._attempt - self._at_once
        self._attempt += 1
        return backoff(attempt, self._base, self._cap) if attempt >= 0 else 0.0
