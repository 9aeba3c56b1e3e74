"""How often one process sends batches: all lanes of all its venues share an allowance of messages.

A gRPC message costs its sender about 80 µs, and its reader as much, whatever its size. One busy lane holds each batch
back for a millisecond; fourteen busy ones in one process would still send 14,000 messages a second, more than a
processor can. So beyond the allowance every lane holds longer, in turn, and sends as many quotes in fewer messages.
"""

from collections.abc import Callable

HOLD_SECONDS = 0.001
MESSAGES_PER_SECOND = 2000


class Pace:
    """Told of every batch. `clock` counts seconds, from anywhere."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._free_at = float("-inf")

    def hold_seconds(self) -> float:
        """A batch leaves now: how long its lane holds the next one back."""
        now = self._clock()
        self._free_at = max(self._free_at, now) + 1 / MESSAGES_PER_SECOND
        return max(HOLD_SECONDS, self._free_at - now)
