"""Keeps a venue's request limits: at most so much weight in any minute, and silence when the venue asks for it.

A sliding window, not a bucket that refills: venues count by rolling or by calendar minutes, and a full bucket on top of
a minute's refill would pass twice the limit within one of either.
"""

import asyncio
import heapq
import math
import random
from collections import deque

from crossbook.plumbing.tasks import set_within

# A minute, and a second more: a venue counts a request when it arrives, and the next one may be faster on its way.
WINDOW_SECONDS = 61.0


class Budget:
    """Hands out weight: to what is urgent first, and among equals in the order of asking.

    With a spacing, there are about so many seconds between any two: many who ask at once do not act at once.
    """

    def __init__(
        self, weight_per_minute: int, window_seconds: float = WINDOW_SECONDS, *, spacing_seconds: float = 0.0
    ) -> None:
        self._limit = weight_per_minute
        self._window_seconds = window_seconds
        self._spacing_seconds = spacing_seconds
        self._spent: deque[tuple[float, int]] = deque()
        self._total = 0
        self._paused_until = 0.0
        self._spaced_until = 0.0
        self._turns: list[tuple[bool, int]] = []  # a heap of those who wait; the fetcher and the feed bound it
        self._last_turn = 0
        self._changed = asyncio.Event()

    async def acquire(self, weight: int = 1, *, is_urgent: bool = True) -> float:
        """Returns once `weight` may be spent, with the loop's time; more than the whole limit counts as the whole."""
        weight = min(weight, self._limit)
        self._last_turn += 1
        turn = (not is_urgent, self._last_turn)
        heapq.heappush(self._turns, turn)
        try:
            while (wait := self._wait_seconds(weight) if self._turns[0] == turn else math.inf) > 0:
                await self._wait_for_change(wait)
            return self._spend(weight)
        finally:
            self._turns.remove(turn)
            heapq.heapify(self._turns)
            self._tell_change()

    def pause(self, seconds: float) -> None:
        """Nobody gets anything for so long; a longer pause in force stands."""
        self._paused_until = max(self._paused_until, self._now() + seconds)

    def _spend(self, weight: int) -> float:
        now = self._now()
        self._spent.append((now, weight))
        self._total += weight
        self._spaced_until = now + self._spacing_seconds * random.uniform(0.5, 1.5)
        return now

    async def _wait_for_change(self, seconds: float) -> None:
        """Until the time has passed, or another has come first or gone."""
        await set_within(self._changed, None if seconds == math.inf else seconds)

    def _tell_change(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    @property
    def paused_seconds(self) -> float:
        """How long the venue still wants to be left alone; 0 when it does not."""
        return max(0.0, self._paused_until - self._now())

    def _wait_seconds(self, weight: int) -> float:
        now = self._now()
        held_until = max(self._paused_until, self._spaced_until)
        if now < held_until:
            return held_until - now
        while self._spent and self._spent[0][0] + self._window_seconds <= now:
            self._total -= self._spent.popleft()[1]
        if self._total + weight <= self._limit:
            return 0.0
        return self._spent[0][0] + self._window_seconds - now

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
