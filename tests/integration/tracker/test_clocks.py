"""Clocks that are wrong, a venue's and our own; clocks that are set; and time in which nobody listened."""

from pathlib import Path

import pytest

from crossbook.pb.v1.market_pb2 import BOOK_STATE_LIVE as LIVE
from crossbook.pb.v1.market_pb2 import VENUE_STATE_DEGRADED, VENUE_STATE_LIVE, QuoteBatch
from crossbook.plumbing.timestamps import SECOND_NS
from crossbook.tracker.feed.replay import replay
from tests.support.tracker.tracking import VENUES, tracking
from tests.support.turned_clock import TurnedClock
from tests.support.waiting import eventually


async def test_a_venue_s_clock_that_is_wrong_either_way_makes_nothing_stale() -> None:
    """It is found out and shown; every row stays LIVE, and so does every venue."""
    async with tracking(assets=2) as world:
        await world.until_live()
        await world.until(lambda stats: all(stats[venue].HasField("clock_offset_ms") for venue in VENUES))
        marks = {venue: len(world.ingest.streams[venue].batches) for venue in VENUES}
        await world.order("okx:clock@0s+5m=5s,binance:clock@0s+5m=-5s")
        stats = await world.until(
            lambda stats: stats["okx"].clock_offset_ms < -4_500 and stats["binance"].delay_ms > 4_500
        )
        assert {one.state for one in stats.values()} == {VENUE_STATE_LIVE}
        assert abs(stats["lighter"].clock_offset_ms) < 500
        for venue in VENUES:
            assert {row[3] for row in world.ingest.streams[venue].rows(marks[venue])} == {LIVE}


async def test_our_own_clock_is_suspected_when_all_venues_agree_against_it() -> None:
    """Every venue is DEGRADED and says why, while its books stay LIVE; it ends with the error."""
    async with tracking(assets=2) as world:
        await world.until_live()
        await world.order(",".join(f"{venue}:clock@0s+25s=5s" for venue in VENUES))
        stats = await world.until(lambda stats: all(one.state == VENUE_STATE_DEGRADED for one in stats.values()))
        assert "our clock is at least" in stats["okx"].reason
        assert "behind those of all 4 venues" in stats["okx"].reason
        assert all(one.live_markets == one.markets for one in stats.values())
        await world.until_live()


async def test_no_quote_stands_across_a_hole_in_listening(tmp_path: Path) -> None:
    """Every stream says from when until when; no book is LIVE until its venue has answered, and then at once again."""
    turned = TurnedClock()
    async with tracking(assets=2, clock=turned.clock, record_dir=tmp_path) as world:
        before = await world.until_live()
        marks = {venue: len(world.ingest.streams[venue].batches) for venue in VENUES}
        turned.stop(20)
        await eventually(lambda: all(_holes(world.ingest.streams[venue].batches) for venue in VENUES))
        after = await world.until_live()
        await eventually(lambda: all(set(world.ingest.streams[one].last_states().values()) == {LIVE} for one in VENUES))
    for venue in VENUES:
        stream = world.ingest.streams[venue]
        ((from_ns, until_ns),) = _holes(stream.batches)
        assert 20 * SECOND_NS <= until_ns - from_ns < 22 * SECOND_NS
        assert not [time_ns for batch in stream.batches for time_ns in batch.receive_ns if from_ns < time_ns < until_ns]
        hole = next(index for index, batch in enumerate(stream.batches) if batch.unheard_from_ns)
        assert hole >= marks[venue]
        states = dict.fromkeys(asset for asset, _, _, _ in stream.rows())
        first = {asset: next(row[3] for row in stream.rows(hole) if row[0] == asset) for asset in states}
        assert LIVE not in first.values()
        assert len(stream.hellos) == 1
        assert after[venue].reconnects == before[venue].reconnects
        batches = list(replay(tmp_path, venue))
        assert [one.recorded for one in batches] == [one.replayed for one in batches]


@pytest.mark.parametrize("seconds", [3_600.0, -3_600.0, 0.2, -0.2, 30.0, -30.0, 86_400.0 * 400])
async def test_a_step_of_the_clock_begins_a_new_stream_and_fills_nothing(seconds: float) -> None:
    """Nothing of the old stream is from after it, nothing of the new one from before; every book is LIVE again."""
    turned = TurnedClock()
    async with tracking(assets=2, clock=turned.clock) as world:
        await world.until_live()
        old = {venue: world.ingest.streams[venue] for venue in VENUES}
        stepped_ns = turned.wall_ns()
        turned.set(seconds)
        await eventually(lambda: all(world.ingest.streams[venue] is not old[venue] for venue in VENUES))
        await world.until_live()
        await eventually(lambda: all(world.ingest.streams[venue].rows() for venue in VENUES))
        slack_ns = 30 * SECOND_NS  # from the reading above to the step's being noticed, and to now
        for venue in VENUES:
            times = [batch.watermark_ns for batch in world.ingest.streams[venue].batches if batch.watermark_ns]
            assert 0 <= min(times) - stepped_ns - seconds * SECOND_NS < slack_ns
            late = max(batch.watermark_ns for batch in old[venue].batches)
            assert late < stepped_ns + min(slack_ns, max(abs(seconds), 5) * SECOND_NS / 2)


def _holes(batches: list[QuoteBatch]) -> list[tuple[int, int]]:
    return [(batch.unheard_from_ns, batch.watermark_ns) for batch in batches if batch.unheard_from_ns]
