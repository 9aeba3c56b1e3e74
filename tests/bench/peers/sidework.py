"""What every side does with the frames, in an environment of its own: no more than the standard library.

A side is run as `python <side>.py FRAMES`; FRAMES holds one JSON list a line: kind (snapshot, bbo or depth), receive
time in nanoseconds, text. It prints one JSON object: per kind the median microseconds a frame, and the last top.
"""

import json
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

EMPTY_CALLS = 10_000

Frame = tuple[str, int, str]


def frames(path: str) -> Iterator[Frame]:
    """Kind, receive time, text."""
    with Path(path).open() as lines:
        for line in lines:
            kind, time_ns, text = json.loads(line)
            yield kind, time_ns, text


class Stopwatch:
    """Nanoseconds of every call, by kind of frame."""

    def __init__(self) -> None:
        self._elapsed: dict[str, list[int]] = {"bbo": [], "depth": []}

    def add(self, kind: str, elapsed_ns: int) -> None:
        """One call."""
        self._elapsed[kind].append(elapsed_ns)

    def report(self, bid: float, ask: float) -> str:
        """What the side prints; the top shows that it did the work."""
        empty_ns = statistics.median(_elapsed_ns(lambda: None) for _ in range(EMPTY_CALLS))
        median_us = {kind: (statistics.median(all_ns) - empty_ns) / 1000 for kind, all_ns in self._elapsed.items()}
        counts = {kind: len(all_ns) for kind, all_ns in self._elapsed.items()}
        return json.dumps({"median_us": median_us, "frames": counts, "top": [bid, ask]})


def _elapsed_ns(work: Callable[[], object]) -> int:
    started = time.perf_counter_ns()
    work()
    return time.perf_counter_ns() - started
