"""A killed aggregator, restarted, leaves the same rows as one that was never disturbed: every bit of them."""

import random
import signal
from pathlib import Path

from crossbook.plumbing.grpc.channel import open_channel
from tests.support.aggregator.aggregator_process import AggregatorProcess, get_stats
from tests.support.aggregator.feed import Feed, received
from tests.support.aggregator.quote_stream import QuoteStream
from tests.support.aggregator.window_oracle import bits
from tests.support.aggregator.window_tables import read_minutes, read_position, read_snapshots

VENUES = ("alpha", "beta")
KILLS = 5
BATCHES_PER_LIFE = 160


async def test_rows_after_kills_equal_those_of_an_undisturbed_run(
    postgres_dsn: str, free_port: int, tmp_path: Path
) -> None:
    """kill -9 in mid-window, five times, with two venues streaming."""
    chance = random.Random(7)
    async with AggregatorProcess(postgres_dsn, free_port, tmp_path / "aggregator.log") as aggregator:
        feeds = [Feed(aggregator.target, QuoteStream(venue, seed)) for seed, venue in enumerate(VENUES)]
        async with feeds[0].tracker, feeds[1].tracker:
            for life in range(KILLS):
                for feed in feeds:
                    feed.send(BATCHES_PER_LIFE)
                sequence = life * BATCHES_PER_LIFE + chance.randrange(1, BATCHES_PER_LIFE)
                await received(aggregator, sequence, venues=len(VENUES))
                await aggregator.end(signal.SIGKILL)
                await aggregator.start()
            for feed in feeds:
                feed.send(BATCHES_PER_LIFE)
                feed.finish_minute()
                await feed.committed(postgres_dsn)
    for feed in feeds:
        _assert_equal(postgres_dsn, feed)
        assert len(feed.tracker.resumed_from) >= KILLS + 1
        assert max(feed.tracker.resumed_from) > 1


async def test_a_stop_leaves_no_partial_window(postgres_dsn: str, free_port: int, tmp_path: Path) -> None:
    """SIGTERM in mid-window: exit code 0, only whole windows, and the next life continues exactly."""
    async with AggregatorProcess(postgres_dsn, free_port, tmp_path / "aggregator.log") as aggregator:
        feed = Feed(aggregator.target, QuoteStream("alpha", seed=3))
        async with feed.tracker:
            feed.send(200)
            await received(aggregator, 200)
            assert await aggregator.end(signal.SIGTERM) == 0
            written = read_snapshots(postgres_dsn, "alpha")
            assert [bits(row) for row in written] == [bits(row) for row in feed.oracle.snapshots]
            await aggregator.start()
            feed.send(100)
            feed.finish_minute()
            await feed.committed(postgres_dsn)
    _assert_equal(postgres_dsn, feed)


async def test_lost_batches_mark_the_windows_they_concern(postgres_dsn: str, free_port: int, tmp_path: Path) -> None:
    """The tracker's buffer overflows while the aggregator is dead: exactly the windows of the hole are incomplete."""
    async with AggregatorProcess(postgres_dsn, free_port, tmp_path / "aggregator.log") as aggregator:
        feed = Feed(aggregator.target, QuoteStream("alpha", seed=5), limit=30)
        async with feed.tracker:
            for _ in range(8):
                feed.send(20)
                await received(aggregator, feed.stream.sequence)
            feed.finish_minute()
            await feed.committed(postgres_dsn)
            await aggregator.end(signal.SIGKILL)
            hole_from_ns = feed.oracle.closed_until_ns
            feed.send(200)
            kept_from_ns = feed.tracker.oldest_receive_ns()
            await aggregator.start()
            feed.finish_minute()
            await feed.committed(postgres_dsn)
            async with open_channel(aggregator.target) as channel:
                stats = await get_stats(channel)
    rows = read_snapshots(postgres_dsn, "alpha")
    incomplete = [row for row in rows if not row.is_complete]
    expected = {row.start_ns for row in feed.oracle.snapshots if hole_from_ns <= row.start_ns <= kept_from_ns}
    assert len(expected) > 1
    assert {row.start_ns for row in incomplete} == expected
    assert stats.incomplete_snapshots == len(incomplete)
    assert any(row.start_ns > kept_from_ns for row in rows)
    assert any(not minute.is_complete for minute in read_minutes(postgres_dsn, "alpha"))


def _assert_equal(dsn: str, feed: Feed) -> None:
    venue, oracle = feed.stream.venue, feed.oracle
    assert len(oracle.minutes()) > 4
    assert [bits(row) for row in read_snapshots(dsn, venue)] == [bits(row) for row in oracle.snapshots]
    assert [bits(row) for row in read_minutes(dsn, venue)] == [bits(row) for row in oracle.minutes()]
    assert read_position(dsn, venue) == (feed.stream.stream_id, feed.stream.sequence, oracle.closed_until_ns)
