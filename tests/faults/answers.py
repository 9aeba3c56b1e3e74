"""Faults of stores that answer: with an error, or out of a past that lacks what they had confirmed."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import psycopg
import redis

from tests.faults.inflict import Inflict
from tests.faults.rig import Rig

LOADING = b"-LOADING Redis is loading the dataset in memory\r\n"
MENDER = "mender"  # who may still do everything while the services' user may not
REFUSE = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'refused by a test' USING ERRCODE = '{sqlstate}'; END $$;
    CREATE TRIGGER refusing BEFORE INSERT ON snapshots EXECUTE FUNCTION refuse();
    CREATE TRIGGER refusing BEFORE INSERT ON alerts EXECUTE FUNCTION refuse()
"""
REFUSE_NO_MORE = "DROP FUNCTION refuse() CASCADE"
POSITIONS = "SELECT venue, stream_id, position, committed_until FROM stream_positions"
FORGET = (
    "DELETE FROM snapshots WHERE venue = %(venue)s AND window_start >= %(until)s",
    "DELETE FROM minutes WHERE venue = %(venue)s AND minute_start + interval '1 minute' > %(until)s",
    "UPDATE stream_positions SET stream_id = %(stream_id)s, position = %(position)s, committed_until = %(until)s"
    " WHERE venue = %(venue)s",
)
TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename <> ''"


def postgres_raises(sqlstate: str) -> Inflict:
    """Windows and alerts are refused with the error of that code, which need not be one that Postgres knows."""

    @asynccontextmanager
    async def inflict(rig: Rig, chance: random.Random) -> AsyncIterator[None]:
        await asyncio.to_thread(_run_sql, rig.postgres.dsn, REFUSE.format(sqlstate=sqlstate))
        yield
        await asyncio.to_thread(_run_sql, rig.postgres.dsn, REFUSE_NO_MORE)

    return inflict


@asynccontextmanager
async def commits_lost(rig: Rig, chance: random.Random) -> AsyncIterator[None]:
    """A replica takes over that is behind: what was confirmed while the fault was held is gone again."""
    dsn = rig.postgres.dsn
    held = await asyncio.to_thread(lambda: psycopg.connect(dsn).execute(POSITIONS).fetchall())
    yield
    await asyncio.to_thread(_forget, dsn, held)


def redis_told(change: Callable[["redis.Redis"], None], mend: Callable[["redis.Redis"], None]) -> Inflict:
    """Redis runs on, changed so that it refuses; `mend` takes it back. Both are called as a user who may do all."""

    @asynccontextmanager
    async def inflict(rig: Rig, chance: random.Random) -> AsyncIterator[None]:
        with redis.Redis.from_url(rig.redis.url) as owner:
            owner.acl_setuser(MENDER, enabled=True, nopass=True, categories=["+@all"], keys=["*"], channels=["*"])
        parts = urlsplit(rig.redis.url)
        with redis.Redis(host=parts.hostname or "", port=parts.port or 0, username=MENDER, password="any") as mender:
            change(mender)
            try:
                yield
            finally:
                mend(mender)

    return inflict


@asynccontextmanager
async def redis_loading(rig: Rig, chance: random.Random) -> AsyncIterator[None]:
    """In its place stands one that says LOADING to everything, as a server with much to read does for minutes."""
    parts = urlsplit(rig.redis.url)
    await rig.redis.stop()
    async with await asyncio.start_server(_say_loading, parts.hostname, parts.port):
        yield
    await rig.redis.start()


async def _say_loading(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while asked := await reader.read(65536):
            commands = asked.count(b"\r\n*") + asked.startswith(b"*")
            writer.write(LOADING * commands)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


def _run_sql(dsn: str, script: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(script.encode())


def _forget(dsn: str, held: list[tuple[str, str, int, object]]) -> None:
    """In one transaction, and every connection to the lost server ends with it."""
    with psycopg.connect(dsn) as connection:
        for venue, stream_id, position, until in held:
            values = {"venue": venue, "stream_id": stream_id, "position": position, "until": until}
            for statement in FORGET:
                connection.execute(statement.encode(), values)
    _run_sql(dsn, TERMINATE)
