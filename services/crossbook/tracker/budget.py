"""Keeps a venue's request limits: at most so much weight in any minute, and silence when the venue asks for it.

A sliding window, not a bucket that refills: venues count by rolling or by calendar minutes, and a full bucket on top of
a minute's refill would pass twice the limit within one of either.
"""

import asyncio
from collections import deque

WINDOW_SECONDS = 60.0


class Budget:
    """Hands out weight in the order of asking."""

    def __init__(self, weight_per_minute: int, window_seconds: float = WINDOW_SECONDS) -> None:
        self._limit = weight_per_minute
        self._window_seconds = window_seconds
        self._spent: deque[tuple[float, int]] = deque()
        self._total = 0
        self._paused_until = 0.0
        self._turn = asyncio.Lock()

    async def acquire(self, weight: int = 1) -> float:
        """Returns once `weight` may be spent, with the loop's time; more than the whole limit counts as the whole."""
        weight = min(weight, self._limit)
        async with self._turn:
            while True:
                wait = self._wait_seconds(weight)
                if wait <= 0:
                    break
                await asyncio.sleep(wait)  # a pause may begin meanwhile, so look again
            now = self._now()
            self._spent.append((now, weight))
            self._total += weight
            return now

    def pause(self, seconds: float) -> None:
        """Nobody gets anything for so long; a longer pause in force stands."""
        self._paused_until = max(self._paused_until, self._now() + seconds)

    @property
    def paused_seconds(self) -> float:
        """How long the venue still wants to be left alone; 0 when it does not."""
        return max(0.0, self._paused_until - self._now())

    def _wait_seconds(self, weight: int) -> float:
        now = self._now()
        if now < self._paused_until:
            return self._paused_until - now
        while self._spent and self._spent[0][0] + self._window_seconds <= now:
            self._total -= self._spent.popleft()[1]
        if self._total + weight <= self._limit:
            return 0.0
        return self._spent[0][0] + self._window_seconds - now

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
