"""All SQL of the aggregator's writing side: restore, commit of one window, retention. Reading is in reads.py.

One window of one venue is one transaction: rows, stream position, markets and, at a minute's end, the rollup. Other
shards write their instruments of the same venue into the same tables, each with a position of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

import psycopg
from psycopg.sql import SQL, Identifier, Placeholder

from crossbook._core import CarriedQuote, ClosedWindow, Instrument
from crossbook.aggregator.store.contested import copy_contested
from crossbook.aggregator.store.copying import copy_rows
from crossbook.aggregator.store.rollup import roll_up
from crossbook.plumbing.data.markets import columns, take_instrument
from crossbook.plumbing.data.postgres import Connection, Pool, connected
from crossbook.plumbing.errors import CrossbookError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

LOCK_POSITION = """
    SELECT committed_until FROM stream_positions WHERE venue = %(venue)s AND shard = %(shard)s FOR UPDATE
"""
# Keeps every other shard from committing windows of the venue meanwhile.
LOCK_POSITIONS = "SELECT FROM stream_positions WHERE venue = %s ORDER BY shard FOR UPDATE"
INSERT_POSITION = """
    INSERT INTO stream_positions (venue, shard, stream_id, position, committed_until)
    VALUES (%(venue)s, %(shard)s, '', 0, to_timestamp(0))
    ON CONFLICT (venue, shard) DO NOTHING
"""
# Takes the lock, looks where the stream stands, and moves it on if the window comes next: one answer to wait for.
MOVE_POSITION = """
    WITH known AS (
        SELECT committed_until, sole_writer FROM stream_positions
        WHERE venue = %(venue)s AND shard = %(shard)s FOR UPDATE
    )
    UPDATE stream_positions AS moved
    SET stream_id = %(stream_id)s, position = %(position)s, committed_until = %(end)s,
        sole_writer = CASE WHEN %(begins_minute)s OR known.sole_writer = %(writer)s THEN %(writer)s ELSE '' END
    FROM known
    WHERE moved.venue = %(venue)s AND moved.shard = %(shard)s
        AND known.committed_until BETWEEN %(expected)s AND %(start)s
    RETURNING known.committed_until, moved.sole_writer
"""

UPSERT_MARKET = SQL("""
    INSERT INTO markets AS known ({columns}) VALUES ({values})
    ON CONFLICT (venue, symbol) DO UPDATE SET ({columns}, updated_at) = ROW ({new}, now())
    WHERE ({known}) IS DISTINCT FROM ({new})
""").format(
    columns=columns(),
    values=SQL(", ").join([Placeholder()] * len(Instrument.COLUMNS)),
    new=columns("excluded"),
    known=columns("known"),
)

READ_POSITION = """
    SELECT stream_id, position, committed_until FROM stream_positions WHERE venue = %s AND shard = %s FOR SHARE
"""
# Of a quote, as CarriedQuote names them; the columns of snapshots have "last_" in front.
CARRIED = ("bid", "bid_size", "ask", "ask_size", "state", "exchange_ns", "receive_ns")
# The last window committed is the one that ends there; it may be empty. No window is longer than a minute.
READ_CARRIED = SQL("""
    SELECT {market}, {quote}
    FROM snapshots s JOIN markets m USING (venue, symbol)
    WHERE s.venue = %(venue)s AND s.shard = %(shard)s
        AND s.window_start >= %(committed_until)s - interval '1 minute'
        AND s.window_start + s.window_ns / 1000 * interval '1 microsecond' = %(committed_until)s
    ORDER BY m.symbol
""").format(market=columns("m"), quote=SQL(", ").join(Identifier("s", f"last_{name}") for name in CARRIED))

# The newest minute of a venue and shard stays whatever its age: a restart continues from its last window, the rollup
# needs the others.
DELETE_SNAPSHOTS = """
    DELETE FROM snapshots WHERE venue = %(venue)s AND ctid = ANY(ARRAY(
        SELECT s.ctid FROM snapshots s JOIN stream_positions p USING (venue, shard)
        WHERE s.venue = %(venue)s AND s.window_start < %(until)s
            AND s.window_start < date_trunc('minute', p.committed_until - interval '1 microsecond')
        LIMIT %(limit)s))
"""
DELETE_MINUTES = """
    DELETE FROM minutes WHERE venue = %(venue)s AND ctid = ANY(ARRAY(
        SELECT ctid FROM minutes WHERE venue = %(venue)s AND minute_start < %(until)s LIMIT %(limit)s))
