"""Windows of many venues that are to be written at the same moment: few transactions, each venue with its own fate."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest

from crossbook._core import ClosedWindow
from crossbook.aggregator.store.commits import TRANSACTIONS_AT_ONCE, Commit
from crossbook.aggregator.store.positions import LostCommitsError
from crossbook.aggregator.store.store import Store
from crossbook.plumbing.data.postgres import open_pool
from crossbook.plumbing.errors import UnavailableError
from tests.support.aggregator.closed_windows import closed_windows
from tests.support.aggregator.copy_binary import closed_rows
from tests.support.aggregator.quote_stream import START_NS, QuoteStream
from tests.support.aggregator.window_oracle import MINUTE_NS, bits, roll_up
from tests.support.aggregator.window_tables import read_minutes, read_snapshots

VENUES = [f"venue{number:02}" for number in range(20)]
ILL = VENUES[12]  # not among those that go first, and alone
SECOND = 1_000_000_000
REFUSE = f"""
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.venue = '{ILL}' THEN RAISE 'not this one'; END IF; RETURN NEW;
    END $$;
    CREATE TRIGGER refusing BEFORE INSERT ON snapshots FOR EACH ROW EXECUTE FUNCTION refuse();
"""


@pytest.fixture
async def store(postgres_dsn: str) -> AsyncIterator[Store]:
    pool = await open_pool(postgres_dsn, max_size=8)
    try:
        store = Store(pool, "main")
        for venue in VENUES:
            await store.open_venue(venue)
        yield store
    finally:
        await pool.close()


def _windows(minutes: int = 0) -> dict[str, list[ClosedWindow]]:
    """Each venue's, of at least one window; instruments and quotes differ."""
    until_ns = START_NS + minutes * MINUTE_NS + 30 * SECOND
    return {venue: closed_windows(until_ns, QuoteStream(venue, seed=n)) for n, venue in enumerate(VENUES)}


async def _commit_first(
    store: Store, windows: dict[str, list[ClosedWindow]], *, is_retry: bool = False
) -> list[object]:
    """Every venue's first window, at the same moment; what became of each."""
    commits = [
        store.commit_window(closed[0], closed[0].instruments(), is_retry=is_retry) for closed in windows.values()
    ]
    return await asyncio.gather(*commits, return_exceptions=True)


async def test_rows_are_those_of_their_venue_whoever_wrote_beside_it(store: Store, postgres_dsn: str) -> None:
    """Each venue's windows come in order, all venues' at once: rows and minutes are right in every bit."""
    windows = _windows(minutes=4)

    async def commit(closed: list[ClosedWindow]) -> None:
        for window in closed:
            assert (await store.commit_window(window, window.instruments(), writer=window.venue)).is_new

    await asyncio.gather(*map(commit, windows.values()))
    for venue, closed in windows.items():
        rows = closed_rows(window.copy_binary() for window in closed)
        assert [bits(row) for row in read_snapshots(postgres_dsn, venue)] == [bits(row) for row in rows]
        ended_ns = closed[-1].end_ns // MINUTE_NS * MINUTE_NS
        minutes = roll_up(row for row in rows if row.start_ns < ended_ns)
        assert [bits(row) for row in read_minutes(postgres_dsn, venue)] == [bits(row) for row in minutes]


async def test_windows_that_wait_share_a_transaction(store: Store, postgres_dsn: str) -> None:
    """The first go alone; all others in fewer transactions than there are."""
    assert all(isinstance(one, Commit) and one.is_new for one in await _commit_first(store, _windows()))
    with psycopg.connect(postgres_dsn) as connection:
        row = connection.execute("SELECT count(*), count(DISTINCT xmin::text) FROM stream_positions").fetchone()
    assert row is not None
    positions, transactions = row
    assert positions == len(VENUES)
    assert TRANSACTIONS_AT_ONCE < transactions < len(VENUES) - TRANSACTIONS_AT_ONCE


async def test_what_one_venue_has_lost_is_no_others(store: Store) -> None:
    """Its window was to be written together with those of others, which are."""
    windows = _windows()
    commits = [
        store.commit_window(closed[0], [], closed[0].start_ns if venue == ILL else 0)
        for venue, closed in windows.items()
    ]
    outcomes = dict(zip(windows, await asyncio.gather(*commits, return_exceptions=True), strict=True))
    assert isinstance(outcomes.pop(ILL), LostCommitsError)
    assert all(isinstance(one, Commit) and one.is_new for one in outcomes.values())


async def test_a_contested_window_is_no_others(store: Store, postgres_dsn: str) -> None:
    """Another shard has its rows already: it alone says so."""
    windows = _windows()
    pool = await open_pool(postgres_dsn)
    try:
        await Store(pool, "b").commit_window(windows[ILL][0], [])
    finally:
        await pool.close()
    outcomes = dict(zip(windows, await _commit_first(store, windows), strict=True))
    assert {venue for venue, one in outcomes.items() if isinstance(one, Commit) and one.contested} == {ILL}
    assert all(isinstance(one, Commit) and one.is_new for one in outcomes.values())


async def test_whose_rows_are_refused_is_alone_with_it_at_the_next_try(store: Store, postgres_dsn: str) -> None:
    """Of those that failed with it, all but itself are written."""
    with psycopg.connect(postgres_dsn) as connection:
        connection.execute(REFUSE.encode())
    windows = _windows()
    outcomes = dict(zip(windows, await _commit_first(store, windows), strict=True))
    assert isinstance(outcomes[ILL], UnavailableError)
    again = dict(zip(windows, await _commit_first(store, windows, is_retry=True), strict=True))
    assert isinstance(again.pop(ILL), UnavailableError)
    assert all(isinstance(one, Commit) for one in again.values())
