"""The outbox: what is to be sent where, claimed by one replica at a time, destination by destination.

A destination has few places, so one that is slow or has a thousand deliveries waiting takes none from the others; one
that is paused is left alone by every replica. What was told to wait at a time that is still to come was told so before
the server's clock was set back: it waits no longer.
"""

import secrets
from collections.abc import Mapping
from datetime import timedelta

from crossbook.alerts.names import MESSAGES
from crossbook.alerts.records import ClaimedDelivery, Ending, claimed_from
from crossbook.alerts.store.tables import Tables

SKEW = "interval '10 seconds'"  # what a clock may be set back by without a word

# The destinations that have anything to send are found one by one in the index, however much each of them has.
CLAIM = f"""
WITH RECURSIVE known AS (
    (SELECT destination FROM deliveries WHERE state = 1 ORDER BY destination LIMIT 1)
    UNION ALL
    SELECT (SELECT destination FROM deliveries WHERE state = 1 AND destination > known.destination
            ORDER BY destination LIMIT 1)
    FROM known WHERE known.destination IS NOT NULL
), busy AS (
    SELECT * FROM unnest(%(busy)s::text[], %(places_taken)s::int[]) AS busy (destination, taken)
), open AS (
    SELECT known.destination, greatest(0, %(places)s - coalesce(busy.taken, 0)) AS places
    FROM known LEFT JOIN busy USING (destination)
    WHERE known.destination IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM delivery_pauses AS pause
        WHERE pause.destination = known.destination AND until > now() AND paused_at < now() + {SKEW})
), due AS (
    SELECT pick.message_id, pick.channel_id FROM open CROSS JOIN LATERAL (
        SELECT message_id, channel_id, due_at FROM deliveries
        WHERE state = 1 AND destination = open.destination AND (due_at <= now() OR due_from > now() + {SKEW})
        ORDER BY due_at LIMIT open.places
        FOR UPDATE SKIP LOCKED
    ) AS pick
    ORDER BY pick.due_at LIMIT %(limit)s
)
UPDATE deliveries AS delivery
SET attempts = attempts + 1, tries_left = tries_left - 1, due_at = now() + %(lease)s, due_from = now(),
    claim = %(claim)s
FROM due JOIN alert_messages AS message ON message.id = due.message_id
    LEFT JOIN alert_groups ON alert_groups.id = message.group_id
    LEFT JOIN alerts AS alert ON alert.id = message.alert_id
WHERE delivery.message_id = due.message_id AND delivery.channel_id = due.channel_id
RETURNING delivery.channel_id, delivery.channel, delivery.attempts,
          delivery.tries_left <= 0 AND delivery.tries_until <= now(), delivery.claim, delivery.destination,
          message.id, message.rule, message.group_key, message.revision, message.kind, message.group_then,
          message.created_at, alert_groups.token,
          alert.id, alert.rule, alert.opportunity, alert.fired_at, alert.closed_at, alert.group_id, alert.trouble
"""
# A try that does not count is given back, with the time that it took.
FINISH = """
UPDATE deliveries
SET state = %(state)s, last_error = %(error)s, claim = NULL, due_at = clock_timestamp() + %(delay)s,
    due_from = clock_timestamp(),
    attempts = attempts - %(given_back)s, tries_left = tries_left + %(given_back)s,
    tries_until = tries_until + %(given_back)s * %(delay)s,
    delivered_at = CASE WHEN %(state)s = 2 THEN clock_timestamp() END,
    channel = CASE WHEN %(state)s = 2 THEN NULL ELSE channel END
WHERE message_id = %(message)s AND channel_id = %(channel)s AND claim = %(claim)s
"""
PAUSE = """
INSERT INTO delivery_pauses (destination, until) VALUES (%s, clock_timestamp() + %s)
ON CONFLICT (destination) DO UPDATE SET until = excluded.until, paused_at = excluded.paused_at
"""
RELEASE = """
UPDATE deliveries SET claim = NULL, due_at = clock_timestamp(), due_from = clock_timestamp(), attempts = attempts - 1,
    tries_left = tries_left + 1
WHERE message_id = %s AND channel_id = %s AND claim = %s
"""


class DeliveryStore(Tables):
    """Claims, ends and pauses."""

    async def claim(
        self, limit: int, places: int, taken: Mapping[str, int], lease_seconds: float
    ) -> list[ClaimedDelivery]:
        """Takes due deliveries until the lease ends; as many of a destination as it has places left."""
        values = {
            "limit": limit,
            "places": places,
            "busy": list(taken),
            "places_taken": list(taken.values()),
            "lease": timedelta(seconds=lease_seconds),
            "claim": secrets.token_hex(16),
        }
        with self._failures.remembering("claims of deliveries"):
            rows = await self._rows(CLAIM, values)
        return [claimed_from(row) for row in rows]

    async def finish(self, claimed: ClaimedDelivery, ending: Ending) -> bool:
        """Records how a try ended; False when the lease was lost to another."""
        values = {
            "state": ending.state,
            "error": ending.error,
            "delay": timedelta(seconds=ending.delay_seconds),
            "given_back": int(not ending.is_counted),
            "message": claimed.message.name.removeprefix(MESSAGES),
            "channel": claimed.channel.id,
            "claim": claimed.claim,
        }
        with self._failures.remembering("ends of deliveries"):
            async with self._transaction() as connection:
                if ending.pauses_destination:
                    await connection.execute(PAUSE, (claimed.destination, values["delay"]))
                return (await connection.execute(FINISH, values)).rowcount > 0

    async def release(self, claimed: ClaimedDelivery) -> None:
        """Gives a delivery back untried."""
        message_id = claimed.message.name.removeprefix(MESSAGES)
        await self._execute(RELEASE, (message_id, claimed.channel.id, claimed.claim))

    async def count_pending(self) -> int:
        """Deliveries that wait; the query that shows that the database works."""
        rows = await self._rows("SELECT count(*) FROM deliveries WHERE state = 1", ())
        return int(rows[0][0])

    async def forget_pauses(self) -> None:
        """Those that are over, or of a clock that has been set back since."""
        await self._execute(f"DELETE FROM delivery_pauses WHERE until < now() OR paused_at > now() + {SKEW}", ())
