"""The aggregator's SQL against a real Postgres: once-only commits, partitions, restore, retention."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import psycopg
import pytest

from crossbook._core import ClosedWindow, Instrument, QuoteHub, VenueWindows
from crossbook.aggregator.retention import delete_expired
from crossbook.aggregator.store.commits import Commit
from crossbook.aggregator.store.moments import EPOCH, to_datetime
from crossbook.aggregator.store.store import Store
from crossbook.plumbing.data.postgres import open_pool
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.settings import AggregatorSettings
from tests.support.aggregator.closed_windows import closed_windows
from tests.support.aggregator.quote_stream import QuoteStream
from tests.support.aggregator.window_oracle import MINUTE_NS, SECOND_NS
from tests.support.aggregator.window_tables import read_minutes, read_position, read_snapshots

VENUE = "alpha-1_x"


@pytest.fixture
async def store(postgres_dsn: str) -> AsyncIterator[Store]:
    pool = await open_pool(postgres_dsn)
    try:
        yield Store(pool, "main")
    finally:
        await pool.close()


async def _commit_minutes(store: Store, minutes: int) -> list[ClosedWindow]:
    """So many whole minutes, and a bit more of the next."""
    stream = QuoteStream(VENUE)
    whole = stream.now_ns // MINUTE_NS + 1
    closed = closed_windows((whole + minutes) * MINUTE_NS + 20 * SECOND_NS, stream)
    await store.open_venue(VENUE)
    for window in closed:
        await store.commit_window(window, window.instruments(), writer="it")
    return closed


async def test_a_window_is_committed_once(store: Store, postgres_dsn: str) -> None:
    """A second commit changes nothing and says so, also when both come at the same moment."""
    await store.open_venue(VENUE)
    for window in closed_windows(QuoteStream(VENUE).now_ns + 2 * MINUTE_NS, QuoteStream(VENUE)):
        both = await asyncio.gather(*(store.commit_window(window, window.instruments()) for _ in range(2)))
        assert sorted(commit.is_new for commit in both) == [False, True]
        before = read_snapshots(postgres_dsn, VENUE)
        assert await store.commit_window(window, window.instruments()) == Commit(is_new=False, minutes=0)
        assert read_snapshots(postgres_dsn, VENUE) == before
        assert sum(row.start_ns == window.start_ns for row in before) == window.rows


async def test_partitions_are_made_once_by_whoever_is_first(store: Store, postgres_dsn: str) -> None:
    """Many processes meet a new venue at once; its tables bear its name, whatever characters that has."""
    points = await asyncio.gather(*(store.open_venue(VENUE) for _ in range(6)))
    assert points == [None] * 6
    with psycopg.connect(postgres_dsn) as connection:
        rows = connection.execute(
            "SELECT inhrelid::regclass::text, inhparent::regclass::text FROM pg_inherits WHERE inhparent IN"
            " ('markets'::regclass, 'snapshots'::regclass, 'minutes'::regclass) ORDER BY 2"
        ).fetchall()
    assert rows == [(f'"{VENUE}_{parent}"', parent) for parent in ("markets", "minutes", "snapshots")]


async def test_rows_lie_in_the_partition_of_their_venue(store: Store, postgres_dsn: str) -> None:
    """Tools may read <venue>_snapshots directly."""
    await _commit_minutes(store, 1)
    with psycopg.connect(postgres_dsn) as connection:
        row = connection.execute(f'SELECT count(*) FROM "{VENUE}_snapshots"'.encode()).fetchone()
    assert row == (len(read_snapshots(postgres_dsn, VENUE)),)


async def test_a_restart_finds_position_and_quotes_in_force(store: Store, postgres_dsn: str) -> None:
    """What was committed last is what a restart continues from, instruments with all they had."""
    closed = await _commit_minutes(store, 1)
    point = await store.open_venue(VENUE)
    assert point is not None
    assert (point.stream_id, point.position, point.committed_until_ns) == read_position(postgres_dsn, VENUE)
    assert (point.position, point.committed_until_ns) == (closed[-1].position, closed[-1].end_ns)
    assert len(point.carried) == closed[-1].rows
    restored = VenueWindows(VENUE, 15, QuoteHub())
    restored.restore(point.stream_id, point.position, point.committed_until_ns, point.carried)


async def test_a_position_in_the_future_is_set_back_and_rows_of_the_future_go(store: Store, postgres_dsn: str) -> None:
    """What was told of times that have come stays; the next window begins after it, and no stream's number is kept."""
    closed = await _commit_minutes(store, 2)
    now_ns = closed[2].end_ns + SECOND_NS
    point, gone = await store.set_back(VENUE, now_ns)
    assert point is not None
    kept = [window for window in closed if window.end_ns <= now_ns]
    assert (point.stream_id, point.position, point.committed_until_ns) == ("", 0, kept[-1].end_ns)
    assert len(point.carried) == kept[-1].rows
    rows = read_snapshots(postgres_dsn, VENUE)
    assert {row.start_ns for row in rows} == {window.start_ns for window in kept if window.rows}
    assert not [row for row in read_minutes(postgres_dsn, VENUE) if row.start_ns + MINUTE_NS > now_ns]
    assert gone >= sum(window.rows for window in closed) - len(rows)


