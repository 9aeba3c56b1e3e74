"""The faults themselves: each is a context manager that breaks something and, at its end, has mended it again."""

import asyncio
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import psycopg
import redis

from tests.faults.rig import Rig
from tests.support.alerts.receiver import Answer
from tests.support.servers.tcp_proxy import TcpProxy
from tests.support.servers.tls import Shows
from tests.support.waiting import eventually

Inflict = Callable[[Rig, random.Random], AbstractAsyncContextManager[None]]
LinkOf = Callable[[Rig], TcpProxy]

COPY_SECONDS = 15.0
PRETEND_FULL = """
    CREATE FUNCTION say_full() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
    CREATE TRIGGER full_disk BEFORE INSERT ON snapshots EXECUTE FUNCTION say_full();
    CREATE TRIGGER full_disk BEFORE INSERT ON alerts EXECUTE FUNCTION say_full()
"""
PRETEND_NO_MORE = "DROP FUNCTION say_full() CASCADE"
BACKENDS_IN_COPY = """
    SELECT pid FROM pg_stat_activity WHERE query LIKE 'COPY snapshots%' AND state = 'active' AND pid <> pg_backend_pid()
"""


def killed(*names: str) -> Inflict:
    """kill -9, of all in the same moment; mended when the supervisor has started them again."""

    @asynccontextmanager
    async def inflict(rig: Rig, chance: random.Random) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            for name in names:
                tasks.create_task(_back(rig, name, rig.pid(name), time.time_ns()))
                os.kill(rig.pid(name), signal.SIGKILL)
            yield

    return inflict


def frozen(*names: str) -> Inflict:
    """SIGSTOP, then SIGCONT."""

    @asynccontextmanager
    async def inflict(rig: Rig, chance: random.Random) -> AsyncIterator[None]:
        stopped = {name: (rig.pid(name), time.time_ns()) for name in names}
        for pid, _ in stopped.values():
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for name, (pid, since_ns) in stopped.items():
                rig.absences.paused[name].append((since_ns, time.time_ns()))
                os.kill(pid, signal.SIGCONT)

    return inflict


async def _back(rig: Rig, name: str, pid: int, died_ns: int) -> None:
    """Until another process bears the name."""
    await eventually(lambda: rig.pid(name) != pid)
    rig.absences.dead[name].append((died_ns, time.time_ns()))


def together(*inflicts: Inflict) -> Inflict:
    """One after the other without a pause, mended in the opposite order."""

    @asynccontextmanager
    async def inflict(rig: Rig, chance: random.Random) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for one in inflicts:
                await stack.enter_async_context(one(rig, chance))
            yield

    return inflict


@asynccontextmanager
async def nothing(rig: Rig, chance: random.Random) -> AsyncIterator[None]:
    """What is wrong is where the system runs: it has to work all the same."""
    yield


@asynccontextmanager
async def postgres_stopped(rig: Rig, chance: random.Random) -> AsyncIterator[None]:
    await rig.postgres.stop()
    yield
    await rig.postgres.start()


@asynccontextmanager
async def postgres_killed(rig: Rig, chance: random.Random) -> AsyncIterator[None]:
    await rig.postgres.kill()
    yield
    await rig.postgres.start()


@asynccontextmanager
async def postgres_terminates_copies(rig: Rig, chance: random.Random) -> AsyncIterator[None]:
    """Backends are terminated while they are in COPY: a lock holds them there."""
    await asyncio.to_thread(_terminate_copies, rig.postgres.dsn)
    yield


@asynccontextmanager
async def postgres_terminates_all(rig: Rig, chance: random.Random) -> AsyncIterator[None]:
    """Every connection is terminated ten times a second, for as long as a window takes and longer."""
    hammering = asyncio.create_task(_terminate_for_ever(rig.postgres.dsn))
    try:
        yield
    finally:
        hammering.cancel()
        await asyncio.wait((hammering,))


@asynccontextmanager
async def postgres_read_only(rig: Rig, chance: random.Random) -> AsyncIterator[None]:
    """As a server does that spares its disk, or that became a replica."""
    await asyncio.to_thread(_set_read_only, rig.postgres.dsn, True)
    yield
    await asyncio.to_thread(_set_read_only, rig.postgres.dsn, False)


