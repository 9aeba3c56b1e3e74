"""All SQL of the aggregator's reading side: pages of closed windows and minutes, by (start, venue, symbol).

A page continues after the last row's key, so rows that retention deletes or windows that close meanwhile neither
repeat nor hide others.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from crossbook.plumbing.data.postgres import Pool, connected

STATS: LiteralString = """
    t.avg_bid, t.min_bid, t.max_bid, t.avg_ask, t.min_ask, t.max_ask, t.avg_spread,
    t.time_weighted_bid, t.time_weighted_ask, t.tick_count, t.window_ns, t.coverage, t.is_complete
"""
SNAPSHOTS: LiteralString = f"""
    SELECT t.venue, t.symbol, t.window_start, {STATS}, 1,
        t.asset, coalesce(t.asset_class, 0), t.last_bid, t.last_bid_size, t.last_ask, t.last_ask_size,
        t.last_state, t.last_exchange_ns, t.last_receive_ns
    FROM closed_windows t
"""
COUNTS: LiteralString = """
    SELECT venue, sum(snapshots)::bigint, sum(minutes)::bigint
    FROM (SELECT venue, count(*) AS snapshots, 0 AS minutes FROM closed_windows GROUP BY venue
        UNION ALL SELECT venue, 0, count(*) FROM closed_minutes GROUP BY venue) counted
    GROUP BY venue ORDER BY venue
"""
MINUTES: LiteralString = f"SELECT t.venue, t.symbol, t.minute_start, {STATS}, t.windows FROM closed_minutes t"


@dataclass(frozen=True, slots=True)
class PageQuery:
    """Which rows, and from where. Empty lists and None do not restrict."""

    venues: list[str]
    symbols: list[str]
    from_time: datetime | None
    to_time: datetime | None
    after: tuple[datetime, str, str] | None
    limit: int
    is_newest_first: bool = False


@dataclass(frozen=True, slots=True)
class StatsRow:
    """The columns that snapshots and minutes share."""

    venue: str
    symbol: str
    start: datetime
    avg_bid: float | None
    min_bid: float | None
    max_bid: float | None
    avg_ask: float | None
    min_ask: float | None
    max_ask: float | None
    avg_spread: float | None
    time_weighted_bid: float | None
    time_weighted_ask: float | None
    tick_count: int
    window_ns: int  # of a minute 60 s, whatever its windows
    coverage: float
    is_complete: bool
    windows: int  # that it is made of


@dataclass(frozen=True, slots=True)
class SnapshotRow(StatsRow):
    """A closed window, with the quote in force at its end."""

    asset: str
    asset_class: int  # 0 where the market is not known any more
    last_bid: float
    last_bid_size: float
    last_ask: float
    last_ask_size: float
    last_state: int
    last_exchange_ns: int
    last_receive_ns: int


class Reads:
    """Everything raises UnavailableError while Postgres is away."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def snapshots(self, query: PageQuery) -> list[SnapshotRow]:
        """Closed windows, in the query's order."""
        return [SnapshotRow(*row) for row in await self._fetch(SNAPSHOTS, "window_start", query)]

    async def minutes(self, query: PageQuery) -> list[StatsRow]:
        """Closed minutes, in the query's order."""
        return [StatsRow(*row) for row in await self._fetch(MINUTES, "minute_start", query)]

    async def counts(self) -> list[tuple[str, int, int]]:
        """Closed windows and minutes of each venue, ordered by venue."""
        async with connected(self._pool) as connection:
            return await (await connection.execute(COUNTS)).fetchall()

    async def _fetch(self, select: LiteralString, start: LiteralString, query: PageQuery) -> list[tuple[Any, ...]]:
        conditions: list[tuple[LiteralString, object]] = [
            ("t.venue = ANY(%s)", query.venues),
            ("t.symbol = ANY(%s)", query.symbols),
            (f"t.{start} >= %s", query.from_time),
            (f"t.{start} < %s", query.to_time),
        ]
        wanted = [(condition, value) for condition, value in conditions if value]
        parameters = [value for _, value in wanted]
        where: list[LiteralString] = [condition for condition, _ in wanted]
        if query.after is not None:
            way: LiteralString = "<" if query.is_newest_first else ">"
            where.append(f"(t.{start}, t.venue, t.symbol) {way} (%s, %s, %s)")
            parameters.extend(query.after)
        order: LiteralString = "DESC" if query.is_newest_first else "ASC"
        by: LiteralString = f"t.{start} {order}, t.venue {order}, t.symbol {order}"
        statement = f"{select} WHERE {' AND '.join(where) or 'true'} ORDER BY {by} LIMIT %s"
        async with connected(self._pool) as connection:
            return await (await connection.execute(statement, [*parameters, query.limit])).fetchall()
