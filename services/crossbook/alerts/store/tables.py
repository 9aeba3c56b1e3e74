"""What the stores share: statements on a pool, announcements to every replica, and how the last writes ended."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from psycopg.types.json import Jsonb

from crossbook.plumbing.clock import Clock
from crossbook.plumbing.data.postgres import Connection, Pool, connected
from crossbook.plumbing.errors import UnavailableError

FAILURE_SECONDS = 15.0  # after which a write that is not tried again says nothing any more
NOTICES = "crossbook_alerts"
# Of a group in which something has changed: it is looked at at once. One of which nothing was told keeps its wait and
# the time from which that is counted.
GROUP_CHANGED = """changed_at = clock_timestamp(),
    due_at = CASE WHEN first_told_at IS NULL THEN due_at ELSE clock_timestamp() END,
    due_from = CASE WHEN first_told_at IS NULL THEN due_from ELSE clock_timestamp() END"""


class WriteFailures:
    """Why alerts cannot be kept or delivered now, as far as that was tried.

    Postgres may answer and yet take no writes, as when its disk is full or it is a replica.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: dict[str, tuple[str, float]] = {}

    @property
    def reason(self) -> str:
        """In words; empty while all can be written."""
        since = self._clock.passed_seconds() - FAILURE_SECONDS
        failures = ((what, reason) for what, (reason, at) in self._failures.items() if at > since)
        return next((f"{what} cannot be written: {reason}" for what, reason in failures), "")

    @contextmanager
    def remembering(self, what: str) -> Iterator[None]:
        """Around writes that are tried until they succeed: how the last one ended."""
        try:
            yield
        except Exception as error:
            reason = str(error) if isinstance(error, UnavailableError) else type(error).__name__
            self._failures[what] = (reason, self._clock.passed_seconds())
            raise
        self._failures.pop(what, None)


class Tables:
    """Statements on a pool; the stores are built upon it."""

    def __init__(self, pool: Pool, failures: WriteFailures) -> None:
        self._pool = pool
        self._failures = failures

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Connection]:
        async with connected(self._pool) as connection, connection.transaction():
            yield connection

    async def _rows(self, query: str, values: Any) -> list[Any]:
        async with connected(self._pool) as connection:
            return await (await connection.execute(query, values)).fetchall()

    async def _execute(self, query: str, values: Any) -> int:
        async with connected(self._pool) as connection:
            return (await connection.execute(query, values)).rowcount


async def notify(connection: Connection, payload: str) -> None:
    """Goes out with the commit."""
    await connection.execute("SELECT pg_notify(%s, %s)", (NOTICES, payload))


def stored(message: Message) -> Jsonb:
    """A message as its tables keep it."""
    return Jsonb(MessageToDict(message, preserving_proto_field_name=True))
