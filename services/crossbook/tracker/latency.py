"""How long a frame's quote waits until it stands in a batch: the median of the last thousand samples."""

import statistics
from collections import deque

SAMPLES = 1024


class FrameLatency:
    """Takes one frame of each batch as its sample, a different place in the batch each time."""

    def __init__(self) -> None:
        self._waiting: list[int] = []  # receive times of the frames whose quotes wait; at most a batch's worth
        self._samples: deque[int] = deque(maxlen=SAMPLES)
        self._turn = 0

    def on_quotes(self, receive_ns: int) -> None:
        """A frame received then has made quotes."""
        self._waiting.append(receive_ns)

    def on_batch(self, now_ns: int) -> None:
        """All quotes that waited stand in a batch now."""
        if self._waiting:
            self._turn += 1
            self._samples.append(now_ns - self._waiting[self._turn % len(self._waiting)])
            self._waiting.clear()

    def p50_us(self) -> float:
        """0 before the first sample."""
        return statistics.median(self._samples) / 1000 if self._samples else 0.0
