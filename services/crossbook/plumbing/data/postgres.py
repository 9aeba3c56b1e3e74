"""The one way to reach Postgres: an autocommitting pool that outlives the server's absence."""

import asyncio
from typing import Any

import psycopg
import psycopg_pool
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow

from crossbook.plumbing.cancellation import Cancellations
from crossbook.plumbing.errors import SettingsError

CONNECT_TIMEOUT_SECONDS = 3
ACQUIRE_TIMEOUT_SECONDS = 3.0
# What the server keeps to in our sessions. A client that vanished, its machine and all, must not keep its locks for the
# hours that TCP takes to notice.
SESSION_SETTINGS = {
    "statement_timeout": "10s",
    "idle_in_transaction_session_timeout": "30s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "timezone": "UTC",
}
MAX_WAITING = 512  # for a connection of one pool; one more is told at once that the database is not available

Connection = psycopg.AsyncConnection[TupleRow]

CONNECTION_OPTIONS: dict[str, Any] = {
    "autocommit": True,
    "connect_timeout": CONNECT_TIMEOUT_SECONDS,
    # A server that vanished without a word is noticed within seconds, not after the system's two hours.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "options": " ".join(f"-c {name}={value}" for name, value in SESSION_SETTINGS.items()),
}

UNAVAILABLE = (
    psycopg.OperationalError,  # refused, lost, shutting down, starting up
    psycopg.InterfaceError,  # the connection is closed already
    psycopg_pool.PoolTimeout,
    psycopg_pool.TooManyRequests,
    psycopg.errors.ReadOnlySqlTransaction,  # a replica during a failover, or a server that spares its full disk
    psycopg.errors.InternalError_,  # a file that cannot grow, a catalogue that cannot be read
    psycopg.errors.DataCorrupted,  # these two until somebody repairs it
    psycopg.errors.IndexCorrupted,
)


class Pool(psycopg_pool.AsyncConnectionPool[Connection]):
    """Whoever is cancelled while it waits for a connection is cancelled."""

    async def getconn(self, timeout: float | None = None) -> Connection:  # noqa: ASYNC109 (the library's name)
        cancellations = Cancellations()
        connection = await super().getconn(timeout)
        try:
            cancellations.check()
        except asyncio.CancelledError:
            await self.putconn(connection)
            raise
        return connection


async def open_pool(dsn: str, max_size: int = 8) -> Pool:
    """A pool that connects once the server is there; the caller closes it. Raises SettingsError on a bad DSN."""
    check_dsn(dsn)
    pool = Pool(
        dsn,
        min_size=1,
        max_size=max_size,
        max_waiting=MAX_WAITING,
        timeout=ACQUIRE_TIMEOUT_SECONDS,
        reconnect_timeout=2.0,  # how long one round of dialling lasts; every acquisition starts another
        open=False,
        check=Pool.check_connection,
        kwargs=CONNECTION_OPTIONS,
    )
    await pool.open(wait=False)
    return pool


async def connect(dsn: str) -> Connection:
    """One connection, for what should not share one; an async context manager that closes it."""
    check_dsn(dsn)
    return await psycopg.AsyncConnection.connect(dsn, **CONNECTION_OPTIONS)


def check_dsn(dsn: str) -> None:
    """Raises SettingsError, without quoting the DSN: it holds a password."""
    try:
        conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        raise SettingsError(
            "setting postgres_dsn is malformed: write postgresql://user:password@host:port/db"
        ) from None


def is_unavailable(error: BaseException) -> bool:
    """Whether the server is not there or cannot work now, so that the same may succeed later."""
    if isinstance(error, psycopg.errors.QueryCanceled):
        return True
    return isinstance(error, UNAVAILABLE) and not isinstance(error, psycopg.errors.ProgramLimitExceeded)


def unavailable_reason(error: BaseException) -> str:
    """Why, in the server's own words where it spoke; fit for clients, for it quotes nothing of the DSN."""
    said = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    return f"Postgres cannot do its work: {said}" if said else "Postgres cannot be reached"
