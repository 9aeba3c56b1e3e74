"""Fixtures that every test may use: real servers, started once per session when first asked for, fresh for each test.

`postgres_dsn` is a database of the test's own with every migration applied; `redis_url` an emptied Redis.
"""

import asyncio
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path

import psycopg
import pytest
import redis
import structlog
from psycopg.conninfo import make_conninfo

from crossbook.local.servers.postgres import embedded_postgres
from crossbook.local.servers.redis import embedded_redis
from crossbook.plumbing.data.migrate import migrate

START_SECONDS = 90.0
TEMPLATE = "crossbook_template"


@pytest.fixture(autouse=True)
def plain_logs() -> None:
    """A traceback is shown as Python shows it: drawn with all locals it costs seconds where a test fails on purpose."""
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.add_log_level, plain])


@pytest.fixture
def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The DSN of a real Postgres whose template database is migrated."""
    with _kept_running(embedded_postgres, tmp_path_factory.mktemp("postgres")) as dsn:
        _execute(dsn, f"CREATE DATABASE {TEMPLATE}")
        asyncio.run(migrate(_with_database(dsn, TEMPLATE)))
        yield dsn


@pytest.fixture
def postgres_dsn(postgres_server: str) -> Iterator[str]:
    """The URL of a fresh, migrated database."""
    name = f"test_{uuid.uuid4().hex}"
    _execute(postgres_server, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    yield _with_database(postgres_server, name)
    _execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_postgres_dsn(postgres_server: str) -> Iterator[str]:
    """The URL of a fresh database without any table."""
    name = f"test_{uuid.uuid4().hex}"
    _execute(postgres_server, f"CREATE DATABASE {name}")
    yield _with_database(postgres_server, name)
    _execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real Redis (Valkey)."""
    with _kept_running(embedded_redis, tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """The URL of an emptied Redis."""
    with redis.Redis.from_url(redis_server) as client:
        client.flushall()
    return redis_server


def _with_database(dsn: str, name: str) -> str:
    base, _, query = dsn.partition("?")
    return f"{base.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")


def _execute(dsn: str, statement: str) -> None:
    with psycopg.connect(make_conninfo(dsn), autocommit=True) as connection:
        connection.execute(statement.encode())


@contextmanager
def _kept_running(server: Callable[[Path], AbstractAsyncContextManager[str]], data_dir: Path) -> Iterator[str]:
    """Holds an async context manager open on a loop in a thread of its own, for each test has another loop."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name=data_dir.name, daemon=True)
    thread.start()
    context = server(data_dir)
    try:
        address = asyncio.run_coroutine_threadsafe(context.__aenter__(), loop).result(START_SECONDS)
        try:
            yield address
        finally:
            asyncio.run_coroutine_threadsafe(context.__aexit__(None, None, None), loop).result(START_SECONDS)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
