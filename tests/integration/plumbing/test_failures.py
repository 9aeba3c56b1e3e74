"""What real servers and uvloop raise when things go wrong: an outage in words that quote nothing, whatever it is."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import LiteralString
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
import uvloop
from psycopg.conninfo import make_conninfo

from crossbook.plumbing.data.cooldown import CooldownStore
from crossbook.plumbing.data.postgres import NoTablesError, Pool, connect, connected, open_pool, translating_outages
from crossbook.plumbing.data.redis import Redis, open_redis
from crossbook.plumbing.data.redis import translating_outages as translating_redis_outages
from crossbook.plumbing.errors import UnavailableError
from tests.support.servers.stoppable_redis import stoppable_redis
from tests.support.servers.tcp_proxy import TcpProxy

PAIR = ("alertRules/a", "BTC", "binance", "okx", 60.0)
WAIT_SECONDS = 60.0


@asynccontextmanager
async def opened_redis(url: str) -> AsyncIterator[Redis]:
    client = open_redis(url)
    try:
        yield client
    finally:
        await client.aclose()


@asynccontextmanager
async def pool_of(dsn: str) -> AsyncIterator[Pool]:
    pool = await open_pool(dsn, max_size=2)
    try:
        yield pool
    finally:
        await pool.close()


async def words_of(call: Callable[[], Awaitable[object]]) -> str:
    """What a caller is told; everything but an outage is raised."""
    with pytest.raises(UnavailableError) as raised:
        await call()
    return str(raised.value)


@pytest.mark.parametrize(
    ("command", "undo", "answer"),
    [
        ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE", "READONLY"),
        ("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0", "OOM"),
        ("ACL SETUSER default -eval", "ACL SETUSER default +eval", "NOPERM"),
        ("ACL SETUSER default resetkeys ~else:*", "ACL SETUSER default allkeys", "NOPERM"),
        ("CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0", "NOREPLICAS"),
    ],
)
async def test_a_redis_that_refuses_to_write_is_unavailable_to_claims_and_to_the_health_check(
    redis_url: str, command: str, undo: str, answer: str
) -> None:
    """A ping would be answered all the while."""
    async with opened_redis(redis_url) as client:
        cooldowns = CooldownStore(client)
        await cooldowns.check()
        with redis.Redis.from_url(redis_url) as operator:
            operator.execute_command(*command.split())
            try:
                claim = await words_of(lambda: cooldowns.claim(*PAIR))
                check = await words_of(cooldowns.check)
            finally:
                operator.execute_command(*undo.split())
        await cooldowns.check()
        await cooldowns.claim(*PAIR)
    assert claim == check == f"Redis cannot do its work: it answers {answer}"


async def test_a_password_that_is_no_longer_right_is_an_outage(redis_url: str) -> None:
    password = secrets.token_hex(8)
    with redis.Redis.from_url(redis_url) as operator:
        operator.execute_command("ACL", "SETUSER", "joe", "on", f">{password}", "+@all", "allkeys")
        try:
            async with opened_redis(redis_url.replace("://", f"://joe:{password}x@")) as client:
                words = await words_of(CooldownStore(client).check)
        finally:
            operator.execute_command("ACL", "DELUSER", "joe")
    assert words == "Redis cannot do its work: it answers WRONGPASS"


def test_under_uvloop_a_transport_that_is_closed_already_is_an_outage(redis_url: str) -> None:
    """uvloop raises RuntimeError, "the handler is closed", where asyncio would raise an OSError."""

    async def main() -> str:
        _, writer = await asyncio.open_connection(*address_of(redis_url))
        writer.transport.abort()
        await asyncio.sleep(0.01)  # the loop lets go of the handle at its next turn
        with pytest.raises(UnavailableError) as told, translating_redis_outages():
            writer.write(b"PING\r\n")
        return repr(told.value.__cause__)

    cause = uvloop.run(main())
    assert "RuntimeError" in cause
    assert "handler is closed" in cause


def address_of(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


def test_under_uvloop_nothing_but_outages_comes_of_a_redis_that_is_killed_mid_call(tmp_path: Path) -> None:
    """Many callers at once, while the server dies and comes back: each call succeeds or says UnavailableError."""

    async def ask(cooldowns: CooldownStore, until: asyncio.Event) -> int:
        outages = 0
        while not until.is_set():
            try:
                await cooldowns.check()
            except UnavailableError:
                outages += 1
            await asyncio.sleep(0)
        return outages

    async def main() -> int:
        async with stoppable_redis(tmp_path / "data") as server, opened_redis(server.url) as client:
            until, cooldowns = asyncio.Event(), CooldownStore(client)
            async with asyncio.TaskGroup() as tasks:
                callers = [tasks.create_task(ask(cooldowns, until)) for _ in range(20)]
                for _ in range(5):
                    await server.stop()
                    await server.start()
                until.set()
            return sum(caller.result() for caller in callers)

    assert uvloop.run(main()) > 0


@pytest.fixture
def limited(postgres_dsn: str) -> tuple[str, str]:
    """The DSN of a user who may do nothing, and the user's name."""
    name, password = f"user_{secrets.token_hex(4)}", secrets.token_hex(8)
    with psycopg.connect(postgres_dsn, autocommit=True) as operator:
        operator.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'".encode())
    return make_conninfo(postgres_dsn, user=name, password=password), name


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DO $$ BEGIN RAISE 'the disk is tired' USING ERRCODE = 'XX999'; END $$", "the disk is tired"),
        ("DO $$ BEGIN RAISE 'not today' USING ERRCODE = 'ZZ123'; END $$", "not today"),
        ("DO $$ BEGIN RAISE 'by a trigger' ; END $$", "by a trigger"),
    ],
)
async def test_what_postgres_answers_is_an_outage_whatever_its_code(
    postgres_dsn: str, statement: LiteralString, said: str
) -> None:
    async def ask() -> None:
        async with connected(pool) as connection:
            await connection.execute(statement)

    async with pool_of(postgres_dsn) as pool:
        assert await words_of(ask) == f"Postgres cannot do its work: {said}"


