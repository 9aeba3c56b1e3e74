"""Commits one venue's closed windows, in order, each in one transaction, shared or not, however long Postgres is away.

The queue is the core's own list of closed windows. When more than `max_waiting_windows` stand in it, intake stops
reading: the tracker's buffer fills in its place, and what that drops is counted and marks windows incomplete.
"""

import asyncio
import itertools
import uuid

import structlog

from crossbook._core import ClosedWindow, Instrument, VenueWindows
from crossbook.aggregator.counters import FLUSH_SECONDS, Counters
from crossbook.aggregator.store.commits import Commit
from crossbook.aggregator.store.positions import LostCommitsError
from crossbook.aggregator.store.store import RestorePoint, Store
from crossbook.plumbing.retry import backoff

COMMIT_DEADLINE_SECONDS = 30.0
RETRY_BASE_SECONDS = 0.2
RETRY_CAP_SECONDS = 5.0

log = structlog.get_logger()


class WindowWriter:
    """`run` takes what the windows have closed; others tell it that there is something and wait for its progress."""

    def __init__(self, venue: str, windows: VenueWindows, store: Store, counters: Counters) -> None:
        self.committed_stream_id = ""
        self.committed_sequence = 0
        self.lost_commits = asyncio.Event()  # set once for all: another writer begins again from what Postgres has
        self.failure = ""  # why the window in hand could not be committed at the last try, in words
        self._venue = venue
        self._windows = windows
        self._store = store
        self._counters = counters
        self._work = asyncio.Event()
        self._progress = asyncio.Condition()
        self._life = uuid.uuid4().hex  # of these windows, for whoever finds what they wrote
        self._window: ClosedWindow | None = None  # in hand: taken from the windows, and not yet committed
        self._committed_until_ns = 0
        self._first_ns = 0  # start of the first window that was committed here
        self._listed: dict[str, Instrument] = {}  # as Postgres has them

    @property
    def waiting(self) -> int:
        """Closed windows not yet committed, the one in hand included."""
        return 0 if self.lost_commits.is_set() else self._windows.waiting + (self._window is not None)

    def restore(self, point: RestorePoint) -> None:
        """Continues after what Postgres holds already."""
        self.committed_stream_id, self.committed_sequence = point.stream_id, point.position
        self._committed_until_ns = point.committed_until_ns

    def notify(self) -> None:
        """The windows have closed some."""
        self._work.set()

    async def wait_for_room(self, limit: int) -> None:
        """Until no more than `limit` windows wait."""
        async with self._progress:
            await self._progress.wait_for(lambda: self.waiting <= limit)

    async def wait_for_commit(self, stream_id: str, after: int) -> int:
        """The committed sequence of the stream, once it is beyond `after`."""
        async with self._progress:
            await self._progress.wait_for(lambda: self.acknowledgeable(stream_id) > after)
        return self.acknowledgeable(stream_id)

    def acknowledgeable(self, stream_id: str) -> int:
        """Every batch of the stream up to this sequence is committed; 0 when none is."""
        return self.committed_sequence if self.committed_stream_id == stream_id else 0

    async def run(self) -> None:
        """Until it is cancelled; a cancelled commit is rolled back and comes again. When commits are lost, it waits.

        May be run again after it died: the window that it had in hand comes first.
        """
        try:
            while True:
                while (window := self._take()) is not None:
                    await self._commit(window)
                    self._window = None
                    self.committed_stream_id, self.committed_sequence = window.stream_id, window.position
                    self._committed_until_ns = window.end_ns
                    self._first_ns = self._first_ns or window.start_ns
                    await self._tell_progress()
                await self._work.wait()
                self._work.clear()
        except LostCommitsError as error:
            await self._give_up(error)
            await asyncio.Event().wait()  # for another to take its place

    async def _give_up(self, error: LostCommitsError) -> None:
        """What is not committed yet the trackers still hold, and of what is lost perhaps some."""
        assert self._window is not None
        lost_ns = error.expected_ns - max(error.found_ns, self._first_ns or error.expected_ns)
        lost = lost_ns // (self._window.end_ns - self._window.start_ns)
        self._counters.lost_windows += lost
        log.error(
            "commits_lost",
            venue=self._venue,
            windows=lost,
            committed_until_ns=error.expected_ns,
            found_until_ns=error.found_ns,
            effect="the venue begins again from what Postgres has; what no tracker holds any more is incomplete",
        )
        self.failure = ""
        self.lost_commits.set()
        await self._tell_progress()

    async def _tell_progress(self) -> None:
        async with self._progress:
            self._progress.notify_all()

    def _take(self) -> ClosedWindow | None:
        if self._window is None:
            self._window = self._windows.take_closed()
        return self._window

    async def _commit(self, window: ClosedWindow) -> None:
        changed = self._changed_markets(window)
        for attempt in itertools.count():
            try:
                with FLUSH_SECONDS.time():
                    async with asyncio.timeout(COMMIT_DEADLINE_SECONDS):
                        commit = await self._store.commit_window(
                            window,
                            list(changed.values()),
                            self._committed_until_ns,
                            self._life,
                            is_retry=attempt > 0,
                        )
                break
            except LostCommitsError:
                raise
            except Exception as error:
                self.failure = str(error) or type(error).__name__
                log.warning(
                    "window_not_committed",
                    venue=self._venue,
                    window_start_ns=window.start_ns,
                    waiting=self.waiting,
                    attempt=attempt + 1,
                    error=self.failure,
                )
                await asyncio.sleep(backoff(attempt, RETRY_BASE_SECONDS, RETRY_CAP_SECONDS))
        self.failure = ""
        self._listed.update(changed)
        self._count(window, commit, is_retry=attempt > 0)

    def _changed_markets(self, window: ClosedWindow) -> dict[str, Instrument]:
        return {
            instrument.symbol: instrument
            for instrument in window.instruments()
            if self._listed.get(instrument.symbol) != instrument
        }

    def _count(self, window: ClosedWindow, commit: Commit, is_retry: bool) -> None:
        """A window found committed on a retry is our own: the answer to its COMMIT was lost with the connection."""
        if not commit.is_new and not is_retry:
            log.info("window_already_committed", venue=self._venue, window_start_ns=window.start_ns)
            return
        self._counters.windows_written += 1
        self._counters.snapshots_written += window.rows
        self._counters.incomplete_snapshots += window.incomplete_rows
        self._counters.minutes_written += commit.minutes
        self._counters.contested_snapshots += commit.contested
        if commit.contested:
            log.warning(
                "window_contested",
                venue=self._venue,
                shard=self._store.shard,
                window_start_ns=window.start_ns,
                rows=commit.contested,
            )
        log.debug("window_committed", venue=self._venue, window_start_ns=window.start_ns, rows=window.rows)
