"""Opportunities' lives: rows made from the log of events, and what is read of them.

Whoever makes rows holds the position's row; a replica that finds it held does nothing. Rows and position are one
transaction, so a death in the middle leaves both as they were, and every event is taken exactly once.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, LiteralString, NamedTuple

from psycopg.sql import SQL, Composed, Identifier, Literal, Placeholder

from crossbook._core import Life
from crossbook.plumbing.data.postgres import Connection, Pool, connected

NAMES = SQL(", ").join(map(Identifier, Life.COLUMNS))
POSITION = "SELECT event_id FROM opportunity_lives_position FOR UPDATE SKIP LOCKED"
AFTER = "SELECT id, opportunity_id, writer, payload FROM opportunity_events WHERE id > %s ORDER BY id LIMIT %s"
KNOWN = SQL("SELECT {} FROM opportunity_lives WHERE id = ANY(%s)").format(NAMES)
INSERT = SQL("INSERT INTO opportunity_lives ({}) VALUES ({})").format(
    NAMES, SQL(", ").join(Placeholder(name) for name in Life.COLUMNS)
)
UPDATE = SQL("UPDATE opportunity_lives SET {}, recorded_at = clock_timestamp() WHERE id = %(id)s").format(
    SQL(", ").join(SQL("{} = {}").format(Identifier(name), Placeholder(name)) for name in Life.COLUMNS if name != "id")
)
# Open ones whose last writer gives no sign of life, and until when it did.
UNWATCHED = """
    SELECT l.id, greatest(l.last_ns, coalesce(w.alive_ns, 0))
    FROM opportunity_lives l LEFT JOIN opportunity_writers w ON w.writer = l.writer
    WHERE l.close_ns IS NULL AND l.id <> ALL(%s) AND l.writer <> %s
        AND (w.seen_at IS NULL OR w.seen_at < clock_timestamp() - %s)
    ORDER BY l.id LIMIT %s
"""
FORGET = """
    DELETE FROM opportunity_lives WHERE number = ANY(ARRAY(
        SELECT number FROM opportunity_lives
        WHERE (recorded_at < clock_timestamp() - %(age)s AND close_ns IS NOT NULL)
            OR number <= (SELECT max(number) FROM opportunity_lives) - %(kept)s
        LIMIT %(limit)s))
"""
# What a latency leaves: of a life whose watch ended before it nothing is known. The net is the path's last one by then.
AT_LATENCY = SQL("""
    CASE WHEN life_us >= {us} THEN 1 WHEN NOT is_censored THEN 0 END AS alive_{number},
    CASE WHEN life_us >= {us}
        THEN greatest(0, path_net_percent[(SELECT count(*) FROM unnest(path_us) AS point WHERE point <= {us})])
        WHEN NOT is_censored THEN 0 END AS net_{number}
""")
STATISTICS = SQL("""
    SELECT {keys}, count(*) FILTER (WHERE is_censored), percentile_cont(0.5) WITHIN GROUP (ORDER BY life_us),
        avg(opening_net_percent), max(peak_net_percent){means}
    FROM (
        SELECT is_censored, life_us, opening_net_percent, peak_net_percent{inner}
        FROM (SELECT *, greatest(close_ns - publish_ns, 0) / 1000 AS life_us FROM opportunity_lives) AS life
        WHERE close_ns IS NOT NULL AND {where}
    ) AS ended{grouped} ORDER BY count(*) DESC LIMIT %s
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeQuery:
    """Which lives; empty lists and None do not restrict. `before` is (open_ns, id) of the page before's last row."""

    venues: Sequence[str] = ()
    assets: Sequence[str] = ()
    from_ns: int | None = None
    to_ns: int | None = None
    min_peak_net_percent: float | None = None
    min_duration_ns: int = 0
    close_reasons: Sequence[int] = ()
    before: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """Statistics of a group: its keys in their order, times in µs, and (alive share, mean net) by latency."""

    keys: tuple[Any, ...]
    count: int
    censored: int
    median_us: float
    mean_opening_net_percent: float
    peak_net_percent: float
    captures: list[tuple[float | None, float | None]]