async def test_a_postgres_that_takes_no_writes_is_an_outage(postgres_dsn: str) -> None:
    """A replica during a failover, or a server that spares its full disk."""

    async def ask() -> None:
        async with connected(pool) as connection:
            await connection.execute("DELETE FROM alert_rules")

    with psycopg.connect(postgres_dsn, autocommit=True) as operator:
        operator.execute(f"ALTER DATABASE {operator.info.dbname} SET default_transaction_read_only = on".encode())
    async with pool_of(postgres_dsn) as pool:
        words = await words_of(ask)
    assert words == "Postgres cannot do its work: cannot execute DELETE in a read-only transaction"


async def test_a_permission_that_was_taken_away_is_an_outage_that_names_no_user(limited: tuple[str, str]) -> None:
    dsn, user = limited

    async def ask() -> None:
        async with connected(pool) as connection:
            await connection.execute("SELECT 1 FROM alert_rules")

    async with pool_of(dsn) as pool:
        words = await words_of(ask)
    assert words == "Postgres cannot do its work: permission denied for table alert_rules"
    assert user not in words


async def test_a_user_who_is_refused_at_the_door_is_an_outage_that_quotes_nothing(limited: tuple[str, str]) -> None:
    dsn, user = limited

    async def ask() -> None:
        with translating_outages():
            await connect(make_conninfo(dsn, dbname="no_such_database"))

    words = await words_of(ask)
    assert words == "Postgres cannot be reached"
    assert user not in words


async def test_a_database_that_is_not_migrated_says_what_to_do(empty_postgres_dsn: str) -> None:
    async with pool_of(empty_postgres_dsn) as pool:
        with pytest.raises(NoTablesError, match="run `crossbook migrate`"):
            async with connected(pool) as connection:
                await connection.execute("SELECT 1 FROM alert_rules")


async def test_a_row_that_is_there_already_is_a_refusal_for_the_caller_to_decide(postgres_dsn: str) -> None:
    async def add() -> None:
        async with connected(pool) as connection:
            await connection.execute("INSERT INTO alert_positions (name, value) VALUES ('a', 'b')")

    async with pool_of(postgres_dsn) as pool:
        await add()
        with pytest.raises(psycopg.errors.UniqueViolation):
            await add()


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_a_postgres_connection_that_is_cut_mid_call_is_an_outage(
    postgres_dsn: str, run: Callable[[Awaitable[str]], str]
) -> None:
    """The query is under way when the other end goes."""

    async def main() -> str:
        parts = psycopg.conninfo.conninfo_to_dict(postgres_dsn)
        async with AsyncExitStack() as stack:
            proxy = await stack.enter_async_context(TcpProxy(str(parts["host"]), int(str(parts["port"]))))
            dsn = make_conninfo(postgres_dsn, host="127.0.0.1", port=proxy.port)
            pool = await stack.enter_async_context(pool_of(dsn))

            async def ask() -> None:
                async with connected(pool) as connection:
                    asyncio.get_running_loop().call_later(0.2, proxy.cut)
                    await connection.execute("SELECT pg_sleep(%s)", (WAIT_SECONDS,))

            return await words_of(ask)

    assert run(main()) == "Postgres cannot be reached"
