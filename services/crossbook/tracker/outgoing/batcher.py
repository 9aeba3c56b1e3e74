"""When the feed's quotes become a batch: at once when nothing was sent lately, then a millisecond of holding back.

So a quiet venue adds no delay, and a busy one sends at most a thousand messages a second however many quotes it has;
fewer when it shares the process with many lanes (pace.py).
An idle stream says every half second, in a batch without rows, that everything before that moment has been sent.
"""

import asyncio
from collections.abc import Callable

from crossbook.tracker.feed.session import Session
from crossbook.tracker.outgoing.latency import FrameLatency
from crossbook.tracker.outgoing.outbox import Batch, Outbox
from crossbook.tracker.outgoing.pace import Pace

WATERMARK_INTERVAL_SECONDS = 0.5


class Batcher:
    """Moves what the feed has pending for one shard into its outbox."""

    def __init__(self, session: Session, shard: str, outbox: Outbox, pace: Pace, on_batch: Callable[[], None]) -> None:
        self.latency = FrameLatency()
        self._session = session
        self._shard = shard
        self._feed = session.feed
        self._outbox = outbox
        self._pace = pace
        self._on_batch = on_batch
        self._loop = asyncio.get_running_loop()
        self._hold: asyncio.TimerHandle | None = None
        self._emitted_at = float("-inf")

    def on_quotes(self, read_ns: int) -> None:
        """Frames read then have been fed, and there are rows pending: whoever calls has asked."""
        self.latency.on_quotes(read_ns)
        if self._hold is None:
            self._flush()

    def flush_soon(self) -> None:
        """To be called after everything else that may have made quotes."""
        if self._hold is None and self._feed.pending_rows(self._shard):
            self._flush()

    def keep_watermark(self) -> None:
        """To be called a few times a second."""
        if self._loop.time() - self._emitted_at >= WATERMARK_INTERVAL_SECONDS:
            self._emit()

    def close(self) -> None:
        """The last batches: whatever is pending, and the last watermark."""
        self.stop()
        self._emit()
        while self._feed.pending_rows(self._shard):  # a batch has a limit of rows
            self._emit()

    def stop(self) -> None:
        """No timer fires any more."""
        if self._hold is not None:
            self._hold.cancel()
            self._hold = None

    def _end_hold(self) -> None:
        self._hold = None
        try:
            self.flush_soon()
        except BaseException as error:  # a panic of the core is none of Exception
            self._session.fail(error)

    def _flush(self) -> None:
        self._emit()
        self._hold = self._loop.call_later(self._pace.hold_seconds(), self._end_hold)

    def _emit(self) -> None:
        now_ns = self._session.now_ns()
        batch = self._feed.take_batch(self._shard, now_ns)
        self._emitted_at = self._loop.time()
        self._outbox.append(Batch(batch.sequence, batch.rows, batch.payload))
        self.latency.on_batch(now_ns)
        self._on_batch()