async def test_a_position_is_set_back_to_the_last_minute_when_every_row_is_of_the_future(store: Store) -> None:
    """Nothing is left to continue from."""
    closed = await _commit_minutes(store, 1)
    now_ns = closed[0].start_ns - 3_600 * SECOND_NS
    point, _ = await store.set_back(VENUE, now_ns)
    assert point is not None
    assert (point.committed_until_ns, point.carried) == (now_ns // MINUTE_NS * MINUTE_NS, [])
    restored = VenueWindows(VENUE, 15, QuoteHub())
    restored.restore(point.stream_id, point.position, point.committed_until_ns, point.carried)


async def test_markets_follow_their_instruments(store: Store, postgres_dsn: str) -> None:
    """A market is written once and again only when it has changed."""
    window = (await _commit_minutes(store, 1))[-1]
    first = _markets(postgres_dsn)
    assert [row[0] for row in first] == sorted(instrument.symbol for instrument in window.instruments())
    stream = QuoteStream(VENUE)
    later = closed_windows(window.end_ns + MINUTE_NS, stream)[-1]
    unchanged = later.instruments()[1:]
    old = later.instruments()[0]
    changed = Instrument(
        venue=VENUE,
        symbol=old.symbol,
        native_symbol=old.native_symbol,
        asset=old.asset,
        quote_currency=old.quote_currency,
        settle_currency=old.settle_currency,
        taker_fee_percent=0.02,
    )
    assert (await store.commit_window(later, [changed, *unchanged])).is_new
    second = _markets(postgres_dsn)
    assert [row for row in first if row not in second] == [row for row in first if row[0] == old.symbol]


def _markets(dsn: str) -> list[tuple[object, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(
            "SELECT symbol, taker_fee_percent, updated_at FROM markets ORDER BY symbol"
        ).fetchall()


async def test_what_is_older_than_its_retention_goes(store: Store, postgres_dsn: str) -> None:
    """Snapshots and minutes have each their own retention; younger rows stay."""
    closed = await _commit_minutes(store, 5)
    settings = AggregatorSettings(snapshot_retention_seconds=90, minute_retention_seconds=200)
    now = to_datetime(closed[-1].end_ns)
    kept = [row for row in read_snapshots(postgres_dsn, VENUE) if row.start_ns >= closed[-1].end_ns - 90 * SECOND_NS]
    kept_minutes = [
        row for row in read_minutes(postgres_dsn, VENUE) if row.start_ns >= closed[-1].end_ns - 200 * SECOND_NS
    ]
    snapshots, minutes = await delete_expired(store, settings, now)
    assert snapshots > 0
    assert minutes > 0
    assert read_snapshots(postgres_dsn, VENUE) == kept
    assert read_minutes(postgres_dsn, VENUE) == kept_minutes
    assert await delete_expired(store, settings, now) == (0, 0)


async def test_retention_keeps_what_a_restart_and_a_rollup_need(store: Store, postgres_dsn: str) -> None:
    """The newest minute of a venue stays, however old it is."""
    closed = await _commit_minutes(store, 2)
    point = await store.open_venue(VENUE)
    assert point is not None
    await delete_expired(store, AggregatorSettings(), EPOCH + timedelta(days=36_500))
    assert {row.start_ns for row in read_snapshots(postgres_dsn, VENUE)} == {closed[-1].start_ns}
    after = await store.open_venue(VENUE)
    assert after is not None
    assert len(after.carried) == len(point.carried)
    assert read_minutes(postgres_dsn, VENUE) == []


async def test_only_one_process_deletes_at_a_time(store: Store, postgres_dsn: str) -> None:
    """While another one holds the lock nothing is deleted here."""
    closed = await _commit_minutes(store, 3)
    settings, now = AggregatorSettings(snapshot_retention_seconds=1), to_datetime(closed[-1].end_ns)
    with psycopg.connect(postgres_dsn) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('crossbook.aggregator.retention'))")
        assert await delete_expired(store, settings, now) == (0, 0)
    assert (await delete_expired(store, settings, now))[0] > 0


async def test_a_database_without_tables_says_what_to_do(empty_postgres_dsn: str) -> None:
    """The error names the command that makes them."""
    pool = await open_pool(empty_postgres_dsn)
    try:
        with pytest.raises(UnavailableError, match="crossbook migrate"):
            await Store(pool, "main").ping()
    finally:
        await pool.close()