"""
UNWRITE_SNAPSHOTS = """
    DELETE FROM snapshots WHERE venue = %(venue)s AND shard = %(shard)s
        AND window_start + window_ns / 1000 * interval '1 microsecond' > %(now)s
"""
UNWRITE_MINUTES = "DELETE FROM minutes WHERE venue = %(venue)s AND minute_start + interval '1 minute' > %(now)s"
# To the end of the last window that is left; without any, to the last full minute.
SET_POSITION_BACK = """
    UPDATE stream_positions SET stream_id = '', position = 0, committed_until = coalesce((
        SELECT max(window_start + window_ns / 1000 * interval '1 microsecond') FROM snapshots
        WHERE venue = %(venue)s AND shard = %(shard)s
    ), date_trunc('minute', %(now)s))
    WHERE venue = %(venue)s AND shard = %(shard)s
"""
RETENTION_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('crossbook.aggregator.retention'))"


@dataclass(frozen=True, slots=True)
class RestorePoint:
    """What this shard's last commit of a venue left for a restart."""

    stream_id: str
    position: int
    committed_until_ns: int
    carried: list[CarriedQuote]


class LostCommitsError(CrossbookError):
    """Postgres no longer has what it said was committed, as after a failover to a replica that was behind: begin again
    from what it has.
    """

    def __init__(self, expected_ns: int, found_ns: int) -> None:
        super().__init__("Postgres has lost windows that it had committed")
        self.expected_ns = expected_ns  # until then windows were committed
        self.found_ns = found_ns  # until then they still are


@dataclass(frozen=True, slots=True)
class Commit:
    """What became of one window."""

    is_new: bool  # false: it had been committed before
    minutes: int  # rows rolled up with it
    contested: int = 0  # rows that another shard had written too


