"""The log of opportunity events in Postgres: one row an event, whichever replica of arbitrage wrote it first.

Writers take turns (an advisory lock), so that a reader that has seen row N never finds a row below N later.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from crossbook._core import REPLICA_OVERLAP_NS, EventSelection, LoggedEvent, event_columns
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.data.postgres import Pool, connected
from crossbook.plumbing.timestamps import SECOND_NS

LOCK_KEY = 0x6F70706F6C6F67  # "oppolog"

# One statement, one round trip. No id is given out before the lock is held: the join needs its row.
APPEND = """
    WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(%s)),
    alive AS (
        INSERT INTO opportunity_writers (writer, alive_ns) VALUES (%s, %s)
        ON CONFLICT (writer) DO UPDATE SET alive_ns = excluded.alive_ns, seen_at = clock_timestamp()
    )
    INSERT INTO opportunity_events (opportunity_id, kind, cause_ns, event_ns, asset, buy_venue, sell_venue,
        opening_net_percent, writer, number, payload)
    SELECT event.opportunity_id, event.kind, event.cause_ns, event.event_ns, event.asset, event.buy_venue,
        event.sell_venue, event.opening_net_percent, %s, event.number, event.payload
    FROM turn, unnest(%s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[],
        %s::float8[], %s::bigint[], %s::bytea[]) AS event (opportunity_id, kind, cause_ns, event_ns, asset, buy_venue,
        sell_venue, opening_net_percent, number, payload)
    ORDER BY event.number
    ON CONFLICT (opportunity_id, kind, cause_ns) DO NOTHING
"""
# The last row that the writer's reader certainly had.
LAST_OF_WRITER = """
    SELECT event_ns, extract(epoch FROM recorded_at)::float8 FROM opportunity_events
    WHERE writer = %s AND number <= %s ORDER BY number DESC LIMIT 1
"""
# The last row before the first one of those times or later. The first, and by either clock: rows are in the order of
# their commits, not in that of the times that a writer with a wrong clock gave them, or the server before its was set.
# `id + 0`, lest the planner read every row from the first one on.
LAST_BEFORE = """
    SELECT id FROM opportunity_events
    WHERE id < coalesce(least(
        (SELECT min(id + 0) FROM opportunity_events WHERE event_ns >= %(told_ns)s),
        (SELECT min(id + 0) FROM opportunity_events WHERE recorded_at >= to_timestamp(%(recorded)s::float8))
    ), %(no_row)s)
    ORDER BY id DESC LIMIT 1
"""
AFTER = """
    SELECT id, writer, number, kind, opportunity_id, asset, buy_venue, sell_venue, opening_net_percent, event_ns,
        payload
    FROM opportunity_events WHERE id > %s ORDER BY id LIMIT %s
"""
# The oldest go once they are in the lives, and those beyond the number that is kept whether or not.
FORGET = """
    DELETE FROM opportunity_events WHERE id = ANY(ARRAY(
        SELECT id FROM opportunity_events
        WHERE (recorded_at < clock_timestamp() - %(age)s AND id <= (SELECT event_id FROM opportunity_lives_position))
            OR id <= (SELECT max(id) FROM opportunity_events) - %(kept)s
        ORDER BY id LIMIT %(limit)s))
"""
FORGET_WRITERS = "DELETE FROM opportunity_writers WHERE seen_at < clock_timestamp() - %s"
NO_ROW_AFTER = 2**62


class Place(NamedTuple):
    """Where a reader goes on: after row `id`. `is_whole` unless rows after its token may be gone."""

    id: int
    is_whole: bool


class StoredEvent(NamedTuple):
    """An event of the log, and who wrote it; the payload is a WatchOpportunitiesResponse with it alone."""

    id: int
    writer: str
    number: int  # of the writer's
    kind: int
    opportunity_id: str
    asset: str
    buy_venue: str
    sell_venue: str
    opening_net_percent: float
    event_ns: int
    payload: bytes

    def is_wanted(self, wanted: EventSelection) -> bool:
        """By a watcher; to be asked once about each, in order."""
        head = (self.kind, self.opportunity_id, self.asset, self.buy_venue, self.sell_venue)
        return wanted.wants(*head, self.opening_net_percent, self.event_ns, self.payload)


class EventStore:
    """Raises UnavailableError while Postgres is away or has no such tables."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def append(self, writer: str, alive_ns: int, events: Sequence[LoggedEvent]) -> None:
        """Keeps events that are not kept yet, and that their writer lives."""
        async with connected(self._pool) as connection:
            await connection.execute(APPEND, (LOCK_KEY, writer, alive_ns, writer, *event_columns(events)))

    async def place(self, writer: str, number: int, event_ns: int) -> Place:
        """After what the reader of a token certainly has, less REPLICA_OVERLAP_NS: another replica may have written.

        A token of an unknown writer has its time alone. One of a time to come is from a clock that was set back since:
        nobody knows by how much, and it stands for the beginning.
        """
        async with connected(self._pool) as connection:
            own = await (await connection.execute(LAST_OF_WRITER, (writer, number))).fetchone()
            told_ns, recorded = own or (event_ns, event_ns / SECOND_NS)
            if own is None and event_ns > self._clock.now_ns() + REPLICA_OVERLAP_NS:
                return Place(0, False)
            since = {"told_ns": told_ns - REPLICA_OVERLAP_NS, "recorded": recorded - REPLICA_OVERLAP_NS / SECOND_NS}
            row = await (await connection.execute(LAST_BEFORE, {**since, "no_row": NO_ROW_AFTER})).fetchone()
        return Place(row[0], True) if row else Place(0, own is not None)

    async def after(self, row_id: int, limit: int) -> list[StoredEvent]:
        """The rows that follow, oldest first."""
        async with connected(self._pool) as connection:
            rows = await (await connection.execute(AFTER, (row_id, limit), binary=True)).fetchall()
        return [StoredEvent(*row) for row in rows]

    async def alive(self) -> Mapping[str, int]:
        """Until when each writer was alive, in ns."""
        async with connected(self._pool) as connection:
            return dict(await (await connection.execute("SELECT writer, alive_ns FROM opportunity_writers")).fetchall())

    async def forget(self, age_seconds: float, kept: int, limit: int) -> int:
        """Deletes at most `limit` rows that are older, or beyond the newest `kept`; oldest first."""
        age = timedelta(seconds=age_seconds)
        async with connected(self._pool) as connection:
            await connection.execute(FORGET_WRITERS, (age,))
            return (await connection.execute(FORGET, {"age": age, "kept": kept, "limit": limit})).rowcount
