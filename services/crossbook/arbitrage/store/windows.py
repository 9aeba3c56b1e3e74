"""Closed windows and minutes, which the aggregator writes and this service reads."""

from dataclasses import dataclass
from typing import LiteralString

from psycopg.rows import class_row

from crossbook.plumbing.data.postgres import Pool, connected
from crossbook.plumbing.timestamps import SECOND_NS

# An instrument that was LIVE at no time of its newest window has no price; an older window does not stand in for it.
LATEST_SNAPSHOTS = """
    SELECT * FROM (
        SELECT DISTINCT ON (venue, symbol) venue, symbol, native_symbol, asset, asset_class, asset_scale,
            quote_currency, settle_currency, contract_size, taker_fee_percent,
            (extract(epoch FROM window_end) * 1000000000)::bigint AS end_ns, window_ns,
            time_weighted_bid AS bid, time_weighted_ask AS ask, last_bid_size AS bid_size, last_ask_size AS ask_size
        FROM closed_windows WHERE asset <> '' AND window_start >= to_timestamp(%s)
        ORDER BY venue, symbol, window_start DESC
    ) AS latest WHERE bid > 0 AND ask > 0
"""
LATEST_MINUTES = """
    SELECT * FROM (
        SELECT DISTINCT ON (venue, symbol) venue, symbol, native_symbol, asset, asset_class, asset_scale,
            quote_currency, settle_currency, contract_size, taker_fee_percent,
            (extract(epoch FROM minute_end) * 1000000000)::bigint AS end_ns, window_ns,
            time_weighted_bid AS bid, time_weighted_ask AS ask, 0::float8 AS bid_size, 0::float8 AS ask_size
        FROM closed_minutes WHERE asset <> '' AND minute_start >= to_timestamp(%s)
        ORDER BY venue, symbol, minute_start DESC
    ) AS latest WHERE bid > 0 AND ask > 0
"""


@dataclass(frozen=True, slots=True)
class WindowPrice:
    """Time-weighted prices of one instrument over its newest window."""

    venue: str
    symbol: str
    native_symbol: str
    asset: str
    asset_class: int
    asset_scale: float
    quote_currency: str
    settle_currency: str
    contract_size: float
    taker_fee_percent: float | None
    end_ns: int
    window_ns: int
    bid: float
    ask: float
    bid_size: float  # at the end of the window; 0 where the source has none
    ask_size: float


ROWS = class_row(WindowPrice)


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

    async def _read(self, query: LiteralString, since_ns: int) -> list[WindowPrice]:
        async with connected(self._pool) as connection:
            cursor = connection.cursor(row_factory=ROWS)
            return await (await cursor.execute(query, (since_ns / SECOND_NS,))).fetchall()