def to_datetime(time_ns: int) -> datetime:
    """Postgres keeps microseconds; every window's bounds are whole seconds."""
    return EPOCH + timedelta(microseconds=time_ns // 1000)


def to_ns(moment: datetime) -> int:
    """The reverse, exactly."""
    return (moment - EPOCH) // timedelta(microseconds=1) * 1000


class Store:
    """What one shard writes. Everything raises UnavailableError while Postgres is away."""

    def __init__(self, pool: Pool, shard: str) -> None:
        self.shard = shard
        self._pool = pool

    async def ping(self) -> None:
        """Whether the tables are there and can be read."""
        async with connected(self._pool) as connection:
            await connection.execute("SELECT 1 FROM stream_positions LIMIT 1")

    async def open_venue(self, venue: str) -> RestorePoint | None:
        """Makes the venue's partitions unless they exist; gives where its stream stands, None for a new venue."""
        async with connected(self._pool) as connection, connection.transaction():
            await connection.execute("SELECT create_venue_partitions(%s)", (venue,))
            position = await (await connection.execute(READ_POSITION, (venue, self.shard))).fetchone()
            if position is None:
                return None
            stream_id, sequence, committed_until = position
            parameters = {"venue": venue, "shard": self.shard, "committed_until": committed_until}
            rows = await (await connection.execute(READ_CARRIED, parameters)).fetchall()
        return RestorePoint(stream_id, sequence, to_ns(committed_until), [_carried(row) for row in rows])

    async def set_back(self, venue: str, now_ns: int) -> tuple[RestorePoint | None, int]:
        """Deletes what a clock that was ahead has written of times that are still to come, and takes the position back.

        Gives where the stream stands then, which no stream's number names, and how many rows are gone.
        """
        now = to_datetime(now_ns)
        parameters = {"venue": venue, "shard": self.shard, "now": now}
        async with connected(self._pool) as connection, connection.transaction():
            await connection.execute(LOCK_POSITIONS, (venue,))
            snapshots = await connection.execute(UNWRITE_SNAPSHOTS, parameters)
            minutes = await connection.execute(UNWRITE_MINUTES, parameters)
            await connection.execute(SET_POSITION_BACK, parameters)
        return await self.open_venue(venue), snapshots.rowcount + minutes.rowcount

    async def commit_window(
        self, window: ClosedWindow, markets: Sequence[Instrument], committed_until_ns: int = 0, writer: str = ""
    ) -> Commit:
        """Writes the window with its position in one transaction; changes nothing when that has happened before.

        `writer` names the windows that closed it, all their life and nobody else's; without a name the rows of a minute
        are read again. Raises LostCommitsError when Postgres does not have all that was committed until that time.
        """
        async with connected(self._pool) as connection:
            try:
                return await self._commit(connection, window, markets, committed_until_ns, writer)
            except psycopg.errors.UniqueViolation:  # another shard has rows of this window or of a minute that it ends
                return await self._commit_contested(connection, window, markets, committed_until_ns)

    async def _commit(
        self,
        connection: Connection,
        window: ClosedWindow,
        markets: Sequence[Instrument],
        expected_ns: int,
        writer: str,
    ) -> Commit:
        async with connection.transaction():
            taken = await self._move_position(connection, window, expected_ns, writer)
            if taken is None:
                return Commit(is_new=False, minutes=0)
            committed_until, sole_writer = taken
            await copy_rows(connection, "snapshots", window.copy_binary(self.shard))
            await _upsert(connection, markets)
            span = committed_until, to_datetime(window.end_ns)
            is_sole = sole_writer == writer != ""
            return Commit(True, await roll_up(connection, window, self.shard, span, is_sole=is_sole))

    async def _commit_contested(
        self, connection: Connection, window: ClosedWindow, markets: Sequence[Instrument], expected_ns: int
    ) -> Commit:
        async with connection.transaction():
            await connection.execute(LOCK_POSITIONS, (window.venue,))
            taken = await self._move_position(connection, window, expected_ns)
            if taken is None:
                return Commit(is_new=False, minutes=0)
            start, rows = to_datetime(window.start_ns), window.copy_binary(self.shard)
            contested = await copy_contested(connection, window.venue, start, rows)
            await _upsert(connection, markets)
            span = taken[0], to_datetime(window.end_ns)
            minutes = await roll_up(connection, window, self.shard, span, is_sole=False, over=True)
            return Commit(is_new=True, minutes=minutes, contested=contested)

    async def _move_position(
        self, connection: Connection, window: ClosedWindow, expected_ns: int, writer: str = ""
    ) -> tuple[datetime, str] | None:
        """To the window's end, locked from here on; gives where it was, and who is now known to have written the minute
        so far. None when the window had been committed before.
        """
        key = {"venue": window.venue, "shard": self.shard}
        start, expected = to_datetime(window.start_ns), to_datetime(expected_ns)
        parameters = {
            **key,
            "stream_id": window.stream_id,
            "position": window.position,
            "writer": writer,
            "begins_minute": start.second == 0,
            "expected": expected,
            "start": start,
            "end": to_datetime(window.end_ns),
        }
        while (moved := await (await connection.execute(MOVE_POSITION, parameters)).fetchone()) is None:
            known = await (await connection.execute(LOCK_POSITION, key)).fetchone()
            if known is None:
                await connection.execute(INSERT_POSITION, key)
            elif known[0] > start:
                return None
            elif known[0] < expected:
                raise LostCommitsError(expected_ns, to_ns(known[0]))
        return moved[0], moved[1]

    async def list_venues(self) -> list[str]:
        """Every venue that was ever written, by whichever shard."""
        async with connected(self._pool) as connection:
            cursor = await connection.execute("SELECT DISTINCT venue FROM stream_positions ORDER BY venue")
            return [venue for (venue,) in await cursor.fetchall()]

    async def delete_snapshots(self, venue: str, until: datetime, limit: int) -> int:
        """Deletes at most `limit` rows that are older; 0 also when another process is at it."""
        return await self._delete(DELETE_SNAPSHOTS, venue, until, limit)

    async def delete_minutes(self, venue: str, until: datetime, limit: int) -> int:
        """Deletes at most `limit` rows that are older; 0 also when another process is at it."""
        return await self._delete(DELETE_MINUTES, venue, until, limit)

    async def _delete(self, statement: LiteralString, venue: str, until: datetime, limit: int) -> int:
        async with connected(self._pool) as connection, connection.transaction():
            row = await (await connection.execute(RETENTION_LOCK)).fetchone()
            if row is None or not row[0]:
                return 0
            parameters = {"venue": venue, "until": until, "limit": limit}
            return (await connection.execute(statement, parameters)).rowcount


async def _upsert(connection: Connection, markets: Sequence[Instrument]) -> None:
    """In one order, so that no two shards wait for each other's rows in a circle."""
    if markets:
        ordered = sorted(markets, key=lambda instrument: instrument.symbol)
        async with connection.cursor() as cursor:
            await cursor.executemany(UPSERT_MARKET, [instrument.row() for instrument in ordered])


def _carried(row: tuple[Any, ...]) -> CarriedQuote:
    instrument, quote = take_instrument(row)
    return CarriedQuote(instrument=instrument, **dict(zip(CARRIED, quote, strict=True)))
