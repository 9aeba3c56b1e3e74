"""Deliveries that were given up: how many for which reason, and those that are to be tried once more."""

from datetime import timedelta
from typing import Any

from crossbook.alerts.records import DeadLetterQuery, Tries
from crossbook.alerts.store.notices import DELIVERIES_DUE
from crossbook.alerts.store.tables import Tables, WriteFailures, notify
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.data.postgres import Pool

MAX_REASONS = 100

# "at the last of 8 tries" is no reason of its own.
CHOSEN = """
FROM deliveries AS delivery JOIN alert_messages AS message ON message.id = delivery.message_id
WHERE delivery.state = 3
  AND (%(rule)s::text IS NULL OR message.rule = %(rule)s)
  AND (%(channel)s::text IS NULL OR delivery.channel_id = %(channel)s)
  AND (%(kind)s::text IS NULL OR split_part(delivery.destination, ':', 1) = %(kind)s)
  AND (%(reason)s::text IS NULL OR strpos(delivery.last_error, %(reason)s) > 0)
  AND (%(from)s::timestamptz IS NULL OR message.created_at >= %(from)s)
  AND (%(to)s::timestamptz IS NULL OR message.created_at < %(to)s)
  AND (%(alert)s::text IS NULL OR message.id IN (
    SELECT told.id FROM alert_messages AS told JOIN alerts AS alert
        ON told.alert_id = alert.id OR told.group_id = alert.group_id
    WHERE alert.id = %(alert)s))
"""
COUNT = f"""
SELECT split_part(delivery.destination, ':', 1) AS kind,
       regexp_replace(delivery.last_error, ', at the last of [0-9]+ tries$', '') AS reason,
       count(*), min(message.created_at), max(message.created_at)
{CHOSEN}
GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT {MAX_REASONS}
"""
REDRIVE = f"""
UPDATE deliveries SET state = 1, due_at = clock_timestamp(), due_from = clock_timestamp(), tries_left = %(tries)s,
    tries_until = clock_timestamp() + %(span)s
WHERE state = 3 AND (message_id, channel_id) IN (SELECT delivery.message_id, delivery.channel_id {CHOSEN})
"""


class DeadLetterStore(Tables):
    """They stay until their alert or group is forgotten."""

    def __init__(self, pool: Pool, failures: WriteFailures, tries: Tries) -> None:
        super().__init__(pool, failures)
        self._tries = tries

    async def count(self, query: DeadLetterQuery) -> list[pb.DeadLetters]:
        """By kind and reason, the most frequent first."""
        return [_dead_letters(*row) for row in await self._rows(COUNT, _values(query))]

    async def redrive(self, query: DeadLetterQuery) -> int:
        """Makes them pending again, with all their tries; how many."""
        values = {**_values(query), "tries": self._tries.least, "span": timedelta(seconds=self._tries.seconds)}
        async with self._transaction() as connection:
            cursor = await connection.execute(REDRIVE, values)
            await notify(connection, DELIVERIES_DUE)
        return cursor.rowcount


def _values(query: DeadLetterQuery) -> dict[str, Any]:
    return {
        "alert": query.alert,
        "rule": query.rule,
        "channel": query.channel,
        "kind": query.kind,
        "reason": query.reason,
        "from": query.from_time,
        "to": query.to_time,
    }


def _dead_letters(kind: str, reason: str, count: int, first: Any, last: Any) -> pb.DeadLetters:
    found = pb.DeadLetters(kind=kind, reason=reason, count=count)
    found.first_fire_time.FromDatetime(first)
    found.last_fire_time.FromDatetime(last)
    return found
