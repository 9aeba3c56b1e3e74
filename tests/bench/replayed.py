"""Frames to windows without the simulator in the way: records a run, then replays its frames as fast as they go.

The replay does for every frame what tracker and aggregator do, on one core and without gRPC: the feed, its batches, the
windows; and it takes fingerprints of all, which counts here too.
"""

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from crossbook.plumbing.recording import recording_names
from crossbook.replay.frames import Sources, VenueReplay
from crossbook.tracker.feed.recorder import Kind

RATE = "10"
RECORDED = "12s"
WINDOW_SECONDS = 15
FRAMES = (Kind.TEXT, Kind.BINARY)


async def frames_replayed_per_second() -> float:
    """Of all venues, recorded from the simulator just now."""
    with tempfile.TemporaryDirectory(prefix="crossbook-bench-") as folder:
        directory = Path(folder) / "recorded"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "crossbook", "record", str(directory), "--duration", RECORDED),
            env={**os.environ, "CROSSBOOK_SIMULATOR__RATE": RATE},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        if await process.wait():
            raise RuntimeError("crossbook record failed")
        return _replay(directory / "tracker")


def _replay(directory: Path) -> float:
    sources, taken, seconds = Sources(), 0, 0.0
    for venue in recording_names(directory):
        replay = VenueReplay(directory, venue, WINDOW_SECONDS, sources)
        records = [record for _, _, record, _ in replay.records()]
        started = time.perf_counter()
        for record in records:
            replay.take(record)
        seconds += time.perf_counter() - started
        taken += sum(record.kind in FRAMES for record in records)
    return taken / seconds
