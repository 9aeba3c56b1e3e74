"""Clocks that are wrong: a venue's, and our own."""

from crossbook.pb.v1.market_pb2 import BOOK_STATE_LIVE as LIVE
from crossbook.pb.v1.market_pb2 import VENUE_STATE_DEGRADED, VENUE_STATE_LIVE
from tests.support.tracker.tracking import VENUES, tracking


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
