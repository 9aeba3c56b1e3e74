"""How long a frame's quote waits until it stands in a batch: the median of the last thousand samples of each lane."""

import statistics
from collections import deque
from collections.abc import Iterable

SAMPLES = 1024


class FrameLatency:
    """Takes one frame of each batch as its sample, a different place in the batch each time."""

    def __init__(self) -> None:
        self._waiting: list[int] = []  # receive times of the frames whose quotes wait; at most a batch's worth
        self.samples: deque[int] = deque(maxlen=SAMPLES)  # in nanoseconds
        self._turn = 0

    def on_quotes(self, receive_ns: int) -> None:
        """A frame received then has made quotes."""
        self._waiting.append(receive_ns)

    def on_batch(self, now_ns: int) -> None:
        """All quotes that waited stand in a batch now."""
        if self._waiting:
            self._turn += 1
            self.samples.append(now_ns - self._waiting[self._turn % len(self._waiting)])
            self._waiting.clear()


def p50_us(latencies: Iterable[FrameLatency]) -> float:
    """Of all lanes together; 0 before the first sample."""
    samples = [sample for latency in latencies for sample in latency.samples]
    return statistics.median(samples) / 1000 if samples else 0.0
