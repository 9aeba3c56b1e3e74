"""Migrations against a real Postgres."""

import asyncio

import pytest

from crossbook._core import ClosedWindow
from crossbook.aggregator.store.moments import to_datetime
from crossbook.aggregator.store.store import Store
from crossbook.plumbing.data import migrate as module
from crossbook.plumbing.data.migrate import Migration, in_order, load_migrations, migrate
from crossbook.plumbing.data.postgres import connect, open_pool
from crossbook.plumbing.errors import SettingsError, UnavailableError
from tests.support.aggregator.closed_windows import closed_windows
from tests.support.aggregator.quote_stream import START_NS, QuoteStream
from tests.support.aggregator.window_oracle import MINUTE_NS, bits, roll_up
from tests.support.aggregator.window_tables import read_minutes, read_snapshots


async def test_every_migration_is_applied_once_in_order(empty_postgres_dsn: str) -> None:
    names = [migration.name for migration in load_migrations()]
    assert names[0] == "0001_windows.sql"
    assert await migrate(empty_postgres_dsn) == names
    assert await migrate(empty_postgres_dsn) == []


async def test_two_processes_at_once_apply_each_migration_once(empty_postgres_dsn: str) -> None:
    first, second = await asyncio.gather(migrate(empty_postgres_dsn), migrate(empty_postgres_dsn))
    assert sorted(first + second) == [migration.name for migration in load_migrations()]


async def test_a_migration_that_changed_after_it_ran_is_refused(
    empty_postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "load_migrations", lambda: [Migration(1, "0001_a.sql", "CREATE TABLE a (x int)")])
    await migrate(empty_postgres_dsn)
    monkeypatch.setattr(module, "load_migrations", lambda: [Migration(1, "0001_a.sql", "CREATE TABLE a (y int)")])
    with pytest.raises(SettingsError, match=r"0001_a\.sql differs"):
        await migrate(empty_postgres_dsn)


def test_two_migrations_of_one_number_are_refused() -> None:
    """Only the first of them would ever be applied."""
    with pytest.raises(SettingsError, match=r"0002_b\.sql and 0002_c\.sql bear one number"):
        in_order([Migration(2, "0002_c.sql", ""), Migration(1, "0001_a.sql", ""), Migration(2, "0002_b.sql", "")])


async def test_a_migration_that_fails_leaves_nothing_behind(
    empty_postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Migration(1, "0001_a.sql", "CREATE TABLE a (x int); SELECT 1/0")
    monkeypatch.setattr(module, "load_migrations", lambda: [broken])
    with pytest.raises(Exception, match="division by zero"):
        await migrate(empty_postgres_dsn)
    async with await connect(empty_postgres_dsn) as connection:
        cursor = await connection.execute("SELECT to_regclass('a'), (SELECT count(*) FROM schema_migrations)")
        assert await cursor.fetchone() == (None, 0)


async def test_windows_from_before_shards_are_those_of_main(
    empty_postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An aggregator without a shard's name continues exactly where it was; another shard begins anew."""
    everything = load_migrations()
    monkeypatch.setattr(module, "load_migrations", lambda: everything[:3])
    await migrate(empty_postgres_dsn)
    *written, later = closed_windows(START_NS + 3 * MINUTE_NS, QuoteStream("alpha"))
    await _write_as_before(empty_postgres_dsn, written)
    before = read_snapshots(empty_postgres_dsn, "alpha")
    monkeypatch.setattr(module, "load_migrations", lambda: everything)
    assert await migrate(empty_postgres_dsn) == [migration.name for migration in everything[3:]]
    pool = await open_pool(empty_postgres_dsn)
    try:
        point = await Store(pool, "main").open_venue("alpha")
        assert point is not None
        assert (point.stream_id, point.position) == (written[-1].stream_id, written[-1].position)
        assert len(point.carried) == written[-1].rows
        assert await Store(pool, "b").open_venue("alpha") is None
        assert (await Store(pool, "main").commit_window(later, later.instruments())).is_new
    finally:
        await pool.close()
    assert read_snapshots(empty_postgres_dsn, "alpha")[: len(before)] == before
    assert {row.start_ns for row in read_snapshots(empty_postgres_dsn, "alpha")[len(before) :]} == {later.start_ns}


async def test_a_minute_that_was_begun_before_sole_writers_is_that_of_its_rows(
    empty_postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of it was written by an older version of the program; then the database was migrated."""
    everything = load_migrations()
    monkeypatch.setattr(module, "load_migrations", lambda: everything[:11])
    await migrate(empty_postgres_dsn)
    written, own = (closed_windows(START_NS + 4 * MINUTE_NS, QuoteStream("alpha", seed=seed)) for seed in (1, 2))
    half = next(number for number, window in enumerate(own) if window.has_minutes) - 1
    await _write_as_before(empty_postgres_dsn, written[:half], shard="main")
    monkeypatch.setattr(module, "load_migrations", lambda: everything)
    assert (await migrate(empty_postgres_dsn))[0] == "0013_sole_writer.sql"
    pool = await open_pool(empty_postgres_dsn)
    try:
        for window in own[half:]:
            assert (await Store(pool, "main").commit_window(window, [], writer="new")).is_new
    finally:
        await pool.close()
    minutes = read_minutes(empty_postgres_dsn, "alpha")
    rows = [row for row in read_snapshots(empty_postgres_dsn, "alpha") if row.start_ns >= minutes[0].start_ns]
    expected = roll_up(row for row in rows if row.start_ns < minutes[-1].start_ns + MINUTE_NS)
    assert [bits(row) for row in minutes] == [bits(row) for row in expected]


async def _write_as_before(dsn: str, windows: list[ClosedWindow], shard: str | None = None) -> None:
    """As the aggregator of migration 0003 did, or with a shard the one of 0011, but for the minutes."""
    last = windows[-1]
    async with await connect(dsn) as connection, connection.transaction():
        await connection.execute("SELECT create_venue_partitions('alpha')")
        for window in windows:
            async with connection.cursor() as cursor, cursor.copy("COPY snapshots FROM STDIN (FORMAT BINARY)") as copy:
                await copy.write(window.copy_binary(shard))
        for one in last.instruments():
            await connection.execute(
                "INSERT INTO markets VALUES (%s, %s, %s, %s, 1, %s, %s, 1, 0, 0)",
                (one.venue, one.symbol, one.native_symbol, one.asset, one.quote_currency, one.settle_currency),
            )
        await connection.execute(
            "INSERT INTO stream_positions VALUES (%s, %s, %s, %s)",
            (last.venue, last.stream_id, last.position, to_datetime(last.end_ns)),
        )


async def test_a_server_that_is_not_there_is_unavailable(free_port: int) -> None:
    with pytest.raises(UnavailableError):
        await migrate(f"postgresql://nobody@127.0.0.1:{free_port}/none")
