"""Aggregators of different shards share a venue and its tables: each writes its instruments, none disturbs another."""

import asyncio
import random
import signal
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from crossbook._core import ClosedWindow, QuoteHub, VenueWindows
from crossbook.aggregator.retention import delete_expired
from crossbook.aggregator.store.moments import EPOCH
from crossbook.aggregator.store.store import Store
from crossbook.local.processes.addresses import free_port
from crossbook.plumbing.settings import AggregatorSettings
from tests.support.aggregator.aggregator_process import AggregatorProcess
from tests.support.aggregator.closed_windows import closed_windows, take_all
from tests.support.aggregator.copy_binary import closed_rows
from tests.support.aggregator.feed import Feed, received
from tests.support.aggregator.quote_stream import START_NS, QuoteStream, batch_request, hello_request
from tests.support.aggregator.two_shards import VENUE, Stores
from tests.support.aggregator.window_oracle import MINUTE_NS, SnapshotRow, bits, roll_up
from tests.support.aggregator.window_tables import read_minutes, read_position, read_snapshots

KILLS = 3
BATCHES_PER_LIFE = 160
FIRST_MINUTE_NS = (START_NS // MINUTE_NS + 1) * MINUTE_NS


def _closed(minutes: int, seed: int, first_coin: int) -> list[ClosedWindow]:
    """So many whole minutes of six instruments, from this coin on, and a bit more of the next."""
    stream = QuoteStream(VENUE, seed=seed, first_coin=first_coin)
    return closed_windows(FIRST_MINUTE_NS + minutes * MINUTE_NS + MINUTE_NS // 3, stream)


async def _commit(store: Store, windows: Iterable[ClosedWindow]) -> int:
    """All of one writer; the number of rows that were contested."""
    commits = [await store.commit_window(window, window.instruments(), writer=store.shard) for window in windows]
    return sum(commit.contested for commit in commits)


def _rows(windows: Iterable[ClosedWindow]) -> list[SnapshotRow]:
    return closed_rows(window.copy_binary() for window in windows)


def _shards(dsn: str) -> dict[str, set[str]]:
    """Symbols by the shard that wrote them."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT shard, array_agg(DISTINCT symbol) FROM snapshots GROUP BY shard").fetchall()
    return {shard: set(symbols) for shard, symbols in rows}


async def test_rows_of_two_shards_are_those_of_undisturbed_runs(postgres_dsn: str, tmp_path: Path) -> None:
    """One of them is killed in mid-window, again and again: its rows and the other's are right in every bit."""
    chance = random.Random(11)
    first, second = (
        AggregatorProcess(postgres_dsn, free_port(), tmp_path / f"{shard}.log", shard=shard) for shard in "ab"
    )
    async with first, second:
        feeds = [
            Feed(first.target, QuoteStream(VENUE, seed=1, shard="a")),
            Feed(second.target, QuoteStream(VENUE, seed=2, first_coin=6, shard="b")),
        ]
        async with feeds[0].tracker, feeds[1].tracker:
            for life in range(KILLS):
                for feed in feeds:
                    feed.send(BATCHES_PER_LIFE)
                await received(first, life * BATCHES_PER_LIFE + chance.randrange(1, BATCHES_PER_LIFE))
                await first.end(signal.SIGKILL)
                await first.start()
            for feed, shard in zip(feeds, "ab", strict=True):
                feed.send(BATCHES_PER_LIFE)
                feed.finish_minute()
                await feed.committed(postgres_dsn, shard)
    expected = sorted((row for feed in feeds for row in feed.oracle.snapshots), key=_key)
    assert [bits(row) for row in read_snapshots(postgres_dsn, VENUE)] == [bits(row) for row in expected]
    minutes = sorted((row for feed in feeds for row in feed.oracle.minutes()), key=_key)
    assert [bits(row) for row in read_minutes(postgres_dsn, VENUE)] == [bits(row) for row in minutes]
    for feed, shard in zip(feeds, "ab", strict=True):
        position = feed.stream.stream_id, feed.stream.sequence, feed.oracle.closed_until_ns
        assert read_position(postgres_dsn, VENUE, shard) == position
    assert len(feeds[0].tracker.resumed_from) >= KILLS + 1
    assert feeds[1].tracker.resumed_from == [1]


async def test_a_restart_finds_only_its_own_instruments(stores: Stores, postgres_dsn: str) -> None:
    """Each shard continues from its own position, with the quotes in force that it wrote itself."""
    all_closed = [_closed(minutes=2 - number, seed=number + 1, first_coin=number * 6) for number in range(2)]
    for store, closed in zip(stores, all_closed, strict=True):
        assert await _commit(store, closed) == 0
        point = await store.open_venue(VENUE)
        assert point is not None
        last = closed[-1]
        assert (point.stream_id, point.position, point.committed_until_ns) == (
            last.stream_id,
            last.position,
            last.end_ns,
        )
        assert len(point.carried) == last.rows
        windows = VenueWindows(VENUE, 15, QuoteHub())
        windows.restore(point.stream_id, point.position, point.committed_until_ns, point.carried)
    assert {shard: len(symbols) for shard, symbols in _shards(postgres_dsn).items()} == {"a": 6, "b": 6}


async def test_a_restart_brings_nothing_back_that_its_last_window_lacks(stores: Stores) -> None:
    """An instrument that has left is not in force because an older window of the shard had it."""
    old, new = QuoteStream(VENUE, seed=1), QuoteStream(VENUE, seed=2, instruments=0)
    windows = VenueWindows(VENUE, 15, QuoteHub())
    windows.on_hello(hello_request(old.hello(1)))
    windows.on_batch(batch_request(old.next_batch(rows=50)))
    windows.on_hello(hello_request(new.hello(1)))
    windows.on_batch(batch_request(new.roster(old.now_ns)))
    windows.on_batch(batch_request(new.heartbeat(old.now_ns + 2 * MINUTE_NS)))
    closed = take_all(windows)
    assert closed[0].rows > 0
    assert closed[-1].rows == 0
    await _commit(stores[0], closed)
    point = await stores[0].open_venue(VENUE)
    assert point is not None
    assert point.committed_until_ns == closed[-1].end_ns
    assert point.carried == []


async def test_retention_keeps_what_each_shard_needs(stores: Stores, postgres_dsn: str) -> None:
    """The newest minute of a shard stays, however far another one is."""
    ahead, behind = _closed(minutes=4, seed=1, first_coin=0), _closed(minutes=2, seed=2, first_coin=6)
    for store, closed in zip(stores, (ahead, behind), strict=True):
        await _commit(store, closed)
    await delete_expired(stores[0], AggregatorSettings(), EPOCH + timedelta(days=36_500))
    needed = [
        row
        for closed in (ahead, behind)
        for row in _rows(closed)
        if row.start_ns >= (closed[-1].end_ns - 1) // MINUTE_NS * MINUTE_NS
    ]
    assert read_snapshots(postgres_dsn, VENUE) == sorted(needed, key=_key)
    for store, closed in zip(stores, (ahead, behind), strict=True):
        point = await store.open_venue(VENUE)
        assert point is not None
        assert len(point.carried) == closed[-1].rows


async def test_of_a_row_that_two_shards_have_the_fuller_stays(stores: Stores, postgres_dsn: str) -> None:
    """Windows of both are committed whole; a contested row stands once and says that it is incomplete."""
    first, second = _closed(minutes=2, seed=1, first_coin=0), _closed(minutes=2, seed=2, first_coin=3)
    assert await _commit(stores[0], first) == 0
    contested = await _commit(stores[1], second)
    expected = {_key(row): row for row in _rows(first)}
    seen_twice = 0
    for row in _rows(second):
        other = expected.get(_key(row))
        if other is not None:
            seen_twice += 1
            row = replace(row if row.live_ns > other.live_ns else other, is_complete=False)
        expected[_key(row)] = row
    assert contested == seen_twice
    stored = read_snapshots(postgres_dsn, VENUE)
    assert [bits(row) for row in stored] == [bits(expected[key]) for key in sorted(expected)]
    assert {row.is_complete for row in stored} == {True, False}
    _assert_minutes_hold_their_windows(postgres_dsn)
    for shard, closed in zip("ab", (first, second), strict=True):
        last = closed[-1]
        assert read_position(postgres_dsn, VENUE, shard) == (last.stream_id, last.position, last.end_ns)


async def test_of_rows_that_are_equal_the_first_stays(stores: Stores, postgres_dsn: str) -> None:
    """Both saw as much: what stands is not written again, but marked."""
    windows = _closed(minutes=1, seed=1, first_coin=0)
    await _commit(stores[0], windows)
    rows = sum(window.rows for window in windows)
    assert await _commit(stores[1], windows) == rows
    assert set(_shards(postgres_dsn)) == {"a"}
    assert [bits(row) for row in read_snapshots(postgres_dsn, VENUE)] == [
        bits(replace(row, is_complete=False)) for row in _rows(windows)
    ]
    _assert_minutes_hold_their_windows(postgres_dsn)


async def test_shards_that_contest_rows_at_once_do_not_block_each_other(stores: Stores, postgres_dsn: str) -> None:
    """Whoever of the two comes first, both windows are committed and every row stands once."""
    both = _closed(minutes=2, seed=1, first_coin=0), _closed(minutes=2, seed=2, first_coin=0)
    for first, second in zip(*both, strict=False):
        await asyncio.gather(_commit(stores[0], [first]), _commit(stores[1], [second]))
    last = min(len(both[0]), len(both[1]))
    keys = {_key(row) for closed in both for row in _rows(closed[:last])}
    assert [_key(row) for row in read_snapshots(postgres_dsn, VENUE)] == sorted(keys)
    _assert_minutes_hold_their_windows(postgres_dsn)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_a_minute_that_an_instrument_spent_in_two_shards_is_whole(
    stores: Stores, postgres_dsn: str, order: tuple[int, int]
) -> None:
    """Two windows were written by one, two by the other: the minute holds all four, whoever comes first."""
    moved_ns = FIRST_MINUTE_NS + MINUTE_NS // 2
    stays = QuoteStream(VENUE, seed=2, start_ns=moved_ns)
    both = _closed_until_left(QuoteStream(VENUE, seed=1), moved_ns), closed_windows(moved_ns + 2 * MINUTE_NS, stays)
    for number in order:
        assert await _commit(stores[number], both[number]) == 0
    _assert_minutes_hold_their_windows(postgres_dsn)
    assert max(row.windows for row in read_minutes(postgres_dsn, VENUE) if row.start_ns == FIRST_MINUTE_NS) == 4


def _closed_until_left(stream: QuoteStream, left_ns: int) -> list[ClosedWindow]:
    """The stream's instruments have left at that boundary; empty windows follow."""
    windows = VenueWindows(VENUE, 15, QuoteHub())
    windows.on_hello(hello_request(stream.hello(1)))
    while (batch := stream.next_batch(rows=20)).watermark_ns < left_ns - MINUTE_NS // 6:
        windows.on_batch(batch_request(batch))
    empty = QuoteStream(VENUE, seed=9, instruments=0)
    stream.sequence -= 1  # the last batch was not sent
    windows.on_batch(batch_request(stream.heartbeat(left_ns)))
    windows.on_hello(hello_request(empty.hello(1)))
    windows.on_batch(batch_request(empty.roster(left_ns - 1)))
    windows.on_batch(batch_request(empty.heartbeat(left_ns + MINUTE_NS)))
    return take_all(windows)


def _assert_minutes_hold_their_windows(dsn: str) -> None:
    minutes = read_minutes(dsn, VENUE)
    ended_ns = minutes[-1].start_ns + MINUTE_NS
    expected = roll_up(row for row in read_snapshots(dsn, VENUE) if row.start_ns < ended_ns)
    assert [bits(row) for row in minutes] == [bits(row) for row in expected]


def _key(row: SnapshotRow) -> tuple[int, str]:
    return row.start_ns, row.symbol
