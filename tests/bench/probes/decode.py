"""Decode + book per frame, through the binding, in turn with the least that a Python decoder does with the same bytes.

That is json.loads, or struct for SBE, groups of levels included. A figure is the median over calls timed one by one,
less what timing an empty call costs; the feed is told everything else as well, so that its books are whole.
"""

import gc
import json
import pickle
import statistics
import struct
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from crossbook._core import Instrument, VenueFeed

DIGITS = b"0123456789"
SBE_HEADER, SBE_GROUP, SBE_ENTRY = struct.Struct("<HHHH"), struct.Struct("<HH"), struct.Struct("<qq")
SBE_BBO, SBE_BOOK = struct.Struct("<qqqqqq"), struct.Struct("<qqB9q")
BOOK_TEMPLATE = 3

Timings = dict[str, list[int]]  # kind of frame -> nanoseconds of each


class Decode:
    """Its parts are venues."""

    def __init__(self, calls: Mapping[str, Any]) -> None:
        self._calls = calls

    async def ours(self, part: str) -> Mapping[str, float]:
        """Microseconds of the core."""
        return _figures(part, self._time_core(part))

    async def beside(self, part: str) -> Mapping[str, float]:
        """Microseconds of decoding alone in Python."""
        timings: Timings = defaultdict(list)
        for _, arguments, kind in self._calls[part][1]:
            if kind is not None:
                timings[kind].append(_elapsed_ns(_decode, arguments[1], arguments[2]))
        return _figures(part, timings)

    def _time_core(self, venue: str) -> Timings:
        start, calls = self._calls[venue]
        feed = _feed(start)
        timings: Timings = defaultdict(list)
        for method, arguments, kind in calls:
            if kind is not None:
                timings[kind].append(_elapsed_ns(feed.on_frame, *arguments))
            elif method == "track":
                feed.track([Instrument(**facts) for facts in arguments[0]], arguments[1])
            else:
                getattr(feed, method)(*arguments)
        return timings


@asynccontextmanager
async def opened(path: str) -> AsyncIterator[Decode]:
    yield Decode(_calls(Path(path)))


def _calls(path: Path) -> Mapping[str, Any]:
    calls: Mapping[str, Any] = pickle.loads(path.read_bytes())
    gc.freeze()  # they are no garbage: nobody need look through them again
    return calls


def _feed(start: Mapping[str, Any]) -> VenueFeed:
    rest = {key: value for key, value in start.items() if key not in ("venue", "stream_id")}
    return VenueFeed(start["venue"], start["stream_id"], **rest)


def _figures(venue: str, timings: Timings) -> Mapping[str, float]:
    empty_ns = statistics.median(_elapsed_ns(_nothing, b"", True) for _ in range(10_000))
    return {
        f"decode_book_frame_us_{venue}_{kind}": (statistics.median(all_ns) - empty_ns) / 1000
        for kind, all_ns in timings.items()
    }


def _decode(payload: bytes, is_text: bool) -> object:
    # What stands before the JSON in some frames is the number of their kind.
    return json.loads(payload.lstrip(DIGITS)) if is_text else _decode_sbe(payload)


def _decode_sbe(payload: bytes) -> object:
    size, template, _, _ = SBE_HEADER.unpack_from(payload)
    at = SBE_HEADER.size
    if template != BOOK_TEMPLATE:
        return SBE_BBO.unpack_from(payload, at)
    found: list[Iterable[object]] = [SBE_BOOK.unpack_from(payload, at)]
    at += size
    for _ in range(2):
        entry, count = SBE_GROUP.unpack_from(payload, at)
        at += SBE_GROUP.size
        found.append([SBE_ENTRY.unpack_from(payload, at + number * entry) for number in range(count)])
        at += entry * count
    return found


def _nothing(payload: bytes, is_text: bool) -> None:
    pass


def _elapsed_ns(work: Callable[..., object], *arguments: object) -> int:
    started = time.perf_counter_ns()
    work(*arguments)
    return time.perf_counter_ns() - started
