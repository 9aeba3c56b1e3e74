"""Migrations against a real Postgres."""

import asyncio

import pytest

from crossbook.plumbing import migrate as module
from crossbook.plumbing.errors import SettingsError, UnavailableError
from crossbook.plumbing.migrate import Migration, load_migrations, migrate
from crossbook.plumbing.postgres import connect


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


async def test_a_server_that_is_not_there_is_unavailable(free_port: int) -> None:
    with pytest.raises(UnavailableError):
        await migrate(f"postgresql://nobody@127.0.0.1:{free_port}/none")
