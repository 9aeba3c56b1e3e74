"""Lives in Postgres: every event once, whoever dies or is away; pages, statistics, retention."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from crossbook.arbitrage.lives.answers import list_history, statistics
from crossbook.arbitrage.lives.keeper import LifeKeeper
from crossbook.arbitrage.retention import forget_rows
from crossbook.arbitrage.store.events import EventStore
from crossbook.arbitrage.store.lives import LifeStore
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.data.postgres import Pool, connect, open_pool
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.timestamps import SECOND_NS, from_duration, now_ns, to_duration
from tests.integration.arbitrage.test_event_log import Process, process
from tests.support.servers.stoppable_postgres import stoppable_postgres
from tests.support.waiting import eventually

MS = 1_000_000


@pytest.fixture
async def pool(postgres_dsn: str) -> AsyncIterator[Pool]:
    """To an empty log and no lives."""
    pool = await open_pool(postgres_dsn)
    yield pool
    await pool.close()


def keeper(pool: Pool, own: Process | None = None) -> LifeKeeper:
    """Of a process, or of one that sees nothing open."""
    return LifeKeeper(LifeStore(pool), "own", own.live.open_ids if own else list)


async def all_lives(pool: Pool, **asked: object) -> list[pb.OpportunityLife]:
    """Page after page of two."""
    lives: list[pb.OpportunityLife] = []
    request = pb.ListOpportunityHistoryRequest(page_size=2, **asked)  # type: ignore[arg-type]
    while True:
        page = await list_history(LifeStore(pool), request)
        lives += page.lives
        request.page_token = page.next_page_token
        if not request.page_token:
            return lives


async def told(pool: Pool, *bids: tuple[str, float]) -> Process:
    """A process that has told and written these (asset, bid on `dear`; `cheap` asks 100), now dead."""
    own = process(EventStore(pool, Clock()))
    for asset, bid in bids:
        own.tick(bid, asset)
    await own.write()
    return own


async def test_every_opportunity_is_one_life_newest_first(pool: Pool) -> None:
    """From opening to close, with its peak and its path."""
    await told(pool, ("BTC", 101.0), ("BTC", 102.0), ("ETH", 101.0), ("BTC", 100.0), ("BTC", 101.0))
    await keeper(pool).take_page()
    lives = await all_lives(pool)
    assert [(life.asset, life.HasField("close_time"), life.events) for life in lives] == [
        ("BTC", False, 1),
        ("ETH", False, 1),
        ("BTC", True, 3),
    ]
    assert lives[2].close_reason == pb.REFUSAL_REASON_BELOW_THRESHOLD
    assert [round(point.net_percent, 1) for point in lives[2].path] == [0.8, 1.8]
    assert lives[2].peak_net_percent == lives[2].path[1].net_percent


async def test_filters_all_hold(pool: Pool) -> None:
    """Assets, venues, peak, reasons, times."""
    await told(pool, ("BTC", 101.0), ("BTC", 100.0), ("ETH", 103.0))
    await keeper(pool).take_page()
    count = {}
    for name, asked in {
        "assets": {"assets": ["ETH"]},
        "venues": {"venues": ["cheap"]},
        "both venues": {"venues": ["cheap", "dear"]},
        "peak": {"min_peak_net_percent": 2.0},
        "reasons": {"close_reasons": [pb.REFUSAL_REASON_BELOW_THRESHOLD]},
        "duration": {"min_duration": to_duration(3600 * SECOND_NS)},
    }.items():
        count[name] = len(await all_lives(pool, **asked))
    assert count == {"assets": 1, "venues": 0, "both venues": 2, "peak": 1, "reasons": 1, "duration": 0}


async def test_a_keeper_that_dies_in_the_middle_leaves_nothing_half_done(pool: Pool) -> None:
    """What it had taken and not committed is taken again, once, by the next."""
    await told(pool, ("BTC", 101.0), ("BTC", 102.0), ("BTC", 100.0))

    async def die() -> None:
        async with LifeStore(pool).making() as making:
            assert making is not None
            rows = await making.events(2)
            await making.keep([], [], rows[-1][0])
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await die()
    await keeper(pool).take_page()
    await keeper(pool).take_page()
    (life,) = await all_lives(pool)
    assert (life.events, life.HasField("close_time")) == (3, True)


async def test_replicas_take_turns_and_every_event_once(pool: Pool) -> None:
    """While one makes lives another does nothing, and then there is nothing left."""
    await told(pool, ("BTC", 101.0), ("BTC", 100.0))
    async with LifeStore(pool).making() as making:
        assert making is not None
        assert await keeper(pool).take_page() == 0
    assert [await keeper(pool).take_page(), await keeper(pool).take_page()] == [2, 0]


async def test_what_a_dead_writer_held_open_ends_when_it_died(pool: Pool, postgres_dsn: str) -> None:
    """Censored, at its last sign of life; what is open here stays, and the same id seen open later takes it back."""
    at_ns = now_ns()
    dead = process(EventStore(pool, Clock()))
    dead.tick(101.0, "BTC", at_ns)
    dead.tick(101.0, "ETH", at_ns)
    await dead.write()
    own = process(EventStore(pool, Clock()))
    own.tick(101.0, "ETH", at_ns)  # the same id, so that its row in the log is the dead one's
    await own.write()
    assert await keeper(pool, own).end_unwatched() == 0
    async with await connect(postgres_dsn) as connection:
        await connection.execute("UPDATE opportunity_writers SET seen_at = seen_at - interval '1 minute'")
    await keeper(pool, own).take_page()
    assert await keeper(pool, own).end_unwatched() == 1
    lives = {life.asset: life for life in await all_lives(pool)}
    assert (lives["BTC"].is_censored, lives["BTC"].close_reason) == (True, pb.REFUSAL_REASON_NOT_LIVE)
    assert not lives["ETH"].HasField("close_time")
    own.tick(101.0, "BTC", at_ns)
    own.tick(102.0, "BTC", now_ns())
    await own.write()
    await keeper(pool, own).take_page()
    assert [life.HasField("close_time") for life in await all_lives(pool, assets=["BTC"])] == [False]


async def test_nothing_is_lost_while_postgres_is_away(tmp_path: Path) -> None:
    """Events wait in memory, then in the log; the lives are those of a run without an outage."""
    async with stoppable_postgres(tmp_path) as postgres, await open_pool(postgres.dsn) as pool:
        own = process(EventStore(pool, Clock()))
        own.tick(101.0)
        await own.write()
        await postgres.stop()
        own.tick(102.0)
        own.tick(100.0)
        with pytest.raises(UnavailableError):
            await keeper(pool).take_page()
        await postgres.start()

        async def is_written() -> bool:
            try:
                await own.write()
            except UnavailableError:
                return False
            return True

        await eventually(is_written)
        await keeper(pool).take_page()
        (life,) = await all_lives(pool)
        assert (life.events, life.close_reason) == (3, pb.REFUSAL_REASON_BELOW_THRESHOLD)


async def test_statistics_reckon_what_a_latency_leaves(pool: Pool, postgres_dsn: str) -> None:
    """Of lives of 100 and 300 ms that fall from 2 to 1 at 60 ms, and of one whose watch ended at 10 ms."""
    await told(pool, *[(asset, bid) for asset in ("A", "B", "C") for bid in (101.0, 100.0)])
    await keeper(pool).take_page()
    lives = [("A", 100, False), ("B", 300, False), ("C", 10, True)]
    async with await connect(postgres_dsn) as connection:
        for asset, ms, is_censored in lives:
            await connection.execute(
                "UPDATE opportunity_lives SET close_ns = publish_ns + %s, is_censored = %s, path_us = '{0,60000}', "
                "path_net_percent = '{2,1}', path_notional = '{9,9}' WHERE asset = %s",
                (ms * MS, is_censored, asset),
            )
    request = pb.GetOpportunityStatisticsRequest(latencies=[to_duration(ms * MS) for ms in (50, 180)])
    (everything,) = (await statistics(LifeStore(pool), request, now_ns())).rows
    assert (everything.count, everything.censored_count) == (3, 1)
    assert from_duration(everything.median_life) == 100 * MS
    captures = [(capture.alive_share, capture.mean_net_percent) for capture in everything.captures]
    assert captures == [(1.0, 2.0), (0.5, 0.5)]
    groupings = (pb.LIFE_GROUPING_ASSET, pb.LIFE_GROUPING_VENUE_PAIR, pb.LIFE_GROUPING_HOUR)
    request.group_by.extend(groupings)
    rows = (await statistics(LifeStore(pool), request, now_ns())).rows
    assert {(row.asset, row.buy_venue, row.sell_venue, row.hour.seconds % 3600) for row in rows} == {
        (asset, "cheap", "dear", 0) for asset in "ABC"
    }


async def test_of_no_lives_there_are_no_statistics(pool: Pool) -> None:
    """Not a group of nothing."""
    assert not (await statistics(LifeStore(pool), pb.GetOpportunityStatisticsRequest(), now_ns())).rows


async def test_lives_are_forgotten_by_age_once_ended_and_by_number(pool: Pool) -> None:
    """What is open stays until there are too many."""
    await told(pool, ("A", 101.0), ("B", 101.0), ("B", 100.0), ("C", 101.0))
    await keeper(pool).take_page()
    store = LifeStore(pool)
    assert await forget_rows(store, "lives", 0, kept=10) == 1
    assert [life.asset for life in await all_lives(pool)] == ["C", "A"]
    assert await forget_rows(store, "lives", 3600, kept=1) == 1
    assert [life.asset for life in await all_lives(pool)] == ["C"]
