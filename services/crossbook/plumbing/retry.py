"""How long to wait before trying again: full jitter, as in "Exponential Backoff And Jitter" (AWS Architecture Blog).

`backoff` is for loops that never give up or that count by themselves (deliveries); `Redial` counts for a connection
that is opened again for ever. `retrying` is stamina's decorator, for a short call that is worth a few tries and then
fails.
"""

import random
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import stamina

# A connection that lived so long was a good one: the next loss begins with the shortest wait again.
STABLE_SECONDS = 5.0

P = ParamSpec("P")
T = TypeVar("T")


def backoff(attempt: int, base: float, cap: float) -> float:
    """Seconds to wait after try number `attempt` (from 0): uniform in 0 to min(cap, base * 2^attempt)."""
    return random.uniform(0.0, min(cap, base * 2.0 ** min(attempt, 32)))


class Redial:
    """The waits between the lives of one connection. One that is lost as soon as it is open is no success."""

    def __init__(self, base: float, cap: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._base = base
        self._cap = cap
        self._clock = clock
        self._attempt = 0
        self._opened_at: float | None = None

    def opened(self) -> None:
        """The connection is there."""
        self._opened_at = self._clock()

    def wait_seconds(self) -> float:
        """How long to wait now that it is lost, or was not reached."""
        if self._opened_at is not None and self._clock() - self._opened_at >= STABLE_SECONDS:
            self._attempt = 0
        self._opened_at = None
        self._attempt += 1
        return backoff(self._attempt - 1, self._base, self._cap)


def retrying(
    on: type[Exception] | tuple[type[Exception], ...] | Callable[[Exception], bool],
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Tries a short call up to three times within a second, on the errors named."""

    def decorate(call: Callable[P, T]) -> Callable[P, T]:
        return stamina.retry(on=on, attempts=3, timeout=1.0, wait_initial=0.05, wait_max=0.3, wait_jitter=0.1)(call)

    return decorate
