"""A real Postgres and a real Redis by the history's clocks, and what happens to them on the way there and back.

One call is under way at a time, on one connection each. Postgres' now() and clock_timestamp() are shadowed by functions
that a session setting answers; in Redis the ends of keys are moved on by what has passed since the last call. What a
server does to a call: refuses it (it raises), loses the answer (it is done and raises all the same).
"""

import asyncio
import math
import random
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol, cast

import psycopg
import psycopg_pool
import redis.asyncio
import redis.exceptions

from crossbook.plumbing.data.postgres import Connection, Pool, connect
from tests.histories.inprocess.loop import PROCESS, VirtualLoop

POSTGRES, REDIS, RECEIVER = "postgres", "redis", "receiver"
REFUSES, LOSES, LIMITS = "refuses", "loses", "limits"

SHADOWS = """
CREATE SCHEMA virtual;
CREATE FUNCTION virtual.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
    AS $$ SELECT to_timestamp(current_setting('virtual.seconds')::float8) $$;
CREATE FUNCTION virtual.now() RETURNS timestamptz LANGUAGE sql STABLE
    AS $$ SELECT to_timestamp(current_setting('virtual.seconds')::float8) $$;
"""
DEFAULTS = """
SELECT format('ALTER TABLE %I ALTER COLUMN %I SET DEFAULT virtual.clock_timestamp()', table_name, column_name)
FROM information_schema.columns
WHERE table_schema = 'public' AND (column_default LIKE '%clock_timestamp()%' OR column_default LIKE '%now()%')
"""
SESSION = "SET synchronous_commit = off; SET search_path = virtual, pg_catalog, public"
TABLES = ("alert_messages", "alerts", "alert_groups", "alert_silences", "alert_suppressions", "deliveries",
          "delivery_pauses", "delivery_destinations", "delivery_shown", "alert_rules", "alert_positions",
          "opportunity_events", "opportunity_writers")  # fmt: skip
TRUNCATE_EVERY = 200  # deleting is faster, and leaves dead rows
# Before a command the keys get the rest of their time, and after it they lose their end: between two commands it is not
# the machine's haste that decides which of them are left.
ENDS = "virtual:ends"
PASS = """
local passed, passed_more = tonumber(ARGV[1]), tonumber(ARGV[2])
for _, key in ipairs(redis.call('KEYS', '*')) do
    if redis.call('TYPE', key).ok == 'zset' then
        for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do
            redis.call('ZINCRBY', key, -passed_more, member)
        end
    end
end
local ends = redis.call('HGETALL', KEYS[1])
for place = 1, #ends, 2 do
    local left = tonumber(ends[place + 1]) - passed
    if left > 0 then
        redis.call('PEXPIRE', ends[place], string.format('%d', left))
    else
        redis.call('DEL', ends[place])
    end
end
redis.call('DEL', KEYS[1])
"""
KEEP = """
for _, key in ipairs(redis.call('KEYS', '*')) do
    local left = redis.call('PTTL', key)
    if left > 0 then
        redis.call('HSET', KEYS[1], key, left)
        redis.call('PERSIST', key)
    end
end
"""
ERRORS: dict[str, Sequence[Callable[[], Exception]]] = {
    POSTGRES: (
        lambda: psycopg.OperationalError("server closed the connection unexpectedly"),
        lambda: psycopg_pool.PoolTimeout("couldn't get a connection after 3.00 sec"),
        lambda: psycopg.errors.ReadOnlySqlTransaction("cannot execute INSERT in a read-only transaction"),
        lambda: psycopg.errors.DiskFull("could not extend file"),
        lambda: psycopg.errors.AdminShutdown("terminating connection due to administrator command"),
        lambda: RuntimeError("unable to perform operation on <TCPTransport closed=True>; the handler is closed"),
    ),
    REDIS: (
        lambda: redis.exceptions.ConnectionError("Connection closed by server."),
        lambda: redis.exceptions.TimeoutError("Timeout reading from socket"),
        lambda: redis.exceptions.ReadOnlyError("You can't write against a read only replica."),
        lambda: redis.exceptions.ResponseError("MISCONF Errors writing to the AOF file"),
        lambda: redis.exceptions.OutOfMemoryError("command not allowed when used memory > 'maxmemory'."),
        lambda: RuntimeError("unable to perform operation on <TCPTransport closed=True>; the handler is closed"),
    ),
    RECEIVER: (),
}


class Caller(Protocol):
    """Who calls a server: a process with a number for each of its calls."""

    async def before(self, server: str) -> None:
        """May take its time; may be its end."""

    async def after(self, server: str) -> None:
        """The same, once it is done."""


