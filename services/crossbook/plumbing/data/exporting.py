"""Rows of the public schema's views as lines of CSV, an hour at a time, at the reader's pace.

Each hour is a statement of its own: a month's export holds back neither vacuum nor a migration for longer than an
hour's rows take. Within it COPY sends as the reader takes; what is held is one chunk.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

from psycopg.sql import SQL, Composed, Identifier, Literal

from crossbook.plumbing.data.datasets import SCHEMA, Dataset
from crossbook.plumbing.data.postgres import NoTablesError, Pool, connected, translating_outages

SLICE = timedelta(hours=1)
CHUNK_BYTES = 256 * 1024
COLUMNS = """
    SELECT column_name, data_type FROM information_schema.columns
    WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position
"""
# A slice may take as long as its reader does; who does not read at all is cut off by whoever sends.
UNHURRIED = "SET LOCAL statement_timeout = 0"
ARRAY, TIME, BOOLEAN = "ARRAY", "timestamp with time zone", "boolean"

Column = tuple[str, str]


async def columns_of(pool: Pool, dataset: Dataset) -> list[Column]:
    """(name, type in Postgres), in their order. Raises UnavailableError."""
    async with connected(pool) as connection:
        columns = await (await connection.execute(COLUMNS, (SCHEMA, dataset.name))).fetchall()
    if not columns:
        raise NoTablesError
    return [(name, kind) for name, kind in columns]


async def first_time(pool: Pool, dataset: Dataset, since: datetime, until: datetime) -> datetime | None:
    """Of the first row that begins in that time; None where there is none. Raises UnavailableError."""
    query = SQL("SELECT {time} FROM {view} WHERE {time} >= %s AND {time} < %s ORDER BY {time} LIMIT 1")
    statement = query.format(time=Identifier(dataset.time), view=Identifier(SCHEMA, dataset.name))
    async with connected(pool) as connection:
        row = await (await connection.execute(statement, (since, until))).fetchone()
    return row[0] if row else None


async def chunks(
    pool: Pool, dataset: Dataset, columns: Sequence[Column], since: datetime, until: datetime
) -> AsyncIterator[bytes]:
    """Whole lines, oldest first. Hours without a row are passed over. Raises UnavailableError."""
    while (start := await first_time(pool, dataset, since, until)) is not None:
        since = min(start.replace(minute=0, second=0, microsecond=0) + SLICE, until)
        async for chunk in _slice(pool, copy_statement(dataset, columns, start, since)):
            yield chunk


async def _slice(pool: Pool, statement: Composed) -> AsyncIterator[bytes]:
    held = bytearray()
    with translating_outages():
        async with pool.connection() as connection, connection.transaction(), connection.cursor() as cursor:
            await cursor.execute(UNHURRIED)
            async with cursor.copy(statement) as rows:
                while row := await rows.read():
                    held += row
                    if len(held) >= CHUNK_BYTES:
                        yield bytes(held)
                        held.clear()
    if held:
        yield bytes(held)


def copy_statement(dataset: Dataset, columns: Sequence[Column], since: datetime, until: datetime) -> Composed:
    """COPY of the rows of a time, as CSV."""
    statement = SQL(
        "COPY (SELECT {columns} FROM {view} WHERE {time} >= {since} AND {time} < {until} ORDER BY {order}) "
        "TO STDOUT (FORMAT csv)"
    )
    return statement.format(
        columns=SQL(", ").join(_column(name, kind) for name, kind in columns),
        view=Identifier(SCHEMA, dataset.name),
        time=Identifier(dataset.time),
        since=Literal(since),
        until=Literal(until),
        order=SQL(", ").join(Identifier(name) for name in (dataset.time, *dataset.keys)),
    )


def _column(name: str, kind: str) -> Composed:
    if kind == ARRAY:
        return SQL("array_to_json({})::text").format(Identifier(name))
    if kind == TIME:
        return SQL("to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')").format(Identifier(name))
    if kind == BOOLEAN:
        return SQL("{}::text").format(Identifier(name))  # true, not t
    return SQL("{}").format(Identifier(name))
