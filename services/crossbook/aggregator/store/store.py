"""What a shard writes: restore, commit of a window (commits.py), retention. Reading is in reads.py.

One window of one venue is one transaction: rows, stream position, markets and, at a minute's end, the rollup. Other
shards write their instruments of the same venue into the same tables, each with a position of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg.sql import SQL, Identifier

from crossbook._core import CarriedQuote, ClosedWindow, Instrument
from crossbook.aggregator.store.commits import Commit, Commits
from crossbook.aggregator.store.moments import to_datetime, to_ns
from crossbook.aggregator.store.positions import LOCK_POSITIONS, Write
from crossbook.plumbing.data.markets import columns, take_instrument
from crossbook.plumbing.data.postgres import Pool, connected

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


class Store:
    """What one shard writes. Everything raises UnavailableError while Postgres is away."""

    def __init__(self, pool: Pool, shard: str) -> None:
        self.shard = shard
        self._pool = pool
        self._commits = Commits(pool, shard)

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
        self,
        window: ClosedWindow,
        markets: Sequence[Instrument],
        committed_until_ns: int = 0,
        writer: str = "",
        *,
        is_retry: bool = False,
    ) -> Commit:
        """Writes the window with its position in one transaction; changes nothing when that has happened before.

        `writer` names the windows that closed it, all their life and nobody else's; without a name the rows of a minute
        are read again. Raises LostCommitsError when Postgres does not have all that was committed until that time.
        """
        return await self._commits.commit(Write(window, markets, committed_until_ns, writer), is_retry=is_retry)

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


def _carried(row: tuple[Any, ...]) -> CarriedQuote:
    instrument, quote = take_instrument(row)
    return CarriedQuote(instrument=instrument, **dict(zip(CARRIED, quote, strict=True)))
