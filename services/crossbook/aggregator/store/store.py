"""All SQL of the aggregator's writing side: restore, commit of one window, retention. Reading is in reads.py.

One window of one venue is one transaction: rows, stream position, markets and, at a minute's end, the rollup. Other
shards write their instruments of the same venue into the same tables, each with a position of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import LiteralString

import psycopg

from crossbook._core import CarriedQuote, ClosedWindow, Instrument
from crossbook.aggregator.store.contested import copy_contested
from crossbook.aggregator.store.rollup import roll_up
from crossbook.plumbing.data.postgres import Connection, Pool, connected
from crossbook.plumbing.errors import CrossbookError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

LOCK_POSITION = "SELECT committed_until FROM stream_positions WHERE venue = %s AND shard = %s FOR UPDATE"
# Keeps every other shard from committing windows of the venue meanwhile.
LOCK_POSITIONS = "SELECT FROM stream_positions WHERE venue = %s ORDER BY shard FOR UPDATE"
INSERT_POSITION = """
    INSERT INTO stream_positions (venue, shard, stream_id, position, committed_until)
    VALUES (%s, %s, '', 0, to_timestamp(0))
    ON CONFLICT (venue, shard) DO NOTHING
"""
UPDATE_POSITION = """
    UPDATE stream_positions SET stream_id = %s, position = %s, committed_until = %s WHERE venue = %s AND shard = %s
"""

COPY_SNAPSHOTS = "COPY snapshots FROM STDIN (FORMAT BINARY)"

UPSERT_MARKET = """
    INSERT INTO markets AS known (
        venue, symbol, native_symbol, asset, asset_class, asset_scale, quote_currency, settle_currency,
        contract_size, tick_size, lot_size, taker_fee_percent, maker_fee_percent
    ) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (venue, symbol) DO UPDATE SET
        native_symbol = excluded.native_symbol, asset = excluded.asset, asset_class = excluded.asset_class,
        asset_scale = excluded.asset_scale, quote_currency = excluded.quote_currency,
        settle_currency = excluded.settle_currency, contract_size = excluded.contract_size,
        tick_size = excluded.tick_size, lot_size = excluded.lot_size,
        taker_fee_percent = excluded.taker_fee_percent, maker_fee_percent = excluded.maker_fee_percent,
        updated_at = now()
    WHERE (known.native_symbol, known.asset, known.asset_class, known.asset_scale, known.quote_currency,
           known.settle_currency, known.contract_size, known.tick_size, known.lot_size, known.taker_fee_percent,
           known.maker_fee_percent)
        IS DISTINCT FROM
          (excluded.native_symbol, excluded.asset, excluded.asset_class, excluded.asset_scale, excluded.quote_currency,
           excluded.settle_currency, excluded.contract_size, excluded.tick_size, excluded.lot_size,
           excluded.taker_fee_percent, excluded.maker_fee_percent)
"""

READ_POSITION = """
    SELECT stream_id, position, committed_until FROM stream_positions WHERE venue = %s AND shard = %s FOR SHARE
"""
# The last window committed is the one that ends there; it may be empty. No window is longer than a minute.
READ_CARRIED = """
    SELECT m.symbol, m.native_symbol, m.asset, m.asset_class, m.asset_scale, m.quote_currency, m.settle_currency,
        m.contract_size, m.tick_size, m.lot_size, m.taker_fee_percent, m.maker_fee_percent,
        s.last_bid, s.last_bid_size, s.last_ask, s.last_ask_size, s.last_state, s.last_exchange_ns, s.last_receive_ns
    FROM snapshots s JOIN markets m USING (venue, symbol)
    WHERE s.venue = %(venue)s AND s.shard = %(shard)s
        AND s.window_start >= %(committed_until)s - interval '1 minute'
        AND s.window_start + s.window_ns / 1000 * interval '1 microsecond' = %(committed_until)s
    ORDER BY m.symbol
