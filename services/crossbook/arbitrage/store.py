"""The service's SQL: it reads closed windows and minutes, which the aggregator writes, and keeps identity findings."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg.rows import class_row

from crossbook.plumbing.data.postgres import Connection, Pool, is_unavailable
from crossbook.plumbing.errors import UnavailableError

# An instrument that was LIVE at no time of its newest window has no price; an older window does not stand in for it.
LATEST_SNAPSHOTS = """
    SELECT * FROM (
        SELECT DISTINCT ON (w.venue, w.symbol) w.venue, w.symbol, m.native_symbol, m.asset, m.asset_class,
            m.asset_scale, m.quote_currency, m.settle_currency, m.contract_size, m.taker_fee_percent,
            (extract(epoch FROM w.window_start) * 1000000000)::bigint + w.window_ns AS end_ns, w.window_ns,
            w.time_weighted_bid AS bid, w.time_weighted_ask AS ask,
            w.last_bid_size AS bid_size, w.last_ask_size AS ask_size
        FROM snapshots w JOIN markets m USING (venue, symbol)
        WHERE w.window_start >= to_timestamp(%s)
        ORDER BY w.venue, w.symbol, w.window_start DESC
    ) AS latest WHERE bid > 0 AND ask > 0
"""
LATEST_MINUTES = """
    SELECT * FROM (
        SELECT DISTINCT ON (w.venue, w.symbol) w.venue, w.symbol, m.native_symbol, m.asset, m.asset_class,
            m.asset_scale, m.quote_currency, m.settle_currency, m.contract_size, m.taker_fee_percent,
            (extract(epoch FROM w.minute_start) * 1000000000)::bigint + 60000000000 AS end_ns,
            60000000000 AS window_ns,
            w.time_weighted_bid AS bid, w.time_weighted_ask AS ask, 0::float8 AS bid_size, 0::float8 AS ask_size
        FROM minutes w JOIN markets m USING (venue, symbol)
        WHERE w.minute_start >= to_timestamp(%s)
        ORDER BY w.venue, w.symbol, w.minute_start DESC
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
        async with connected(self._pool, "windows and minutes") as connection:
            cursor = connection.cursor(row_factory=ROWS)
            return await (await cursor.execute(query, (since_ns / 1e9,))).fetchall()


RESOURCE = "identityFindings/"  # what the names of findings begin with
ADD_FINDING = """
    INSERT INTO identity_findings (id, asset, first_venue, first_symbol, first_mid, second_venue, second_symbol,
        second_mid, difference_percent, since_ns, found_ns)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING
"""
LIST_STATES = """
    SELECT asset, first_venue, first_symbol, second_venue, second_symbol, state FROM identity_findings ORDER BY id
"""
LIST_FINDINGS = """
    SELECT * FROM identity_findings
    WHERE (%(states)s::int[] = '{}' OR state = ANY(%(states)s::int[]))
        AND (%(assets)s::text[] = '{}' OR asset = ANY(%(assets)s::text[]))
        AND (%(found_ns)s::bigint IS NULL OR (found_ns, id) < (%(found_ns)s::bigint, %(id)s::text))
    ORDER BY found_ns DESC, id DESC LIMIT %(limit)s
"""
DECIDE = """
    UPDATE identity_findings
    SET state = %s, comment = %s, decided_ns = (extract(epoch FROM clock_timestamp()) * 1000000000)::bigint
    WHERE id = %s RETURNING *
"""


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One pair in doubt, and what is held of it."""

    id: str
    asset: str
    first_venue: str
    first_symbol: str
    first_mid: float
    second_venue: str
    second_symbol: str
    second_mid: float
    difference_percent: float
    since_ns: int
    found_ns: int
    state: int = 1
    comment: str = ""
    decided_ns: int | None = None


StateRow = tuple[str, str, str, str, str, int]
FINDING_ROWS = class_row(FindingRow)


class IdentityStore:
    """Raises UnavailableError while Postgres is away or has no such table."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(self, finding: FindingRow) -> None:
        """Keeps what is found; who found the same before, here or elsewhere, keeps his words and his decision."""
        found = (
            *(finding.id, finding.asset, finding.first_venue, finding.first_symbol, finding.first_mid),
            *(finding.second_venue, finding.second_symbol, finding.second_mid, finding.difference_percent),
            *(finding.since_ns, finding.found_ns),
        )
        async with connected(self._pool, "identity findings") as connection:
            await connection.execute(ADD_FINDING, found)

    async def states(self) -> list[StateRow]:
        """Every pair and what is held of it."""
        async with connected(self._pool, "identity findings") as connection:
            rows: list[StateRow] = await (await connection.execute(LIST_STATES)).fetchall()
            return rows

    async def page(
        self, states: Sequence[int], assets: Sequence[str], after: tuple[int, str] | None, limit: int
    ) -> list[FindingRow]:
        """Newest first, from behind a position."""
        found_ns, finding_id = after or (None, None)
        wanted = {"states": list(states), "assets": list(assets), "found_ns": found_ns, "id": finding_id}
        async with connected(self._pool, "identity findings") as connection:
            cursor = connection.cursor(row_factory=FINDING_ROWS)
            return await (await cursor.execute(LIST_FINDINGS, {**wanted, "limit": limit})).fetchall()

    async def decide(self, finding_id: str, state: int, comment: str) -> FindingRow | None:
        """The finding after the decision; None when there is none."""
        async with connected(self._pool, "identity findings") as connection:
            cursor = connection.cursor(row_factory=FINDING_ROWS)
            return await (await cursor.execute(DECIDE, (state, comment, finding_id))).fetchone()


class NoTablesError(UnavailableError):
    """Postgres is there and empty: `crossbook migrate` makes the tables, and then the same succeeds."""


@asynccontextmanager
async def connected(pool: Pool, what: str) -> AsyncIterator[Connection]:
    """A connection; what can be helped by waiting is told as UnavailableError."""
    try:
        async with pool.connection() as connection:
            yield connection
    except psycopg.errors.UndefinedTable as error:
        raise NoTablesError("Postgres has no Crossbook tables yet: run `crossbook migrate`") from error
    except Exception as error:
        if is_unavailable(error):
            raise UnavailableError(f"Postgres cannot be reached: {what} cannot be read") from error
        raise
