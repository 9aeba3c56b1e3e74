"""Markets that do not trade for a while: what a venue says by a frame closes a book, else its market list does."""

import time

from crossbook.pb.v1.market_pb2 import BOOK_STATE_CLOSED as CLOSED
from crossbook.pb.v1.market_pb2 import BOOK_STATE_LIVE as LIVE
from tests.support.tracker.tracking import World, tracking
from tests.support.waiting import eventually

TELLING = ("deribit", "krakenfutures", "mexc", "okx")
LISTING = ("binance", "bybit", "gateio", "hyperliquid", "kucoin", "lighter")
NEVER_SECONDS = 3_600.0
LISTING_SECONDS = 0.5


def last_state(world: World, venue: str) -> int:
    """Of the market that is halted."""
    return world.ingest.streams[venue].last_states()["BTC"]


async def halt(world: World, venues: tuple[str, ...], seconds: int) -> dict[str, int]:
    """Halts BTC on each of them, and gives the places in their streams before that."""
    await world.until_live()
    marks = {venue: len(world.ingest.streams[venue].batches) for venue in venues}
    await world.order(",".join(f"{venue}/BTC:halt@0s+{seconds}s" for venue in venues))
    await eventually(lambda: all(last_state(world, venue) == CLOSED for venue in venues))
    return marks


def assert_others_untouched(world: World, marks: dict[str, int]) -> None:
    """No other market was anything but LIVE since the marks."""
    for venue, mark in marks.items():
        assert {row[3] for row in world.ingest.streams[venue].rows(mark) if row[0] != "BTC"} == {LIVE}, venue


async def test_a_status_closes_a_halted_market_without_any_market_list_and_brings_it_back() -> None:
    """Where the venue tells it by a frame; its list is not asked for meanwhile, and nobody else notices."""
    async with tracking(venues=list(TELLING), listing_interval_seconds=NEVER_SECONDS) as world:
        marks = await halt(world, TELLING, 3)
        stats = await world.stats()
        assert {stats[venue].markets for venue in TELLING} == {4}, "it is closed, and tracked still"
        await eventually(lambda: all(last_state(world, venue) == LIVE for venue in TELLING))
        after = await world.until_live()
        assert {(after[v].reconnects, after[v].gaps, after[v].parse_errors) for v in TELLING} == {(0, 0, 0)}
        assert_others_untouched(world, marks)


async def test_a_market_list_closes_a_halted_market_and_brings_it_back() -> None:
    """Where nothing else tells it, though the book stands on the socket and over REST."""
    async with tracking(venues=list(LISTING), listing_interval_seconds=LISTING_SECONDS) as world:
        marks = await halt(world, LISTING, 6)
        await eventually(lambda: all(last_state(world, venue) == LIVE for venue in LISTING))
        assert_others_untouched(world, marks)


async def test_a_halted_market_is_not_live_behind_a_new_connection_either() -> None:
    """On a venue that tells the status of every market before anything else."""
    venue = "okx"
    async with tracking(venues=[venue], listing_interval_seconds=NEVER_SECONDS) as world:
        await halt(world, (venue,), 600)
        mark = len(world.ingest.streams[venue].batches)
        await world.order(f"{venue}:cut@0s")
        await world.until(lambda stats: stats[venue].reconnects == 1)
        states = world.ingest.streams[venue].last_states
        await eventually(lambda: {state for asset, state in states().items() if asset != "BTC"} == {LIVE})
        assert LIVE not in {row[3] for row in world.ingest.streams[venue].rows(mark) if row[0] == "BTC"}
        world.simulator.injector.stop(time.time_ns())
        await eventually(lambda: last_state(world, venue) == LIVE)
