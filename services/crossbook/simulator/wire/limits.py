"""How much a client may ask in a stretch of time."""

from collections import deque

from crossbook.plumbing.timestamps import SECOND_NS


class SlidingWindow:
    """At most `limit` of weight in any `seconds`."""

    def __init__(self, limit: int, seconds: float) -> None:
        self.limit = limit
        self._span_ns = int(seconds * SECOND_NS)
        self._taken: deque[tuple[int, int]] = deque()
        self.used = 0

    def take(self, now_ns: int, weight: int = 1) -> bool:
        """Counts the weight and says yes, or counts nothing and says no."""
        while self._taken and self._taken[0][0] <= now_ns - self._span_ns:
            self.used -= self._taken.popleft()[1]
        if self.used + weight > self.limit:
            return False
        self._taken.append((now_ns, weight))
        self.used += weight
        return True

    def seconds_to_wait(self, now_ns: int) -> float:
        """Until the oldest weight is forgotten."""
        return 0.0 if not self._taken else max(0.0, (self._taken[0][0] + self._span_ns - now_ns) / SECOND_NS)
