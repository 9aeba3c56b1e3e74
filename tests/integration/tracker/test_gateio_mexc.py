"""The tracker on Gate and MEXC: a chain that restarts on the socket, and one that is joined over REST."""

import pytest

from tests.support.tracker.tracking import World, tracking
from tests.support.waiting import eventually

VENUES = ("gateio", "mexc")
FAULTS = ("cut", "drop", "duplicate", "reorder", "corrupt", "freeze")
EXTENT = {"drop": " x3", "duplicate": " x3", "reorder": " x3", "corrupt": " x5", "freeze": "+2s", "cut": ""}


async def assert_true(world: World) -> None:
    """Once the world stands still, what was quoted last is what the simulator holds."""
    world.stand_still()
    for venue in VENUES:
        await eventually(lambda venue=venue: world.quoted_tops(venue) == world.true_tops(venue))


async def test_every_book_comes_alive_and_is_true() -> None:
    """Both venues list, join and quote every asset, also those whose contracts hold many coins or trade in tenths."""
    async with tracking(venues=list(VENUES), assets=18, stale_after_seconds=300) as world:
        stats = await world.until_live()
        assert {venue: stats[venue].markets for venue in VENUES} == dict.fromkeys(VENUES, 18)
        await assert_true(world)


@pytest.mark.parametrize("fault", FAULTS)
async def test_both_recover_by_themselves(fault: str) -> None:
    """After the fault all is LIVE and true again, and no batch is lost or doubled."""
    async with tracking(venues=list(VENUES), assets=3, stale_after_seconds=300) as world:
        before = await world.until_live()
        await world.order(",".join(f"{venue}:{fault}@0s{EXTENT[fault]}" for venue in VENUES))
        await eventually(lambda: not world.simulator.injector.state())
        if fault == "cut":
            await world.until(lambda stats: all(stats[v].reconnects > before[v].reconnects for v in VENUES))
        if fault == "corrupt":
            await world.until(lambda stats: all(stats[v].parse_errors > before[v].parse_errors for v in VENUES))
        if fault in ("drop", "reorder"):
            await world.until(lambda stats: all(stats[v].gaps > before[v].gaps for v in VENUES))
        await world.until_live()
        await assert_true(world)
    for venue in VENUES:
        sequences = world.ingest.streams[venue].sequences
        assert sequences == list(range(1, len(sequences) + 1))
