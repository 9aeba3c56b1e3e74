"""The one way to reach Postgres: an autocommitting pool that outlives the server's absence.

What its failures mean is said here (failures.py): only what is listed is a refusal or a fault, all else an outage.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import psycopg
import psycopg_pool
import structlog
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow

from crossbook.plumbing.cancellation import Cancellations
from crossbook.plumbing.data.failures import Failure, translating
from crossbook.plumbing.errors import SettingsError, UnavailableError

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
    "crossbook.is_session": "on",
}
OWN_SETTINGS = " ".join(f"-c {name}={value}" for name, value in SESSION_SETTINGS.items())
MAX_WAITING = 512  # for a connection of one pool; one more is told at once that the database is not available

CONNECTION_OPTIONS: dict[str, Any] = {
    "connect_timeout": CONNECT_TIMEOUT_SECONDS,
    # A server that vanished without a word is noticed within seconds, not after the system's two hours.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
REFUSED_OPTIONS = "unsupported startup parameter"  # PgBouncer's words
IS_SESSION = "SELECT current_setting('crossbook.is_session', true)"

log = structlog.get_logger()
_told_shared: set[str] = set()


class Connection(psycopg.AsyncConnection[TupleRow]):
    """Ours for as long as it is open; or, behind a pooler such as PgBouncer in transaction mode, within transactions.

    Which it is shows by our session settings, which a pooler refuses or does not hand on. Then there are no prepared
    statements, no notices and, but for what the server itself is set to, no timeouts.
    """

    is_shared = False

    @classmethod
    async def connect(cls, conninfo: str = "", **kwargs: Any) -> "Connection":
        """What the DSN says wins over our own options, one by one."""
        given = conninfo_to_dict(conninfo)
        own = {name: value for name, value in CONNECTION_OPTIONS.items() if name not in given}
        options = f"{OWN_SETTINGS} {given.get('options') or ''}".strip()
        try:
            connection = await cls._dial(conninfo, **{**own, **kwargs, "options": options})
            if await _is_session(connection):
                return connection
        except psycopg.OperationalError as error:
            if REFUSED_OPTIONS not in str(error):
                raise
            connection = await cls._dial(conninfo, **{**own, **kwargs})
        connection.is_shared, connection.prepare_threshold = True, None
        _tell_shared(connection)
        return connection

    @classmethod
    async def _dial(cls, conninfo: str, **kwargs: Any) -> "Connection":
        connection = await super().connect(conninfo, autocommit=True, **kwargs)
        assert isinstance(connection, cls)
        return connection


async def _is_session(connection: Connection) -> bool:
    try:
        row = await (await connection.execute(IS_SESSION)).fetchone()
    except BaseException:
        await connection.close()
        raise
    return row is not None and row[0] == "on"


def _tell_shared(connection: Connection) -> None:
    """Once for each server: a pool opens many."""
    host = connection.info.host
    if host not in _told_shared:
        _told_shared.add(host)
        log.warning(
            "postgres_sessions_shared", effect="no prepared statements; no session timeouts; notices are polled"
        )


REFUSALS = (psycopg.IntegrityError,)  # a row that is there already, or may not be
FAULTS = (
    psycopg.DataError,  # a value that its column cannot hold
    psycopg.errors.SyntaxError,
    psycopg.errors.ProgramLimitExceeded,  # a row or a query of a size that no server takes
    # Of the block around the calls, not of the library.
    *(TypeError, LookupError, AttributeError, NameError, AssertionError),
)
NOT_MIGRATED = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedFunction, psycopg.errors.UndefinedColumn)


class NoTablesError(UnavailableError):
    """Postgres is there and lacks our tables: `crossbook migrate` makes them, and then the same succeeds."""

    def __init__(self) -> None:
        super().__init__("Postgres has no Crossbook tables yet, or old ones: run `crossbook migrate`")


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
        connection_class=Connection,
    )
    await pool.open(wait=False)
    return pool


async def connect(dsn: str) -> Connection:
    """One connection, for what should not share one; an async context manager that closes it."""
    check_dsn(dsn)
    return await Connection.connect(dsn)


def check_dsn(dsn: str) -> None:
    """Raises SettingsError, without quoting the DSN: it holds a password."""
    try:
        conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        raise SettingsError(
            "setting postgres_dsn is malformed: write postgresql://user:password@host:port/db"
        ) from None


def failure_of(error: Exception) -> Failure:
    """A table that is missing is an outage too: a migration mends it."""
    if isinstance(error, REFUSALS):
        return Failure.REFUSAL
    is_of_client = isinstance(error, psycopg.ProgrammingError) and error.sqlstate is None
    return Failure.FAULT if is_of_client or isinstance(error, FAULTS) else Failure.OUTAGE


@contextmanager
def translating_outages() -> Iterator[None]:
    """Around calls: raises UnavailableError, which quotes nothing of the DSN, for an outage."""
    with translating(failure_of, _outage):
        yield


@asynccontextmanager
async def connected(pool: Pool) -> AsyncIterator[Connection]:
    """A connection of the pool, with outages translated around all that is done with it."""
    with translating_outages():
        async with pool.connection() as connection:
            yield connection


def _outage(error: Exception) -> UnavailableError:
    """In the server's own words where it spoke within a session; its words at the door name user and database."""
    if isinstance(error, NOT_MIGRATED):
        return NoTablesError()
    said = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    return UnavailableError(f"Postgres cannot do its work: {said}" if said else "Postgres cannot be reached")
