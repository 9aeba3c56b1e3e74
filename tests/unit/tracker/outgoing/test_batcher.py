"""When pending quotes become a batch, with a feed that only counts."""

import asyncio
import time
from types import SimpleNamespace
from typing import Any

from crossbook.tracker.outgoing.batcher import Batcher
from crossbook.tracker.outgoing.outbox import Outbox
from crossbook.tracker.outgoing.pace import HOLD_SECONDS, Pace
from tests.support.waiting import eventually


class Pending:
    """Stands where the feed stands; rows appear when a test says so."""

    def __init__(self) -> None:
        self.pending = 0
        self.sequence = 0
        self.asked = 0
        self.error: BaseException | None = None

    def pending_rows(self, shard: str) -> int:
        assert shard == "s"
        self.asked += 1
        return self.pending

    def take_batch(self, shard: str, now_ns: int) -> Any:
        if self.error is not None:
            raise self.error
        self.sequence += 1
        rows, self.pending = self.pending, 0
        return type("OutgoingBatch", (), {"sequence": self.sequence, "rows": rows, "payload": b"p"})()


class Bench:
    """A batcher and what it does."""

    def __init__(self) -> None:
        self.feed = Pending()
        self.outbox = Outbox(1 << 20)
        self.errors: list[BaseException] = []
        self.told = 0
        session: Any = SimpleNamespace(feed=self.feed, now_ns=time.time_ns, fail=self.errors.append)
        self.batcher = Batcher(session, "s", self.outbox, Pace(time.monotonic), self._tell)

    def _tell(self) -> None:
        self.told += 1

    def rows(self) -> list[int]:
        held = [self.outbox.get(sequence) for sequence in range(1, self.outbox.next_sequence)]
        return [batch.rows for batch in held if batch]


async def test_the_first_quote_leaves_at_once_and_those_that_follow_together() -> None:
    """The leading edge is not held back; what comes within the millisecond is one batch."""
    bench = Bench()
    for _ in range(4):
        bench.feed.pending += 1
        bench.batcher.flush_soon()
    assert bench.rows() == [1]
    await eventually(lambda: bench.rows() == [1, 3])
    assert bench.told == 2


async def test_after_a_pause_the_next_quote_leaves_at_once_again() -> None:
    """The hold ends by itself when nothing came."""
    bench = Bench()
    for expected in ([2], [2, 2], [2, 2, 2]):
        bench.feed.pending = 2
        bench.batcher.flush_soon()
        assert bench.rows() == expected
        await asyncio.sleep(20 * HOLD_SECONDS)


async def test_the_core_is_not_asked_again_for_quotes_that_are_known_to_wait() -> None:
    """It would stand in the way of every frame: of a batch at once, and of rows that are held back."""
    bench = Bench()
    for pending in (2, 3):
        bench.feed.pending = pending
        bench.batcher.on_quotes(time.time_ns())
        assert (bench.feed.asked, bench.rows()) == (0, [2])
    await eventually(lambda: bench.rows() == [2, 3])


async def test_nothing_pending_makes_no_batch() -> None:
    """Heartbeats and the like cost no message."""
    bench = Bench()
    bench.batcher.flush_soon()
    assert bench.rows() == []


async def test_an_idle_stream_tells_how_far_it_is() -> None:
    """The watermark goes out in an empty batch, but not before its interval is over."""
    bench = Bench()
    bench.batcher.keep_watermark()
    bench.batcher.keep_watermark()
    assert bench.rows() == [0]


async def test_the_last_batch_takes_what_is_held() -> None:
    """Nothing stays behind at the end, and no timer fires afterwards."""
    bench = Bench()
    for _ in range(2):
        bench.feed.pending += 1
        bench.batcher.flush_soon()
    bench.batcher.close()
    assert bench.rows() == [1, 1]
    await asyncio.sleep(20 * HOLD_SECONDS)
    assert bench.rows() == [1, 1]


async def test_an_error_in_the_timer_is_handed_on() -> None:
    """What the feed raises while nobody is calling reaches the driver all the same."""
    bench = Bench()
    for _ in range(2):
        bench.feed.pending += 1
        bench.batcher.flush_soon()
    bench.feed.error = RuntimeError("panic")
    await eventually(lambda: bench.errors == [bench.feed.error])
