"""The watchdog against the simulator: what is quiet and well stays LIVE, what the venue forgot is asked for again."""

from crossbook.pb.v1.market_pb2 import BOOK_STATE_LIVE as LIVE
from tests.support.tracker.tracking import VENUES, tracking
from tests.support.waiting import eventually

STALE_AFTER_SECONDS = 2


async def test_a_subscription_that_the_venue_forgets_mends_itself_alone() -> None:
    """It is found frozen, LIVE and true again; no connection is dropped and no other instrument notices."""
    async with tracking(stale_after_seconds=STALE_AFTER_SECONDS) as world:
        before = await world.until_live()
        marks = {venue: len(world.ingest.streams[venue].batches) for venue in VENUES}
        await world.order(",".join(f"{venue}/BTC:forget@0s" for venue in VENUES))
        await world.until(lambda stats: all(stats[venue].frozen for venue in VENUES))
        after = await world.until_live()
        world.stand_still()
        await eventually(lambda: all(world.quoted_tops(venue) == world.true_tops(venue) for venue in VENUES))
        assert {venue: after[venue].reconnects for venue in VENUES} == {
            venue: before[venue].reconnects for venue in VENUES
        }
        for venue in VENUES:
            rows = world.ingest.streams[venue].rows(marks[venue])
            assert {row[3] for row in rows if row[0] != "BTC"} == {LIVE}


async def test_quiet_instruments_are_confirmed_and_none_is_taken_for_frozen() -> None:
    """Nothing moves any more: every venue's quotes are confirmed, over REST or by a new subscription."""
    async with tracking(stale_after_seconds=STALE_AFTER_SECONDS) as world:
        await world.until_live()
        world.stand_still()
        await eventually(lambda: all(world.quoted_tops(venue) == world.true_tops(venue) for venue in VENUES))
        marks = {venue: len(world.ingest.streams[venue].batches) for venue in VENUES}
        stats = await world.until(lambda stats: all(stats[v].confirmed >= 2 * stats[v].markets for v in VENUES))
        assert {venue: (stats[venue].frozen, stats[venue].gaps) for venue in VENUES} == dict.fromkeys(VENUES, (0, 0))
        for venue, truth in ((venue, world.true_tops(venue)) for venue in VENUES):
            told = world.ingest.streams[venue].rows(marks[venue])
            assert all(truth[asset] == (bid, ask) for asset, bid, ask, state in told if state == LIVE)
