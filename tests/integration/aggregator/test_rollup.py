"""Minutes that their windows' writer has added up itself, against the rows that are in the tables."""

import psycopg
import pytest

from crossbook._core import ClosedWindow
from crossbook.aggregator.store.store import Store
from tests.support.aggregator.closed_windows import closed_windows
from tests.support.aggregator.quote_stream import START_NS, QuoteStream
from tests.support.aggregator.two_shards import VENUE, Stores
from tests.support.aggregator.window_oracle import MINUTE_NS, bits, roll_up
from tests.support.aggregator.window_tables import read_minutes, read_snapshots

FIRST_NS = (START_NS // MINUTE_NS + 2) * MINUTE_NS  # the first minute in which every instrument has all its windows


def _closed(minutes: int, seed: int) -> list[ClosedWindow]:
    """So many whole minutes of the same six instruments."""
    return closed_windows(FIRST_NS + minutes * MINUTE_NS, QuoteStream(VENUE, seed=seed))


def _in_minute(windows: list[ClosedWindow]) -> list[ClosedWindow]:
    """The four windows of the first whole minute."""
    return [window for window in windows if FIRST_NS <= window.start_ns < FIRST_NS + MINUTE_NS]


async def _write(store: Store, windows: list[ClosedWindow], writer: str) -> None:
    for window in windows:
        await store.commit_window(window, window.instruments(), writer=writer)


def _assert_minutes_are_their_rows(dsn: str) -> None:
    minutes = read_minutes(dsn, VENUE)
    ended_ns = minutes[-1].start_ns + MINUTE_NS
    expected = roll_up(row for row in read_snapshots(dsn, VENUE) if row.start_ns < ended_ns)
    assert [bits(row) for row in minutes] == [bits(row) for row in expected]


async def test_minutes_are_the_same_bits_whoever_adds_them_up(stores: Stores, postgres_dsn: str) -> None:
    """Written as the windows' writer added them up, and rolled up again in SQL from the rows."""
    closed = _closed(minutes=3, seed=1)
    assert [window.has_minutes for window in _in_minute(closed)] == [False, False, False, True]
    await _write(stores[0], closed, "one")
    added = read_minutes(postgres_dsn, VENUE)
    with psycopg.connect(postgres_dsn) as connection:
        for table in ("snapshots", "minutes", "stream_positions"):
            connection.execute(f"DELETE FROM {table}".encode())
    await _write(stores[0], closed, "")
    assert [bits(row) for row in read_minutes(postgres_dsn, VENUE)] == [bits(row) for row in added]
    _assert_minutes_are_their_rows(postgres_dsn)


async def test_rows_of_another_life_are_read_again(stores: Stores, postgres_dsn: str) -> None:
    """Half of the minute was written by somebody else who saw other quotes: what counts is what is written."""
    one, other = _closed(minutes=1, seed=1), _closed(minutes=1, seed=2)
    await _write(stores[0], _in_minute(one)[:2], "one")
    await _write(stores[0], _in_minute(other), "other")
    assert _in_minute(other)[-1].has_minutes
    _assert_minutes_are_their_rows(postgres_dsn)


async def test_a_writer_that_was_overtaken_for_a_window_reads_again(stores: Stores, postgres_dsn: str) -> None:
    """Somebody else wrote one window in between, and it went on afterwards."""
    one, other = _closed(minutes=1, seed=1), _closed(minutes=1, seed=2)
    await _write(stores[0], _in_minute(one)[:2], "one")
    await _write(stores[0], _in_minute(other)[2:3], "other")
    await _write(stores[0], _in_minute(one), "one")
    _assert_minutes_are_their_rows(postgres_dsn)


@pytest.mark.parametrize("contested", [0, 3])
async def test_rows_that_another_shard_contests_are_read_again(
    stores: Stores, postgres_dsn: str, contested: int
) -> None:
    """Another shard replaced or marked rows after they were written, and before their minute was."""
    one, other = _in_minute(_closed(minutes=1, seed=1)), _in_minute(_closed(minutes=1, seed=2))
    await _write(stores[0], one[:contested] or one[:1], "one")
    await _write(stores[1], other[:1], "other")
    await _write(stores[0], one, "one")
    assert not all(row.is_complete for row in read_snapshots(postgres_dsn, VENUE))
    _assert_minutes_are_their_rows(postgres_dsn)


async def test_a_minute_that_is_known_is_not_read_again(stores: Stores, postgres_dsn: str) -> None:
    """Whoever wrote all its windows writes it without a look at the rows."""
    closed = _closed(minutes=2, seed=1)
    await _write(stores[0], [window for window in closed if window.start_ns < FIRST_NS], "one")
    with psycopg.connect(postgres_dsn) as connection:
        connection.execute("ALTER TABLE snapshots RENAME COLUMN live_ns TO unreadable")  # a roll-up in SQL would fail
    await _write(stores[0], closed, "one")
    assert [row.start_ns for row in read_minutes(postgres_dsn, VENUE)][-1] == FIRST_NS + MINUTE_NS