class LifeStore:
    """Raises UnavailableError while Postgres is away or has no such tables."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def making(self) -> AsyncIterator["Making | None"]:
        """One transaction of whoever has the position; None where another has it."""
        async with connected(self._pool) as connection, connection.transaction():
            row = await (await connection.execute(POSITION)).fetchone()
            yield Making(connection, row[0]) if row else None

    async def page(self, query: LifeQuery, limit: int) -> list[Life]:
        """Newest first."""
        where, parameters = _conditions(query)
        statement = SQL("SELECT {} FROM opportunity_lives WHERE {} ORDER BY open_ns DESC, id DESC LIMIT %s")
        async with connected(self._pool) as connection:
            cursor = await connection.execute(statement.format(NAMES, where), [*parameters, limit])
            return [Life.from_row(row) for row in await cursor.fetchall()]

    async def statistics(
        self, query: LifeQuery, keys: Sequence[LiteralString], latencies_us: Sequence[int], limit: int
    ) -> list[GroupRow]:
        """Groups by SQL expressions, the largest first."""
        where, parameters = _conditions(query)
        statement = _statistics(where, keys, latencies_us)
        async with connected(self._pool) as connection:
            cursor = await connection.execute(statement, [*parameters, limit])
            return [_group(row, len(keys)) for row in await cursor.fetchall()]

    async def forget(self, age_seconds: float, kept: int, limit: int) -> int:
        """Deletes at most `limit` that ended longer ago, or beyond the newest `kept`."""
        values = {"age": timedelta(seconds=age_seconds), "kept": kept, "limit": limit}
        async with connected(self._pool) as connection:
            return (await connection.execute(FORGET, values)).rowcount


class LoggedRow(NamedTuple):
    """An event of the log; the payload is a WatchOpportunitiesResponse with it alone."""

    id: int
    opportunity_id: str
    writer: str
    payload: bytes


class Making:
    """Within one transaction: events after the position, the lives that they are of, and what becomes of them."""

    def __init__(self, connection: Connection, position: int) -> None:
        self._connection = connection
        self._position = position

    async def events(self, limit: int) -> list[LoggedRow]:
        """Oldest first."""
        cursor = await self._connection.execute(AFTER, (self._position, limit), binary=True)
        return [LoggedRow(*row) for row in await cursor.fetchall()]

    async def known(self, ids: Collection[str]) -> list[Life]:
        """Of these, those that have a row."""
        cursor = await self._connection.execute(KNOWN, (list(ids),))
        return [Life.from_row(row) for row in await cursor.fetchall()]

    async def keep(self, new: Sequence[Life], changed: Sequence[Life], position: int) -> None:
        """Their rows, and that events up to `position` are in them."""
        async with self._connection.cursor() as cursor:
            for statement, lives in ((INSERT, new), (UPDATE, changed)):
                if lives:
                    await cursor.executemany(statement, [_values(life) for life in lives])
            await cursor.execute("UPDATE opportunity_lives_position SET event_id = %s", (position,))

    async def unwatched(
        self, own: str, open_here: Sequence[str], silent_seconds: float, limit: int
    ) -> list[tuple[str, int]]:
        """(id, until when it was watched) of open ones that are not open here and whose writer is silent."""
        values = (list(open_here), own, timedelta(seconds=silent_seconds), limit)
        return [(row[0], row[1]) for row in await (await self._connection.execute(UNWATCHED, values)).fetchall()]

    @property
    def position(self) -> int:
        """The last event that is in the lives."""
        return self._position


def _conditions(query: LifeQuery) -> tuple[Composed, list[object]]:
    end = "coalesce(close_ns, last_ns)"
    conditions: list[tuple[LiteralString, Sequence[object] | None]] = [
        ("buy_venue = ANY(%s) AND sell_venue = ANY(%s)", [list(query.venues)] * 2 if query.venues else None),
        ("asset = ANY(%s)", [list(query.assets)] if query.assets else None),
        ("open_ns >= %s", None if query.from_ns is None else [query.from_ns]),
        ("open_ns < %s", None if query.to_ns is None else [query.to_ns]),
        ("peak_net_percent >= %s", None if query.min_peak_net_percent is None else [query.min_peak_net_percent]),
        (f"{end} - open_ns >= %s", [query.min_duration_ns] if query.min_duration_ns else None),
        ("close_reason = ANY(%s)", [list(query.close_reasons)] if query.close_reasons else None),
        ("(open_ns, id) < (%s, %s)", query.before),
    ]
    wanted = [(SQL(text), values) for text, values in conditions if values is not None]
    where = SQL(" AND ").join([SQL("true"), *(text for text, _ in wanted)])
    return where, [value for _, values in wanted for value in values]


def _statistics(where: Composed, keys: Sequence[LiteralString], latencies_us: Sequence[int]) -> Composed:
    numbers = [SQL(str(number)) for number in range(len(latencies_us))]
    key_columns = [SQL("{} AS key_{}").format(SQL(key), SQL(str(at))) for at, key in enumerate(keys)]
    at_latencies = [
        AT_LATENCY.format(us=Literal(us), number=number) for us, number in zip(latencies_us, numbers, strict=True)
    ]
    means = [SQL("avg(alive_{0}), avg(net_{0})").format(number) for number in numbers]
    names = [SQL("key_{}").format(SQL(str(at))) for at in range(len(keys))]
    grouped = SQL(" GROUP BY {}").format(SQL(", ").join(names)) if names else SQL(" HAVING count(*) > 0")
    return STATISTICS.format(
        keys=SQL(", ").join([*names, SQL("count(*)")]),
        means=SQL("").join(SQL(", ") + mean for mean in means),
        inner=SQL("").join(SQL(", ") + column for column in [*key_columns, *at_latencies]),
        where=where,
        grouped=grouped,
    )


def _group(row: Sequence[Any], keys: int) -> GroupRow:
    count, censored, median_us, opening, peak, *captures = row[keys:]
    return GroupRow(
        keys=tuple(row[:keys]),
        count=count,
        censored=censored,
        median_us=median_us,
        mean_opening_net_percent=opening,
        peak_net_percent=peak,
        captures=list(zip(captures[::2], captures[1::2], strict=True)),
    )


def _values(life: Life) -> dict[str, Any]:
    return dict(zip(Life.COLUMNS, life.row(), strict=True))
