"""Decode + book per frame, through the binding, on frames recorded from the simulator a moment before.

The baseline is the least that any Python decoder must do with the same bytes: json.loads, or struct for SBE. Figures
are medians over calls timed one by one, less what timing an empty call costs.
"""

import json
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from crossbook._core import venue_profiles
from crossbook.plumbing.recording import Record, read_recording, recording_names
from crossbook.simulator.listing import assets_of_world
from crossbook.simulator.registry import TRAITS, build_faces
from crossbook.simulator.world import Instrument
from crossbook.tracker.feed.recorder import Kind
from crossbook.tracker.feed.replay import ReplayedFeed
from tests.bench.report import Row

RECORDED = "12s"
SBE_ROOT = struct.Struct("<HHHHqqqqqq")
DIGITS = b"0123456789"
TARGETS = {"bbo": "<= 0.5 us", "delta": "<= 1 us"}

# Kind of frame -> nanoseconds of each.
Timings = dict[str, list[int]]


def run() -> list[Row]:
    """Two rows for each venue, best-bid-ask frames and small deltas; one where one channel is both."""
    with tempfile.TemporaryDirectory(prefix="crossbook-bench-") as folder:
        recordings = _record(Path(folder))
        return [row for venue in recording_names(recordings) for row in _rows(recordings, venue)]


def _record(folder: Path) -> Path:
    """Runs the system for a few seconds with recording on."""
    options = ["--no-view", "--record", "--duration", RECORDED, "--port-base", "0", "--data-dir", str(folder)]
    subprocess.run([sys.executable, "-m", "crossbook", "up", *options], env=os.environ, check=True, capture_output=True)
    return next(folder.glob("**/tracker"))


def _rows(recordings: Path, venue: str) -> list[Row]:
    kinds = _kinds(recordings, venue)
    # Two passes: the baseline's garbage must not lie in the core's cache.
    core, baseline = _time_core(recordings, venue, kinds), _time_baseline(recordings, venue, kinds)
    return [
        Row(
            key=f"decode_book_frame_us_{venue}_{kind}",
            value=_median_us(core[kind]),
            unit="us",
            baseline=_median_us(baseline[kind]),
            baseline_name="decoding alone in Python",
            target=TARGETS[kind],
        )
        for kind in sorted(core)
    ]


def _time_core(recordings: Path, venue: str, kinds: list[str | None]) -> Timings:
    """Nanoseconds of every best-bid-ask and delta frame, told to a feed that is told everything else as well."""
    records = read_recording(recordings, venue)
    replayed = ReplayedFeed(next(records))
    timings: Timings = defaultdict(list)
    for record, kind in zip(records, kinds[1:], strict=True):
        if record.kind == Kind.BATCH:
            replayed.take_batch(record)
        elif kind is None:
            replayed.tell(record)
        else:
            arguments = (record.connection, record.payload, record.kind == Kind.TEXT, record.time_ns)
            timings[kind].append(_elapsed_ns(replayed.feed.on_frame, *arguments))
    return timings


def _time_baseline(recordings: Path, venue: str, kinds: list[str | None]) -> Timings:
    timings: Timings = defaultdict(list)
    for record, kind in zip(read_recording(recordings, venue), kinds, strict=True):
        if kind is not None:
            timings[kind].append(_elapsed_ns(_decode, record.payload, record.kind == Kind.TEXT))
    return timings


def _kinds(recordings: Path, venue: str) -> list[str | None]:
    """bbo or delta for every record that is a frame with market data; the venue's own face knows its topics."""
    face = build_faces([Instrument(TRAITS[venue], assets_of_world(1)[0], seed=1)])[venue]
    (profile,) = (profile for profile in venue_profiles() if profile.id == venue)
    top = profile.channels[1].split("{")[0].removeprefix("sub.") if len(profile.channels) > 1 else None

    def kind_of(record: Record) -> str | None:
        if record.kind not in (Kind.TEXT, Kind.BINARY):
            return None
        try:
            topics = face.topics_of_recording(record.payload, record.kind == Kind.TEXT)
        except ValueError:  # a pong that is not JSON
            return None
        if not topics:
            return None
        return "bbo" if top is not None and top in topics[0] else "delta"

    return [kind_of(record) for record in read_recording(recordings, venue)]


def _median_us(timings: list[int]) -> float:
    empty_ns = statistics.median(_elapsed_ns(lambda: None) for _ in range(10_000))
    return (statistics.median(timings) - empty_ns) / 1000


def _decode(payload: bytes, is_text: bool) -> object:
    # What stands before the JSON in some frames is the number of their kind.
    return json.loads(payload.lstrip(DIGITS)) if is_text else SBE_ROOT.unpack_from(payload)


def _elapsed_ns(work: Callable[..., object], *arguments: object) -> int:
    started = time.perf_counter_ns()
    work(*arguments)
    return time.perf_counter_ns() - started
