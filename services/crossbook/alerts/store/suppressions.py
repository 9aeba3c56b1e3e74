"""What was not told, or not yet, and why: one row for a rule, a cause or a group, a reason, and who or what did it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from crossbook.alerts.names import GROUPS
from crossbook.alerts.store.tables import Tables
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.data.postgres import Connection

MAX_ROWS = 1_000_000
COLUMNS = "id, rule, cause, group_id, reason, by, asset, venues, detail, first_at, last_at, count"
NOTE = """
INSERT INTO alert_suppressions (rule, cause, group_id, reason, by, asset, venues, detail)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (rule, cause, group_id, reason, by) DO UPDATE
SET count = alert_suppressions.count + 1, last_at = clock_timestamp(), detail = excluded.detail
"""
LIST = f"""
SELECT {COLUMNS} FROM alert_suppressions
WHERE (%(reasons)s::int[] IS NULL OR reason = ANY(%(reasons)s)) AND (%(rule)s::text IS NULL OR rule = %(rule)s)
  AND (%(assets)s::text[] IS NULL OR asset = ANY(%(assets)s))
  AND (%(before)s::timestamptz IS NULL OR (last_at, id) < (%(before)s, %(before_id)s))
ORDER BY last_at DESC, id DESC LIMIT %(limit)s
"""
ABOUT = f"""
SELECT {COLUMNS} FROM alert_suppressions
WHERE (%(rule)s::text IS NULL OR rule = %(rule)s)
  AND (cause <> '' AND cause = %(cause)s OR group_id <> '' AND group_id = %(group)s)
ORDER BY last_at DESC, id DESC LIMIT 100
"""
FORGET = """
DELETE FROM alert_suppressions WHERE id IN (
    SELECT id FROM alert_suppressions
    WHERE last_at < clock_timestamp() - %(age)s OR id <= (SELECT max(id) FROM alert_suppressions) - %(most)s
    ORDER BY id LIMIT %(limit)s)
"""


@dataclass(frozen=True, slots=True)
class Note:
    """One thing to remember; `by` is a silence's name or a channel's id."""

    reason: pb.SuppressionReason.ValueType
    rule: str
    cause: str = ""
    group_id: str = ""
    by: str = ""
    asset: str = ""
    venues: Sequence[str] = ()
    detail: str = ""


class SuppressionStore(Tables):
    """Kept as long as the history of alerts."""

    async def write(self, notes: Collection[Note]) -> None:
        """In an order, so that two replicas never wait for each other."""
        async with self._transaction() as connection:
            await write_notes(connection, notes)

    async def list(self, query: Mapping[str, Any]) -> list[tuple[int, pb.Suppression]]:
        """With the number of each, newest first; `query` as in LIST."""
        return [(row[0], _suppression(row)) for row in await self._rows(LIST, query)]

    async def about(self, rule: str | None, cause: str, group_id: str) -> Sequence[pb.Suppression]:
        """Of a cause or a group, newest first; at most 100."""
        values = {"rule": rule, "cause": cause, "group": group_id}
        return [_suppression(row) for row in await self._rows(ABOUT, values)]

    async def forget(self, age_seconds: float, limit: int) -> int:
        """Deletes at most `limit` that are older, or beyond MAX_ROWS."""
        values = {"age": timedelta(seconds=age_seconds), "most": MAX_ROWS, "limit": limit}
        return await self._execute(FORGET, values)


async def write_notes(connection: Connection, notes: Collection[Note]) -> None:
    """Within the caller's transaction."""
    if not notes:
        return
    rows = sorted(
        (one.rule, one.cause, one.group_id, int(one.reason), one.by, one.asset, list(one.venues), one.detail)
        for one in notes
    )
    async with connection.cursor() as cursor:
        await cursor.executemany(NOTE, rows)


def _suppression(row: Sequence[Any]) -> pb.Suppression:
    _, rule, cause, group_id, reason, by, asset, venues, detail, first_at, last_at, count = row
    found = pb.Suppression(
        reason=reason,
        rule=rule,
        cause=cause,
        group=GROUPS + group_id if group_id else "",
        by=by,
        asset=asset,
        venues=venues,
        detail=detail,
        count=count,
    )
    found.first_time.FromDatetime(first_at)
    found.last_time.FromDatetime(last_at)
    return found
