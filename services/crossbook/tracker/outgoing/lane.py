"""One venue's outgoing stream to one shard: its batches, and an uplink that follows the shard's address.

The core says when what the feed has pending is to leave (Batcher) and keeps it until it is committed (Outbox); the
timer that ends a hold is the lane's, and it is set only for rows that wait: most batches are followed by none.
"""

import asyncio
import time

from crossbook._core import Batcher
from crossbook.pb.v1.aggregator_pb2 import IngestQuotesRequest
from crossbook.plumbing.tasks import call_off
from crossbook.plumbing.timestamps import SECOND_NS
from crossbook.tracker.feed.session import Session
from crossbook.tracker.outgoing.outgoing import Kept, Outgoing
from crossbook.tracker.outgoing.uplink import Uplink


class Lane:
    """Sequences, symbol numbers and acknowledgements of its own; the feed deals out the quotes."""

    def __init__(self, session: Session, shard: str, target: str, outgoing: Outgoing, kept: Kept) -> None:
        self.shard = shard
        self.is_leaving = False  # its shard is no longer listed
        self.kept = kept
        self.outbox = kept.outbox
        self.uplink = Uplink(
            session.venue,
            shard,
            kept.outbox,
            outgoing.plane,
            lambda oldest: session.feed.hello(shard, oldest),
            lambda: session.on_quotes_missing(shard),
        )
        self.batcher = Batcher(outgoing.pace)
        session.feed.carry_depth(shard, kept.outbox)
        self._session = session
        self._feed = session.feed
        self._loop = asyncio.get_running_loop()
        self._hold: asyncio.TimerHandle | None = None
        self._latest_ns = 0  # whatever waits leaves then
        self._plane = outgoing.plane
        self._target = target
        self._is_redirected = asyncio.Event()

    async def run(self) -> None:
        """Keeps the stream open until the uplink is told to finish."""
        while True:
            self._is_redirected.clear()
            streaming = asyncio.ensure_future(self._send(self._target))
            redirected = asyncio.ensure_future(self._is_redirected.wait())
            try:
                await asyncio.wait((streaming, redirected), return_when=asyncio.FIRST_COMPLETED)
                if streaming.done():
                    return streaming.result()
            finally:
                redirected.cancel()
                await call_off(streaming)

    async def _send(self, target: str) -> None:
        """What earlier streams have left, and then its own."""
        await self.kept.remains.send(target, self._plane)
        await self.uplink.run(target)

    def redirect(self, target: str) -> None:
        """Its shard listens there now."""
        if target != self._target:
            self._target = target
            self._is_redirected.set()

    def on_quotes(self, read_ns: int) -> None:
        """Frames read then have been fed, and there are rows pending: whoever calls has asked."""
        if self.batcher.on_quotes(read_ns, time.monotonic_ns()):
            self._flush()
        elif self._hold is None:
            self._wait()

    def flush_soon(self) -> None:
        """To be called after everything else that may have made quotes."""
        if self._hold is None or self.batcher.may_leave(time.monotonic_ns()):
            self._flush_pending()

    def keep_watermark(self) -> None:
        """To be called a few times a second."""
        if self.batcher.is_watermark_due(time.monotonic_ns()):
            self._emit()

    def close(self) -> None:
        """The last batches: whatever is pending, and the last watermark."""
        self.stop()
        self._emit()
        while self._feed.pending_rows(self.shard):  # a batch has a limit of rows
            self._emit()

    def stop(self) -> None:
        """No timer fires any more."""
        if self._hold is not None:
            self._hold.cancel()
            self._hold = None

    def is_settled(self, from_ns: int) -> bool:
        """Whether its shard has committed everything from before this moment.

        The acknowledged batches are a beginning of the stream, and no watermark passes the moment of a move before the
        instruments that leave have been told: so the oldest batch that is held says it.
        """
        oldest = self.outbox.get(self.outbox.oldest_sequence)
        return oldest is not None and _watermark_ns(oldest.payload) > from_ns

    def _end_hold(self) -> None:
        self._hold = None
        self.batcher.end_hold()
        try:
            self._flush_pending()
        except BaseException as error:  # a panic of the core is none of Exception
            self._session.fail(error)

    def _flush_pending(self) -> None:
        if not self._feed.pending_rows(self.shard):
            return
        if self.batcher.may_leave(time.monotonic_ns()):
            self._flush()
        else:
            self._wait()

    def _flush(self) -> None:
        self._emit()
        self.stop()
        now_ns = time.monotonic_ns()
        self._latest_ns = now_ns + self.batcher.hold_ns(now_ns)
        if self._feed.pending_rows(self.shard):  # a batch has a limit of rows
            self._wait()

    def _wait(self) -> None:
        seconds = max(self._latest_ns - time.monotonic_ns(), 0) / SECOND_NS
        self._hold = self._loop.call_later(seconds, self._end_hold)

    def _emit(self) -> None:
        now_ns = self._session.now_ns()
        self.outbox.append(self._feed.take_batch(self.shard, now_ns))
        self.batcher.on_batch(now_ns, time.monotonic_ns())


def _watermark_ns(payload: bytes) -> int:
    return IngestQuotesRequest.FromString(payload).batch.watermark_ns
