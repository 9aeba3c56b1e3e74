"""The tracker and venues whose REST is asked by POST, or that want a ticket before every dial."""

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from crossbook._core import CLOSED, Instrument, Open, VenueFeed
from crossbook.simulator.faces.kucoin import KucoinFace
from crossbook.tracker.feed.replay import replay
from crossbook.tracker.venue.sockets import Address
from crossbook.transport.budget import Budget
from crossbook.transport.fetcher import Fetcher
from tests.support.simulator.simulators import bench
from tests.support.tracker.tracking import World, is_all_live, tracking
from tests.support.waiting import eventually

VENUES = ["hyperliquid", "kucoin"]
BTC = Instrument(
    venue="kucoin",
    symbol="BTC/USDT:USDT",
    native_symbol="XBTUSDTM",
    asset="BTC",
    quote_currency="USDT",
    settle_currency="USDT",
    contract_size=0.001,
)


def tickets_given(world: World) -> int:
    """By the simulated venue that wants them."""
    face = world.simulator.faces["kucoin"]
    assert isinstance(face, KucoinFace)
    return face.tickets_given


async def test_books_come_alive_with_the_true_tops() -> None:
    """Both are listed, dialled and quoted as the simulator holds them."""
    async with tracking(venues=VENUES, stale_after_seconds=300) as world:
        stats = await world.until_live()
        assert {venue: one.markets for venue, one in stats.items()} == dict.fromkeys(VENUES, 4)
        world.stand_still()
        for venue in VENUES:
            await eventually(lambda venue=venue: world.quoted_tops(venue) == world.true_tops(venue))
        assert tickets_given(world) == 1


async def test_every_reconnect_shows_a_ticket_of_its_own() -> None:
    """A ticket opens one connection only; each cut costs a new one."""
    async with tracking(venues=VENUES) as world:
        await world.until_live()
        for cuts in (1, 2):
            await world.order("kucoin:cut@0s")
            await world.until(lambda stats, cuts=cuts: stats["kucoin"].reconnects == cuts and is_all_live(stats))
        assert tickets_given(world) == 3


async def test_a_ticket_that_is_refused_for_a_while_is_asked_for_again() -> None:
    """The venue's pause is kept, and then everything is LIVE again by itself."""
    async with tracking(venues=["kucoin"]) as world:
        await world.until_live()
        await world.order("kucoin:429@0s+1s=1,kucoin:cut@0s")
        await world.until(lambda stats: stats["kucoin"].reconnects == 1 and is_all_live(stats))


async def test_the_ticket_says_where_to_dial_unless_an_address_is_given() -> None:
    """With REST alone replaced the answer's own address is dialled; a replaced socket address is shown the ticket."""
    async with bench() as running, Fetcher("kucoin", Budget(100)) as fetcher:
        rest_url = f"http://127.0.0.1:{running.port}/kucoin"
        urls = []
        for websocket_url in (None, "ws://proxy.example:1/kucoin"):
            feed = VenueFeed("kucoin", "s", rest_url=rest_url, websocket_url=websocket_url)
            (opened,) = feed.track([BTC], 1)
            assert isinstance(opened, Open)
            address = Address(opened.url, opened.ticket, fetcher)
            session: Any = SimpleNamespace(feed=feed, now_ns=time.time_ns)
            urls.append(await address.resolve(session, 1))
    assert urls[0].startswith(f"ws://127.0.0.1:{running.port}/kucoin/?token=")
    assert urls[1].startswith("ws://proxy.example:1/kucoin/?token=")


async def test_a_delisted_market_closes_alone_and_comes_back() -> None:
    """By the market list, by an empty book and by an unknown topic: whichever is noticed first."""
    async with tracking(venues=VENUES, listing_interval_seconds=1) as world:
        before = await world.until_live()
        await world.order(",".join(f"{venue}/BTC:delist@0s+6s" for venue in VENUES))
        await eventually(lambda: all(world.ingest.streams[v].last_states()["BTC"] == CLOSED for v in VENUES))
        await world.until(lambda stats: all(stats[v].markets == before[v].markets - 1 for v in VENUES))
        await world.until(lambda stats: all(stats[v].markets == before[v].markets for v in VENUES))
        after = await world.until_live()
    for venue in VENUES:
        assert (after[venue].reconnects, after[venue].gaps, after[venue].parse_errors) == (0, 0, 0)


async def test_a_subscription_that_the_venue_forgot_is_found_out_over_rest() -> None:
    """The other instruments and the connection stay as they are."""
    async with tracking(venues=VENUES, stale_after_seconds=3) as world:
        await world.until_live()
        await world.order(",".join(f"{venue}/BTC:forget@0s" for venue in VENUES))
        await world.until(lambda stats: all(stats[venue].frozen for venue in VENUES))
        after = await world.until_live()
    assert {venue: after[venue].reconnects for venue in VENUES} == dict.fromkeys(VENUES, 0)


async def test_what_was_recorded_replays_byte_for_byte(tmp_path: Path) -> None:
    """Tickets change nothing in the feed: a recording is complete without them."""
    async with tracking(venues=VENUES, record_dir=tmp_path) as world:
        await world.until_live()
        await world.order("kucoin:cut@0s,hyperliquid:corrupt@0s")
        await world.until(lambda stats: stats["kucoin"].reconnects == 1 and is_all_live(stats))
    for venue in VENUES:
        replayed = list(replay(tmp_path, venue))
        assert replayed
        assert all(batch.recorded == batch.replayed for batch in replayed)
