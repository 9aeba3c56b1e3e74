"""Feeds every venue's recorded frames, merged by receive time, through fresh feeds, windows and a fresh scanner.

The live path without its sockets and processes: the same core objects in the same order, told the recorded times. Only
the pace knows the wall clock, so every speed gives the same bytes. The order in which venues' quotes reach the scanner
is that of the recorded batches, not that of the live run, where the network had its say.
"""

import heapq
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from crossbook._core import OpportunityEvent, QuoteHub, VenueWindows
from crossbook.arbitrage.tuning import ScannerArguments, new_scanner
from crossbook.plumbing.recording import Record, RecordingError, read_recording
from crossbook.plumbing.timestamps import SECOND_NS
from crossbook.replay.copy_rows import copy_rows
from crossbook.replay.fingerprint import Fingerprint, Fingerprinter, fingerprint
from crossbook.tracker.feed.recorder import Kind
from crossbook.tracker.feed.replay import ReplayedFeed

TIMER_NS = 50_000_000
LONGEST_SLEEP_SECONDS = 0.5  # so that Ctrl-C is heard

Pace = Callable[[int], None]


def pace_of(speed: float) -> Pace:
    """Waits until it is a recorded time's turn, so many times as fast as it was; 0 never waits."""
    began: list[tuple[int, float]] = []

    def wait(time_ns: int) -> None:
        if not speed:
            return
        if not began:
            began.append((time_ns, time.monotonic()))
        first_ns, started = began[0]
        due = started + (time_ns - first_ns) / SECOND_NS / speed
        while (left := due - time.monotonic()) > 0:
            time.sleep(min(left, LONGEST_SLEEP_SECONDS))

    return wait


class Source:
    """What one shard hands to the scanner: its hub, and its number."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.hub = QuoteHub()
        self.quotes = self.hub.subscribe()


class Sources(dict[str, Source]):
    """By shard; one that is named for the first time is new."""

    def __missing__(self, shard: str) -> Source:
        self[shard] = Source(len(self))
        return self[shard]


class VenueReplay:
    """One venue: its feed, its lanes, and fingerprints of what came out then and what comes out now."""

    def __init__(self, directory: Path, venue: str, window_seconds: int, sources: Sources) -> None:
        self.venue = venue
        self._directory = directory
        self._window_seconds = window_seconds
        self._sources = sources
        self._feed: ReplayedFeed | None = None
        self._windows: dict[str, VenueWindows] = {}  # by shard
        self._open: set[str] = set()  # shards that know the stream
        self._rows: list[tuple[int, int, bytes]] = []  # start, end, row
        self._recorded, self._replayed = Fingerprinter(), Fingerprinter()

    def records(self) -> Iterator[tuple[int, str, Record, "VenueReplay"]]:
        """Everything recorded, with what merges it with others."""
        return ((record.time_ns, self.venue, record, self) for record in read_recording(self._directory, self.venue))

    def take(self, record: Record) -> Source | None:
        """Does again what was done then; the source that may have something new by it. Raises RecordingError."""
        if record.kind == Kind.START:
            self._feed = ReplayedFeed(record)
            self._open.clear()
        elif self._feed is None:
            raise RecordingError(f"the recording of {self.venue} in {self._directory} does not begin with a start")
        elif record.kind == Kind.BATCH:
            return self._take_batch(self._feed, record)
        else:
            self._feed.tell(record)
        return None

    def quotes(self) -> tuple[Fingerprint, Fingerprint]:
        """Of the batches, as recorded and as replayed."""
        return self._recorded.result(), self._replayed.result()

    def windows(self, from_ns: int, until_ns: int) -> Fingerprint:
        """Of the rows of all windows within the span, whichever shard made them."""
        return fingerprint(sorted(row for start, end, row in self._rows if from_ns <= start and end <= until_ns))

    def _take_batch(self, feed: ReplayedFeed, record: Record) -> Source:
        shard = feed.shard_of(record)
        source = self._sources[shard]
        if shard not in self._windows:
            self._windows[shard] = VenueWindows(self.venue, self._window_seconds, source.hub)
        windows = self._windows[shard]
        if shard not in self._open:
            self._open.add(shard)
            windows.on_hello(feed.hello(shard))
        payload = feed.take_batch(record)
        self._recorded.add(record.payload)
        self._replayed.add(payload)
        windows.on_batch(payload)
        while (window := windows.take_closed()) is not None:
            self._rows += ((window.start_ns, window.end_ns, row) for row in copy_rows(window.copy_binary()))
        return source


class FramesReplay:
    """All venues of a recording and one scanner."""

    def __init__(self, directory: Path, venues: list[str], window_seconds: int, arguments: ScannerArguments) -> None:
        sources = Sources()
        self.venues = [VenueReplay(directory, venue, window_seconds, sources) for venue in venues]
        self._scanner = new_scanner(arguments)
        self._timer_ns = 0

    def events(self, pace: Pace) -> Iterator[OpportunityEvent]:
        """What the scanner says, as it says it. Raises RecordingError."""
        merged = heapq.merge(*(venue.records() for venue in self.venues), key=lambda one: one[:2])
        for time_ns, _, record, venue in merged:
            pace(time_ns)
            yield from self._on_time(time_ns)
            source = venue.take(record)
            if source is not None and (payload := source.quotes.take_batch()) is not None:
                yield from self._scanner.on_batch(payload, time_ns, source.number)

    def _on_time(self, time_ns: int) -> list[OpportunityEvent]:
        """The timer, at most as often as the live one, by the recorded times."""
        if time_ns - self._timer_ns < TIMER_NS:
            return []
        self._timer_ns = time_ns
        return self._scanner.on_timer(time_ns)
