"""All SQL of the aggregator's writing side: restore, commit of one window, retention. Reading is in reads.py.

One window of one venue is one transaction: rows, stream position, markets and, at a minute's end, the rollup.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import LiteralString

import psycopg

from crossbook._core import CarriedQuote, ClosedWindow, Instrument
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.postgres import Connection, Pool, is_unavailable

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE_NS = 60_000_000_000

LOCK_POSITION = "SELECT committed_until FROM stream_positions WHERE venue = %s FOR UPDATE"
INSERT_POSITION = """
    INSERT INTO stream_positions (venue, stream_id, position, committed_until) VALUES (%s, '', 0, to_timestamp(0))
    ON CONFLICT (venue) DO NOTHING
"""
UPDATE_POSITION = "UPDATE stream_positions SET stream_id = %s, position = %s, committed_until = %s WHERE venue = %s"

COPY_SNAPSHOTS = "COPY snapshots FROM STDIN (FORMAT BINARY)"

UPSERT_MARKET = """
    INSERT INTO markets AS known (
        venue, symbol, native_symbol, asset, asset_scale, quote_currency, settle_currency,
        contract_size, tick_size, lot_size, taker_fee_percent, maker_fee_percent
    ) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (venue, symbol) DO UPDATE SET
        native_symbol = excluded.native_symbol, asset = excluded.asset, asset_scale = excluded.asset_scale,
        quote_currency = excluded.quote_currency, settle_currency = excluded.settle_currency,
        contract_size = excluded.contract_size, tick_size = excluded.tick_size, lot_size = excluded.lot_size,
        taker_fee_percent = excluded.taker_fee_percent, maker_fee_percent = excluded.maker_fee_percent,
        updated_at = now()
    WHERE (known.native_symbol, known.asset, known.asset_scale, known.quote_currency, known.settle_currency,
           known.contract_size, known.tick_size, known.lot_size, known.taker_fee_percent, known.maker_fee_percent)
        IS DISTINCT FROM
          (excluded.native_symbol, excluded.asset, excluded.asset_scale, excluded.quote_currency,
           excluded.settle_currency, excluded.contract_size, excluded.tick_size, excluded.lot_size,
           excluded.taker_fee_percent, excluded.maker_fee_percent)
"""

# Exact: means weighted by ticks, time-weighted means by LIVE time. The order of the sums is fixed, so that the same
# windows always give the same bits.
ROLL_UP = """
    INSERT INTO minutes (
        venue, symbol, minute_start, avg_bid, min_bid, max_bid, avg_ask, min_ask, max_ask, avg_spread,
        time_weighted_bid, time_weighted_ask, tick_count, live_ns, window_ns, is_complete, windows
    )
    SELECT
        venue, symbol, date_trunc('minute', window_start),
        sum(avg_bid * tick_count ORDER BY window_start) / sum(tick_count)::float8, min(min_bid), max(max_bid),
        sum(avg_ask * tick_count ORDER BY window_start) / sum(tick_count)::float8, min(min_ask), max(max_ask),
        sum(avg_spread * tick_count ORDER BY window_start) / sum(tick_count)::float8,
        sum(time_weighted_bid * live_ns ORDER BY window_start) / sum(live_ns)::float8,
        sum(time_weighted_ask * live_ns ORDER BY window_start) / sum(live_ns)::float8,
        sum(tick_count), sum(live_ns), sum(window_ns), bool_and(is_complete), count(*)
    FROM snapshots
    WHERE venue = %(venue)s
        AND window_start >= date_trunc('minute', %(committed_until)s::timestamptz)
        AND window_start < date_trunc('minute', %(window_end)s::timestamptz)
    GROUP BY venue, symbol, date_trunc('minute', window_start)
"""

READ_POSITION = "SELECT stream_id, position, committed_until FROM stream_positions WHERE venue = %s FOR SHARE"
READ_CARRIED = """
    SELECT m.symbol, m.native_symbol, m.asset, m.asset_scale, m.quote_currency, m.settle_currency, m.contract_size,
        m.tick_size, m.lot_size, m.taker_fee_percent, m.maker_fee_percent,
        s.last_bid, s.last_bid_size, s.last_ask, s.last_ask_size, s.last_state, s.last_exchange_ns, s.last_receive_ns
    FROM snapshots s JOIN markets m USING (venue, symbol)
    WHERE s.venue = %(venue)s AND s.window_start = (SELECT max(window_start) FROM snapshots WHERE venue = %(venue)s)
    ORDER BY m.symbol
"""

# A venue's newest minute stays whatever its age: a restart continues from its last window, the rollup needs the others.
DELETE_SNAPSHOTS = """
    DELETE FROM snapshots WHERE venue = %(venue)s AND ctid = ANY(ARRAY(
        SELECT s.ctid FROM snapshots s, stream_positions p
        WHERE s.venue = %(venue)s AND p.venue = %(venue)s AND s.window_start < least(
            %(until)s, date_trunc('minute', p.committed_until - interval '1 microsecond'))
        LIMIT %(limit)s))
"""
DELETE_MINUTES = """
    DELETE FROM minutes WHERE venue = %(venue)s AND ctid = ANY(ARRAY(
        SELECT ctid FROM minutes WHERE venue = %(venue)s AND minute_start < %(until)s LIMIT %(limit)s))
