"""Frames to windows without sockets in the way: a recording is replayed as fast as it goes.

The replay does for every frame what tracker and aggregator do, on one core and without gRPC: the feed, its batches, the
windows; and it takes fingerprints of all, which counts here too.
"""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from crossbook.plumbing.recording import recording_names
from crossbook.replay.frames import Sources, VenueReplay
from crossbook.tracker.feed.recorder import Kind

WINDOW_SECONDS = 15
FRAMES = (Kind.TEXT, Kind.BINARY)


class Replayed:
    """Its part is the row."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def ours(self, part: str) -> Mapping[str, float]:
        """Frames a second, of all venues one after the other."""
        sources, taken, seconds = Sources(), 0, 0.0
        for venue in recording_names(self._directory):
            replay = VenueReplay(self._directory, venue, WINDOW_SECONDS, sources)
            records = [record for _, _, record, _ in replay.records()]
            started = time.perf_counter()
            for record in records:
                replay.take(record)
            seconds += time.perf_counter() - started
            taken += sum(record.kind in FRAMES for record in records)
        return {part: taken / seconds}

    async def beside(self, part: str) -> Mapping[str, float]:
        """Nothing."""
        return {}


@asynccontextmanager
async def opened(path: str) -> AsyncIterator[Replayed]:
    yield Replayed(Path(path))