@asynccontextmanager
async def disk_full(rig: Rig, chance: random.Random) -> AsyncIterator[None]:
    """Every byte is taken; a server that ended over it is started again. Where it has no small disk, it pretends."""
    if rig.disk is None:
        await asyncio.to_thread(_run_sql, rig.postgres.dsn, PRETEND_FULL)
        yield
        await asyncio.to_thread(_run_sql, rig.postgres.dsn, PRETEND_NO_MORE)
        return
    await asyncio.to_thread(rig.disk.fill)
    yield
    rig.disk.clear()
    if not rig.postgres.is_running:
        await rig.postgres.start()


@asynccontextmanager
async def redis_stopped(rig: Rig, chance: random.Random) -> AsyncIterator[None]:
    await rig.redis.stop()
    yield
    await rig.redis.start()


@asynccontextmanager
async def redis_emptied(rig: Rig, chance: random.Random) -> AsyncIterator[None]:
    """It comes back knowing nothing."""
    with redis.Redis.from_url(rig.redis.url) as client:
        client.flushall()
    await rig.redis.stop()
    yield
    await rig.redis.start()


def link(link_of: LinkOf, spoil: Callable[[TcpProxy], None]) -> Inflict:
    """A connection between two processes is spoilt and healed."""

    @asynccontextmanager
    async def inflict(rig: Rig, chance: random.Random) -> AsyncIterator[None]:
        spoil(link_of(rig))
        yield
        await link_of(rig).heal()

    return inflict


def says(link_of: LinkOf, answer: bytes) -> Inflict:
    """Connections are cut, and whoever comes again hears that, without an end."""

    def spoil(link: TcpProxy) -> None:
        link.says = answer
        link.cut()

    return link(link_of, spoil)


def refused(link_of: LinkOf) -> Inflict:
    """Connections are reset and no new ones taken."""

    @asynccontextmanager
    async def inflict(rig: Rig, chance: random.Random) -> AsyncIterator[None]:
        await link_of(rig).refuse()
        yield
        await link_of(rig).heal()

    return inflict


def flapping(link_of: LinkOf) -> Inflict:
    """Connections are reset again and again, at random moments."""

    @asynccontextmanager
    async def inflict(rig: Rig, chance: random.Random) -> AsyncIterator[None]:
        async def flap() -> None:
            while True:
                link_of(rig).cut()
                await asyncio.sleep(chance.uniform(0.0, 1.0))

        task = asyncio.create_task(flap())
        try:
            yield
        finally:
            task.cancel()

    return inflict


def hook_answers(answer: Answer) -> Inflict:
    """The webhook's receiver says something else than 200."""

    @asynccontextmanager
    async def inflict(rig: Rig, chance: random.Random) -> AsyncIterator[None]:
        rig.hook.answer = answer
        yield
        rig.hook.answer = Answer()

    return inflict


@asynccontextmanager
async def hook_redirects(rig: Rig, chance: random.Random) -> AsyncIterator[None]:
    """To a private address, where the alert would be stolen."""
    rig.hook.answer = Answer(302, {"location": rig.hook.stolen_url})
    yield
    rig.hook.answer = Answer()


def hook_shows(shows: Shows) -> Inflict:
    """The webhook's receiver shows another certificate, or none."""

    @asynccontextmanager
    async def inflict(rig: Rig, chance: random.Random) -> AsyncIterator[None]:
        rig.hook.door.shows = shows
        yield
        rig.hook.door.shows = Shows.KNOWN

    return inflict


def _run_sql(dsn: str, script: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(script.encode())


def _set_read_only(dsn: str, is_read_only: bool) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"ALTER SYSTEM SET default_transaction_read_only = {is_read_only}".encode())
        connection.execute("SELECT pg_reload_conf()")


def _terminate_copies(dsn: str) -> None:
    with psycopg.connect(dsn) as holder, psycopg.connect(dsn, autocommit=True) as killer:
        holder.execute("LOCK TABLE snapshots IN SHARE MODE")
        deadline = time.monotonic() + COPY_SECONDS
        while not (pids := killer.execute(BACKENDS_IN_COPY).fetchall()):
            assert time.monotonic() < deadline, "nobody writes windows"
            time.sleep(0.01)
        for (pid,) in pids:
            killer.execute("SELECT pg_terminate_backend(%s)", (pid,))


async def _terminate_for_ever(dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        while True:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
            await asyncio.sleep(0.1)