"""
RETENTION_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('crossbook.aggregator.retention'))"


@dataclass(frozen=True, slots=True)
class RestorePoint:
    """What the last commit of a venue left for a restart."""

    stream_id: str
    position: int
    committed_until_ns: int
    carried: list[CarriedQuote]


@dataclass(frozen=True, slots=True)
class Commit:
    """What became of one window."""

    is_new: bool  # false: it had been committed before
    minutes: int  # rows rolled up with it


def to_datetime(time_ns: int) -> datetime:
    """Postgres keeps microseconds; every window's bounds are whole seconds."""
    return EPOCH + timedelta(microseconds=time_ns // 1000)


def to_ns(moment: datetime) -> int:
    """The reverse, exactly."""
    return (moment - EPOCH) // timedelta(microseconds=1) * 1000


@asynccontextmanager
async def lease(pool: Pool) -> AsyncIterator[Connection]:
    """A connection; turns what waiting can cure into UnavailableError, and says what to do."""
    try:
        async with pool.connection() as connection:
            yield connection
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedFunction) as error:
        raise UnavailableError("Postgres has no Crossbook tables yet: run `crossbook migrate`") from error
    except Exception as error:
        if is_unavailable(error):
            raise UnavailableError(f"Postgres cannot be reached: {error}") from error
        raise


class Store:
    """Everything raises UnavailableError while Postgres is away."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def ping(self) -> None:
        """Whether the tables are there and can be read."""
        async with lease(self._pool) as connection:
            await connection.execute("SELECT 1 FROM stream_positions LIMIT 1")

    async def open_venue(self, venue: str) -> RestorePoint | None:
        """Makes the venue's partitions unless they exist; gives where its stream stands, None for a new venue."""
        async with lease(self._pool) as connection, connection.transaction():
            await connection.execute("SELECT create_venue_partitions(%s)", (venue,))
            position = await (await connection.execute(READ_POSITION, (venue,))).fetchone()
            if position is None:
                return None
            rows = await (await connection.execute(READ_CARRIED, {"venue": venue})).fetchall()
        stream_id, sequence, committed_until = position
        return RestorePoint(stream_id, sequence, to_ns(committed_until), [_carried(venue, *row) for row in rows])

    async def commit_window(self, window: ClosedWindow, markets: Sequence[Instrument]) -> Commit:
        """Writes the window with its position in one transaction; changes nothing when that has happened before."""
        window_end = to_datetime(window.end_ns)
        async with lease(self._pool) as connection, connection.transaction():
            committed_until = await _lock_position(connection, window.venue)
            if committed_until > to_datetime(window.start_ns):
                return Commit(is_new=False, minutes=0)
            await _copy(connection, window.copy_binary())
            await _upsert(connection, markets)
            position = (window.stream_id, window.position, window_end, window.venue)
            await connection.execute(UPDATE_POSITION, position)
            minutes = await _roll_up(connection, window.venue, committed_until, window_end)
            return Commit(is_new=True, minutes=minutes)

    async def list_venues(self) -> list[str]:
        """Every venue that was ever written."""
        async with lease(self._pool) as connection:
            cursor = await connection.execute("SELECT venue FROM stream_positions ORDER BY venue")
            return [venue for (venue,) in await cursor.fetchall()]

    async def delete_snapshots(self, venue: str, until: datetime, limit: int) -> int:
        """Deletes at most `limit` rows that are older; 0 also when another process is at it."""
        return await self._delete(DELETE_SNAPSHOTS, venue, until, limit)

    async def delete_minutes(self, venue: str, until: datetime, limit: int) -> int:
        """Deletes at most `limit` rows that are older; 0 also when another process is at it."""
        return await self._delete(DELETE_MINUTES, venue, until, limit)

    async def _delete(self, statement: LiteralString, venue: str, until: datetime, limit: int) -> int:
        async with lease(self._pool) as connection, connection.transaction():
            row = await (await connection.execute(RETENTION_LOCK)).fetchone()
            if row is None or not row[0]:
                return 0
            parameters = {"venue": venue, "until": until, "limit": limit}
            return (await connection.execute(statement, parameters)).rowcount


async def _lock_position(connection: Connection, venue: str) -> datetime:
    row = await (await connection.execute(LOCK_POSITION, (venue,))).fetchone()
    if row is None:
        await connection.execute(INSERT_POSITION, (venue,))
        row = await (await connection.execute(LOCK_POSITION, (venue,))).fetchone()
    assert row is not None
    committed_until: datetime = row[0]
    return committed_until


async def _copy(connection: Connection, rows: bytes) -> None:
    async with connection.cursor() as cursor, cursor.copy(COPY_SNAPSHOTS) as copy:
        await copy.write(rows)


async def _upsert(connection: Connection, markets: Sequence[Instrument]) -> None:
    if markets:
        async with connection.cursor() as cursor:
            await cursor.executemany(UPSERT_MARKET, [_market(instrument) for instrument in markets])


async def _roll_up(connection: Connection, venue: str, committed_until: datetime, window_end: datetime) -> int:
    """Every minute that ends with this window or was passed since the last one."""
    if committed_until.replace(second=0, microsecond=0) == window_end.replace(second=0, microsecond=0):
        return 0
    parameters = {"venue": venue, "committed_until": committed_until, "window_end": window_end}
    return (await connection.execute(ROLL_UP, parameters)).rowcount


def _market(instrument: Instrument) -> tuple[object, ...]:
    return (
        instrument.venue,
        instrument.symbol,
        instrument.native_symbol,
        instrument.asset,
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
