"""Closed windows and minutes, which the aggregator writes and this service reads."""

from dataclasses import dataclass, fields
from typing import Any

from psycopg.sql import SQL, Composed, Identifier

from crossbook._core import Instrument
from crossbook.plumbing.data.markets import columns, take_instrument
from crossbook.plumbing.data.postgres import Pool, connected
from crossbook.plumbing.timestamps import SECOND_NS


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowPrice:
    """Time-weighted prices of one instrument over its newest window."""

    instrument: Instrument
    end_ns: int
    window_ns: int
    bid: float
    ask: float
    bid_size: float  # at the end of the window; 0 where the source has none
    ask_size: float


# Of a price, beside its instrument.
PRICE = tuple(field.name for field in fields(WindowPrice) if field.name != "instrument")


def _latest(select: SQL) -> Composed:
    """An instrument that was LIVE at no time of its newest window has no price; an older window does not stand in."""
    latest = SQL("SELECT {market}, {price} FROM ({select}) AS latest WHERE bid > 0 AND ask > 0")
    price = SQL(", ").join(map(Identifier, PRICE))
    return latest.format(market=columns(), price=price, select=select.format(market=columns()))


LATEST_SNAPSHOTS = _latest(
    SQL("""
        SELECT DISTINCT ON (venue, symbol) {market},
            (extract(epoch FROM window_end) * 1000000000)::bigint AS end_ns, window_ns,
            time_weighted_bid AS bid, time_weighted_ask AS ask, last_bid_size AS bid_size, last_ask_size AS ask_size
        FROM closed_windows WHERE asset <> '' AND window_start >= to_timestamp(%s)
        ORDER BY venue, symbol, window_start DESC
    """)
)
LATEST_MINUTES = _latest(
    SQL("""
        SELECT DISTINCT ON (venue, symbol) {market},
            (extract(epoch FROM minute_end) * 1000000000)::bigint AS end_ns, window_ns,
            time_weighted_bid AS bid, time_weighted_ask AS ask, 0::float8 AS bid_size, 0::float8 AS ask_size
        FROM closed_minutes WHERE asset <> '' AND minute_start >= to_timestamp(%s)
        ORDER BY venue, symbol, minute_start DESC
    """)
)


class WindowStore:
    """Raises UnavailableError while Postgres is away."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def latest_snapshots(self, since_ns: int) -> list[WindowPrice]:
        """The newest window of each instrument among those that began at or after a moment."""
        return await self._read(LATEST_SNAPSHOTS, since_ns)

    async def latest_minutes(self, since_ns: int) -> list[WindowPrice]:
        """The newest minute of each instrument among those that began at or after a moment."""
        return await self._read(LATEST_MINUTES, since_ns)

    async def _read(self, query: Composed, since_ns: int) -> list[WindowPrice]:
        async with connected(self._pool) as connection:
            rows = await (await connection.execute(query, (since_ns / SECOND_NS,))).fetchall()
        return [_price(row) for row in rows]


def _price(row: tuple[Any, ...]) -> WindowPrice:
    instrument, price = take_instrument(row)
    return WindowPrice(instrument=instrument, **dict(zip(PRICE, price, strict=True)))