class Servers:
    """`seconds_at` tells each server's wall clock; `moods` what it does to calls."""

    def __init__(self, loop: VirtualLoop, connection: Connection, client: "redis.asyncio.Redis") -> None:
        self.seconds_at: Callable[[str], float] = lambda _: 0.0
        self.moods: dict[str, str] = {}
        self.chance = random.Random(0)
        self._loop = loop
        self._connection = connection
        self._client = client
        self._is_taken, self._freed = False, asyncio.Event()
        self._redis_at, self._redis_real_at = 0.0, time.monotonic()
        self._postgres_at = math.nan  # as it was told last
        self._played = 0

    @staticmethod
    @asynccontextmanager
    async def opened(loop: VirtualLoop, dsn: str, redis_url: str) -> AsyncIterator["Servers"]:
        """On a migrated database of their own, which they make theirs, and an empty Redis."""
        loop.under_way += 1
        try:
            connection = await connect(dsn)
            await connection.execute(SHADOWS)
            for (statement,) in await (await connection.execute(DEFAULTS)).fetchall():
                await connection.execute(statement)
            await connection.execute(SESSION)
            client = redis.asyncio.Redis.from_url(redis_url, decode_responses=True)
            await client.ping()
        finally:
            loop.under_way -= 1
        try:
            yield Servers(loop, connection, client)
        finally:
            loop.under_way += 1
            await connection.close()
            await client.aclose()

    async def clear(self) -> None:
        """As new."""
        self.moods.clear()
        self._redis_at, self._redis_real_at = self.seconds_at(REDIS), time.monotonic()
        async with self._under_way():
            if self._played % TRUNCATE_EVERY == 0:
                await self._connection.execute(f"TRUNCATE {', '.join(TABLES)}".encode())
            else:
                await self._connection.execute("; ".join(f"DELETE FROM {table}" for table in TABLES).encode())
            await self._client.flushdb()
        self._played += 1

    async def cancel(self, tasks: Iterable["asyncio.Task[None]"]) -> None:
        """While nothing is under way: a call that has begun is done or is not, as it is for a process that dies."""
        async with self.alone():
            for task in tasks:
                task.cancel()
            await asyncio.sleep(0)  # they are told while nobody else has the turn

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What is in the tables, whatever the mood."""
        async with self._under_way():
            return await (await self._connection.execute(query.encode())).fetchall()

    async def forget_redis(self) -> None:
        """It comes back without its data."""
        async with self._under_way():
            await self._client.flushdb()

    @asynccontextmanager
    async def call(self, caller: Caller, server: str) -> AsyncIterator[None]:
        """One call, alone."""
        await caller.before(server)
        mood = self.moods.get(server)
        if mood == REFUSES and server != RECEIVER:
            raise self._error(server)
        async with self._under_way():
            await self._pass_time(server)
            yield
        await caller.after(server)
        if mood == LOSES and server != RECEIVER:
            raise self._error(server)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """No call is under way within the block. Not a lock: that would be kept for one who waits for it in a pause."""
        while self._is_taken:
            self._freed.clear()
            await self._freed.wait()
        self._is_taken = True
        try:
            yield
        finally:
            self._is_taken = False
            self._freed.set()

    @asynccontextmanager
    async def _under_way(self) -> AsyncIterator[None]:
        process = PROCESS.get()
        async with self.alone():
            if process is None or not process.is_paused:
                self._loop.under_way += 1
                try:
                    yield
                finally:
                    self._loop.under_way -= 1
                return
        await asyncio.sleep(0)  # paused in the very moment in which its turn came: that is, until it goes on
        async with self._under_way():
            yield

    async def _pass_time(self, server: str) -> None:
        now = self.seconds_at(server)
        if server == POSTGRES and now != self._postgres_at:
            self._postgres_at = now
            await self._connection.execute("SELECT set_config('virtual.seconds', %s, false)", (repr(now),))

    async def redis_answers(self, *command: Any, **options: Any) -> Any:
        """To a command, once its time has come."""
        (answer,) = await self.redis_answer_all([(command, options)], raise_on_error=False)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def redis_answer_all(self, commands: Sequence[Any], raise_on_error: bool) -> list[Any]:
        """To commands in a row."""
        pipeline = self._client.pipeline(transaction=False)
        self._pass_redis_time(pipeline)
        for command, options in commands:
            pipeline.execute_command(*command, **options)
        pipeline.eval(KEEP, 1, ENDS)
        _, *answers, _ = await pipeline.execute(raise_on_error)
        return answers

    def _pass_redis_time(self, pipeline: "redis.asyncio.client.Pipeline") -> None:
        """As the history has it; that which has really passed meanwhile, by which Redis scores, has not."""
        now, real = self.seconds_at(REDIS), time.monotonic()
        passed, passed_really = now - self._redis_at, real - self._redis_real_at
        self._redis_at, self._redis_real_at = now, real
        pipeline.eval(PASS, 1, ENDS, str(round(passed * 1000)), str(round((passed - passed_really) * 1000)))

    def _error(self, server: str) -> Exception:
        return self.chance.choice(ERRORS[server])()

    def pool(self, caller: Caller) -> Pool:
        """Postgres as this process has it."""
        return cast(Pool, _Pool(self, caller, self._connection))

    def redis(self, caller: Caller) -> "redis.asyncio.Redis":
        """Redis as this process has it."""
        return _Redis(self, caller, self._client)


class _Pool:
    """As much of a pool as the stores use."""

    def __init__(self, servers: Servers, caller: Caller, connection: Connection) -> None:
        self._servers, self._caller, self._connection = servers, caller, connection

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        async with self._servers.call(self._caller, POSTGRES):
            yield self._connection


class _Redis(redis.asyncio.Redis):
    def __init__(self, servers: Servers, caller: Caller, client: "redis.asyncio.Redis") -> None:
        super().__init__(connection_pool=client.connection_pool)
        self.servers, self.caller = servers, caller

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        async with self.servers.call(self.caller, REDIS):
            return await self.servers.redis_answers(*args, **options)

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> "_Pipeline":
        return _Pipeline(self, transaction)


class _Pipeline(redis.asyncio.client.Pipeline):
    def __init__(self, client: _Redis, transaction: bool) -> None:
        super().__init__(client.connection_pool, client.response_callbacks, transaction, None)
        self._servers, self._caller = client.servers, client.caller

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        async with self._servers.call(self._caller, REDIS):
            commands, self.command_stack = self.command_stack, []
            return await self._servers.redis_answer_all(commands, raise_on_error)