"""

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
        return RestorePoint(stream_id, sequence, to_ns(committed_until), [_carried(venue, *row) for row in rows])

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
        self, window: ClosedWindow, markets: Sequence[Instrument], committed_until_ns: int = 0
    ) -> Commit:
        """Writes the window with its position in one transaction; changes nothing when that has happened before.

        Raises LostCommitsError when Postgres does not have all that was committed until that time.
        """
        async with connected(self._pool) as connection:
            try:
                return await self._commit(connection, window, markets, committed_until_ns)
            except psycopg.errors.UniqueViolation:  # another shard has rows of this window or of a minute that it ends
                return await self._commit(connection, window, markets, committed_until_ns, is_contested=True)

    async def _commit(
        self,
        connection: Connection,
        window: ClosedWindow,
        markets: Sequence[Instrument],
        expected_ns: int,
        *,
        is_contested: bool = False,
    ) -> Commit:
        start, end, contested = to_datetime(window.start_ns), to_datetime(window.end_ns), 0
        async with connection.transaction():
            if is_contested:
                await connection.execute(LOCK_POSITIONS, (window.venue,))
            committed_until = await self._lock_position(connection, window.venue)
            if to_ns(committed_until) < expected_ns:
                raise LostCommitsError(expected_ns, to_ns(committed_until))
            if committed_until > start:
                return Commit(is_new=False, minutes=0)
            if is_contested:
                contested = await copy_contested(connection, window.venue, start, window.copy_binary(self.shard))
            else:
                await _copy(connection, window.copy_binary(self.shard))
            await _upsert(connection, markets)
            position = (window.stream_id, window.position, end, window.venue, self.shard)
            await connection.execute(UPDATE_POSITION, position)
            minutes = await roll_up(connection, window.venue, self.shard, committed_until, end, over=is_contested)
            return Commit(is_new=True, minutes=minutes, contested=contested)

    async def _lock_position(self, connection: Connection, venue: str) -> datetime:
        key = (venue, self.shard)
        row = await (await connection.execute(LOCK_POSITION, key)).fetchone()
        if row is None:
            await connection.execute(INSERT_POSITION, key)
            row = await (await connection.execute(LOCK_POSITION, key)).fetchone()
        assert row is not None
        committed_until: datetime = row[0]
        return committed_until

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


async def _copy(connection: Connection, rows: bytes) -> None:
    async with connection.cursor() as cursor, cursor.copy(COPY_SNAPSHOTS) as copy:
        await copy.write(rows)


async def _upsert(connection: Connection, markets: Sequence[Instrument]) -> None:
    """In one order, so that no two shards wait for each other's rows in a circle."""
    if markets:
        ordered = sorted(markets, key=lambda instrument: instrument.symbol)
        async with connection.cursor() as cursor:
            await cursor.executemany(UPSERT_MARKET, [_market(instrument) for instrument in ordered])


def _market(instrument: Instrument) -> tuple[object, ...]:
    return (
        instrument.venue,
        instrument.symbol,
        instrument.native_symbol,
        instrument.asset,
        instrument.asset_class,
        instrument.asset_scale,
        instrument.quote_currency,
        instrument.settle_currency,
        instrument.contract_size,
        instrument.tick_size,
        instrument.lot_size,
        instrument.taker_fee_percent,
        instrument.maker_fee_percent,
    )


def _carried(
    venue: str,
    symbol: str,
    native_symbol: str,
    asset: str,
    asset_class: int,
    asset_scale: float,
    quote_currency: str,
    settle_currency: str,
    contract_size: float,
    tick_size: float,
    lot_size: float,
    taker_fee_percent: float | None,
    maker_fee_percent: float | None,
    bid: float,
    bid_size: float,
    ask: float,
    ask_size: float,
    state: int,
    exchange_ns: int,
    receive_ns: int,
) -> CarriedQuote:
    instrument = Instrument(
        venue=venue,
        symbol=symbol,
        native_symbol=native_symbol,
        asset=asset,
        asset_class=asset_class,
        asset_scale=asset_scale,
        quote_currency=quote_currency,
        settle_currency=settle_currency,
        contract_size=contract_size,
        tick_size=tick_size,
        lot_size=lot_size,
        taker_fee_percent=taker_fee_percent,
        maker_fee_percent=maker_fee_percent,
    )
    return CarriedQuote(
        instrument=instrument,
        bid=bid,
        bid_size=bid_size,
        ask=ask,
        ask_size=ask_size,
        state=state,
        exchange_ns=exchange_ns,
        receive_ns=receive_ns,
    )
