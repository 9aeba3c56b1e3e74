"""Applies migrations/NNNN_name.sql in order, each in one transaction, one process at a time, each once.

What has been applied stands in table schema_migrations with its checksum: a file that changed afterwards is an error,
because databases that ran the old text would silently differ.
"""

import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import resources
from itertools import pairwise

import psycopg
import structlog

from crossbook.plumbing.data.failures import Failure
from crossbook.plumbing.data.postgres import Connection, connect, failure_of
from crossbook.plumbing.errors import SettingsError, UnavailableError

LOCK_KEY = 0x63726F7373626F6F  # "crossboo"
CREATE_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version integer PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""
FILE_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Migration:
    """One file."""

    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """Of the file's text."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def load_migrations() -> list[Migration]:
    """Every migration in order."""
    folder = resources.files("crossbook") / "migrations"
    found = [
        Migration(int(match[1]), entry.name, entry.read_text())
        for entry in folder.iterdir()
        if (match := FILE_NAME.fullmatch(entry.name))
    ]
    return in_order(found)


def in_order(migrations: list[Migration]) -> list[Migration]:
    """By their numbers. Raises SettingsError when two bear one: only the first of them would ever be applied."""
    ordered = sorted(migrations, key=lambda migration: (migration.version, migration.name))
    for before, after in pairwise(ordered):
        if before.version == after.version:
            raise SettingsError(f"migrations {before.name} and {after.name} bear one number: give one of them the next")
    return ordered


async def migrate(dsn: str) -> list[str]:
    """Brings the database up to date; returns the names of the files applied now.

    Raises UnavailableError, with all that the library says: it is for the operator, who knows the DSN.
    """
    try:
        async with await connect(dsn) as connection:
            return await _migrate(connection, load_migrations())
    except psycopg.Error as error:
        if failure_of(error) is Failure.OUTAGE:
            raise UnavailableError(f"Postgres cannot be migrated: {' '.join(str(error).split())}") from error
        raise


async def _migrate(connection: Connection, migrations: list[Migration]) -> list[str]:
    """Nothing is left in the session: it may be shared by a pooler."""
    done = []
    async with _locked(connection):
        await connection.execute(CREATE_TABLE)
        _check(migrations, await _applied(connection))
    for migration in migrations:
        async with _locked(connection):
            if migration.version not in await _applied(connection):
                await _apply(connection, migration)
                done.append(migration.name)
    return done


@asynccontextmanager
async def _locked(connection: Connection) -> AsyncIterator[None]:
    """A transaction for as long as it takes, with no other process at it."""
    async with connection.transaction():
        await connection.execute("SET LOCAL statement_timeout = 0")
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK_KEY,))
        yield


async def _applied(connection: Connection) -> dict[int, str]:
    cursor = await connection.execute("SELECT version, checksum FROM schema_migrations")
    return dict(await cursor.fetchall())


def _check(migrations: list[Migration], applied: dict[int, str]) -> None:
    for migration in migrations:
        if applied.get(migration.version, migration.checksum) != migration.checksum:
            raise SettingsError(f"migration {migration.name} differs from the one this database has run")


async def _apply(connection: Connection, migration: Migration) -> None:
    await connection.execute(migration.sql)
    await connection.execute(
        "INSERT INTO schema_migrations (version, name, checksum) VALUES (%s, %s, %s)",
        (migration.version, migration.name, migration.checksum),
    )
    log.info("migration_applied", name=migration.name)
