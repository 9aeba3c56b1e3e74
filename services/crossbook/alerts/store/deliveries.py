"""The outbox: what is to be sent where, claimed by one replica at a time, destination by destination.

A claim first locks the destinations that it looks at, each by one replica alone, and then, with what all others have
written by that, takes of each what there is room for: so a bucket is never overdrawn, and people get one thing at a
time. One that is paused is left alone by every replica. What was told to wait at a time that is still to come was told
so before the server's clock was set back: it waits no longer.
"""

import secrets
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from crossbook.alerts.channels.registry import pace_of
from crossbook.alerts.names import MESSAGES
from crossbook.alerts.pacing import DIGEST_FROM, EXPIRED_FROM, Room, Waiting, trip_seconds
from crossbook.alerts.records import DELIVERED, Aftermath, ClaimedDelivery, Ending, claimed_from
from crossbook.alerts.store.tables import Tables
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.data.postgres import Connection

SKEW = "interval '10 seconds'"  # what a clock may be set back by without a word
BUCKET_SKEW_SECONDS = 3_600.0  # no bucket is so far from full

# The destinations that have anything to send are found one by one in the index, however much each of them has.
KNOWN = """
WITH RECURSIVE known AS (
    (SELECT destination FROM deliveries WHERE state = 1 ORDER BY destination LIMIT 1)
    UNION ALL
    SELECT (SELECT destination FROM deliveries WHERE state = 1 AND destination > known.destination
            ORDER BY destination LIMIT 1)
    FROM known WHERE known.destination IS NOT NULL
)
"""
NEW = f"""
{KNOWN}
INSERT INTO delivery_destinations (destination) SELECT destination FROM known WHERE destination IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM delivery_destinations AS one WHERE one.destination = known.destination)
ON CONFLICT DO NOTHING
"""
WAITING = f"""
{KNOWN}, locked AS MATERIALIZED (
    SELECT destination, greatest(0, extract(epoch FROM full_at - clock_timestamp()))::float8 AS ahead, failures
    FROM delivery_destinations AS one
    WHERE destination IN (SELECT destination FROM known WHERE destination IS NOT NULL) AND NOT EXISTS (
        SELECT 1 FROM delivery_pauses AS pause
        WHERE pause.destination IN (one.destination, split_part(one.destination, ':', 1) || ':*')
          AND until > clock_timestamp() AND paused_at < clock_timestamp() + {SKEW})
    ORDER BY destination FOR UPDATE SKIP LOCKED
)
SELECT destination, ahead, failures, (
    SELECT count(*) FROM (
        SELECT 1 FROM deliveries WHERE state = 1 AND destination = locked.destination
            AND (due_at <= clock_timestamp() OR due_from > clock_timestamp() + {SKEW})
        LIMIT {DIGEST_FROM}) AS due), EXISTS (
    SELECT 1 FROM deliveries WHERE state = 1 AND destination = locked.destination AND claim IS NOT NULL
        AND due_at > clock_timestamp() AND due_from <= clock_timestamp() + {SKEW})
FROM locked
"""
# Of a key, where the kind goes by keys, only the newest that waits.
CLAIM = f"""
WITH open AS (
    SELECT * FROM unnest(%(destinations)s::text[], %(most)s::int[], %(keyed)s::bool[])
        AS open (destination, most, is_keyed)
), due AS (
    SELECT pick.message_id, pick.channel_id, open.destination FROM open CROSS JOIN LATERAL (
        SELECT message_id, channel_id, due_at FROM deliveries
        WHERE state = 1 AND destination = open.destination
          AND (due_at <= clock_timestamp() OR due_from > clock_timestamp() + {SKEW})
          AND NOT (open.is_keyed AND EXISTS (
            SELECT 1 FROM alert_messages AS mine
                JOIN alert_messages AS other ON other.group_id = mine.group_id AND other.revision > mine.revision
                JOIN deliveries AS theirs ON theirs.message_id = other.id
                    AND theirs.channel_id = deliveries.channel_id AND theirs.state = 1
            WHERE mine.id = deliveries.message_id))
        ORDER BY due_at, message_id LIMIT open.most
        FOR UPDATE SKIP LOCKED
    ) AS pick
)
UPDATE deliveries AS delivery
SET attempts = attempts + 1, tries_left = tries_left - 1, due_at = clock_timestamp() + %(lease)s,
    due_from = clock_timestamp(), claim = %(claim)s
FROM due JOIN alert_messages AS message ON message.id = due.message_id
    LEFT JOIN alert_groups ON alert_groups.id = message.group_id
    LEFT JOIN alerts AS alert ON alert.id = message.alert_id
    LEFT JOIN delivery_shown AS shown ON shown.destination = due.destination AND shown.group_key = message.group_key
WHERE delivery.message_id = due.message_id AND delivery.channel_id = due.channel_id
RETURNING delivery.channel_id, delivery.channel, delivery.attempts,
          delivery.tries_until <= now() AND (delivery.tries_left <= 0 OR coalesce(
            (SELECT failures FROM delivery_destinations AS one WHERE one.destination = delivery.destination), 0)
            >= {EXPIRED_FROM}),
          delivery.claim, delivery.destination, shown.revision, shown.ids, shown.is_whole,
          message.id, message.rule, message.group_key, message.revision, message.kind, message.group_then,
          message.created_at, alert_groups.token,
          alert.id, alert.rule, alert.opportunity, alert.fired_at, alert.closed_at, alert.group_id, alert.trouble
"""
SPEND = """
UPDATE delivery_destinations AS one
SET full_at = greatest(least(full_at, clock_timestamp() + %(skew)s), clock_timestamp()) + spent.seconds
FROM unnest(%(destinations)s::text[], %(spent)s::interval[]) AS spent (destination, seconds)
WHERE one.destination = spent.destination
"""
# A try that does not count is given back, with the time that it took. What a limit turned away is due since it was
# made, or since now if the clock was set back since: the destination's pause holds it, and it keeps its place before
# what is newer.
FINISH = """
UPDATE deliveries
SET state = %(state)s, last_error = %(error)s, claim = NULL,
    due_at = CASE WHEN %(keeps_place)s
        THEN least(clock_timestamp(), (SELECT created_at FROM alert_messages WHERE id = message_id))
        ELSE clock_timestamp() + %(delay)s END,
    due_from = clock_timestamp(),
    attempts = attempts - %(given_back)s, tries_left = tries_left + %(given_back)s,
    tries_until = tries_until + %(given_back)s * %(delay)s,
    delivered_at = CASE WHEN %(state)s = 2 THEN clock_timestamp() END,
    channel = CASE WHEN %(state)s = 2 THEN NULL ELSE channel END
WHERE message_id = %(message)s AND channel_id = %(channel)s AND claim = %(claim)s
"""
# Why it was not told, or not yet: given up, or the destination takes no more for now.
NOTE = """
INSERT INTO alert_suppressions (rule, cause, group_id, reason, by, asset, venues, detail)
SELECT message.rule, coalesce(alert.cause, ''), coalesce(message.group_id, ''), %(reason)s, %(channel)s,
    coalesce(alert.asset, alert_groups.asset, ''), array_remove(ARRAY[alert.buy_venue, alert.sell_venue], NULL),
    %(error)s
FROM alert_messages AS message LEFT JOIN alerts AS alert ON alert.id = message.alert_id
    LEFT JOIN alert_groups ON alert_groups.id = message.group_id
WHERE message.id = %(message)s
ON CONFLICT (rule, cause, group_id, reason, by) DO UPDATE
SET count = alert_suppressions.count + 1, last_at = clock_timestamp(), detail = excluded.detail
"""
SUPERSEDE = """
UPDATE deliveries AS older
SET state = 2, last_error = 'a newer message took its place', claim = NULL, delivered_at = clock_timestamp(),
    channel = NULL
FROM alert_messages AS newest JOIN alert_messages AS old
    ON old.group_id = newest.group_id AND old.revision < newest.revision
WHERE newest.id = %(message)s AND older.message_id = old.id AND older.channel_id = %(channel)s AND older.state = 1
"""
SHOW = """
INSERT INTO delivery_shown (destination, group_key, revision, ids, is_whole) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (destination, group_key) DO UPDATE
SET revision = excluded.revision, ids = excluded.ids, is_whole = excluded.is_whole, shown_at = excluded.shown_at
"""
REACHED = "UPDATE delivery_destinations SET failures = 0 WHERE destination = %s AND failures > 0"
MISSED = "UPDATE delivery_destinations SET failures = failures + 1 WHERE destination = %s RETURNING failures"
EXPIRE = """
UPDATE deliveries SET state = 3, last_error = %s
WHERE state = 1 AND destination = %s AND claim IS NULL AND tries_until <= clock_timestamp()
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

Plan = Callable[[Sequence[Waiting]], Mapping[str, Room]]


class DeliveryStore(Tables):
    """Claims, ends and pauses."""

    async def claim(self, plan: Plan, lease_seconds: float) -> list[list[ClaimedDelivery]]:
        """Takes due deliveries until the lease ends: each alone, or those of a destination together as a digest."""
        with self._failures.remembering("claims of deliveries"):
            async with self._transaction() as connection:
                await connection.execute(NEW)
                rows = await (await connection.execute(WAITING)).fetchall()
                rooms = plan([Waiting(*row) for row in rows]) if rows else {}
                if not rooms:
                    return []
                values = {"lease": timedelta(seconds=lease_seconds), "claim": secrets.token_hex(16), **_arrays(rooms)}
                taken = [claimed_from(row) for row in await (await connection.execute(CLAIM, values)).fetchall()]
                batches = _batches(taken, rooms)
                await _spend(connection, _cost(batches, rooms))
                return batches

    async def finish(self, endings: Sequence[tuple[ClaimedDelivery, Ending]], after: Aftermath) -> list[bool]:
        """Records how one try ended, of one delivery or of all in a digest; False for each whose lease was lost."""
        with self._failures.remembering("ends of deliveries"):
            async with self._transaction() as connection:
                are_ours = [await _finish(connection, claimed, ending) for claimed, ending in endings]
                if any(are_ours):
                    await _follow_up(connection, endings[0][0], after)
                return are_ours

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

    async def forget_destinations(self, age_seconds: float, limit: int) -> None:
        """What stands where nothing was shown for so long, and destinations that are idle; `limit` of each at most."""
        await self._execute(
            "DELETE FROM delivery_shown WHERE (destination, group_key) IN (SELECT destination, group_key "
            "FROM delivery_shown WHERE shown_at < now() - %s ORDER BY shown_at LIMIT %s)",
            (timedelta(seconds=age_seconds), limit),
        )
        await self._execute(
            "DELETE FROM delivery_destinations WHERE destination IN (SELECT destination "
            "FROM delivery_destinations AS one WHERE full_at < now() - %s AND NOT EXISTS (SELECT 1 FROM deliveries "
            "WHERE state = 1 AND destination = one.destination) LIMIT %s FOR UPDATE SKIP LOCKED)",
            (timedelta(seconds=age_seconds), limit),
        )


def _arrays(rooms: Mapping[str, Room]) -> dict[str, Any]:
    return {
        "destinations": list(rooms),
        "most": [room.most for room in rooms.values()],
        "keyed": [room.is_keyed for room in rooms.values()],
    }


def _batches(taken: Sequence[ClaimedDelivery], rooms: Mapping[str, Room]) -> list[list[ClaimedDelivery]]:
    """Oldest first; a digest of one is none."""
    by_destination: dict[str, list[ClaimedDelivery]] = defaultdict(list)
    for claimed in sorted(taken, key=lambda one: (one.message.create_time.ToNanoseconds(), one.message.revision)):
        by_destination[claimed.destination].append(claimed)
    return [
        batch
        for destination, all_of_it in by_destination.items()
        for batch in ([all_of_it] if rooms[destination].is_digest else [[one] for one in all_of_it])
    ]


def _cost(batches: Sequence[list[ClaimedDelivery]], rooms: Mapping[str, Room]) -> dict[str, float]:
    """In seconds of their buckets."""
    spent: dict[str, float] = defaultdict(float)
    for batch in batches:
        spent[batch[0].destination] += rooms[batch[0].destination].spacing_seconds
    return {destination: seconds for destination, seconds in spent.items() if seconds}


async def _spend(connection: Connection, cost: Mapping[str, float]) -> None:
    values = {
        "destinations": list(cost),
        "spent": [timedelta(seconds=seconds) for seconds in cost.values()],
        "skew": timedelta(seconds=BUCKET_SKEW_SECONDS),
    }
    if cost:
        await connection.execute(SPEND, values)


async def _finish(connection: Connection, claimed: ClaimedDelivery, ending: Ending) -> bool:
    values = {
        "state": ending.state,
        "error": ending.error,
        "delay": timedelta(seconds=ending.delay_seconds),
        "given_back": int(not ending.is_counted),
        "keeps_place": ending.keeps_place,
        "message": claimed.message.name.removeprefix(MESSAGES),
        "channel": claimed.channel.id,
        "claim": claimed.claim,
    }
    is_ours = (await connection.execute(FINISH, values)).rowcount > 0
    if is_ours and (reason := _reason(ending)):
        await connection.execute(NOTE, {**values, "reason": reason})
    if is_ours and ending.supersedes and ending.state == DELIVERED:
        await connection.execute(SUPERSEDE, values)
    return is_ours


def _reason(ending: Ending) -> pb.SuppressionReason.ValueType | None:
    if ending.keeps_place:
        return pb.SUPPRESSION_REASON_BUDGET
    return pb.SUPPRESSION_REASON_FAILED_DELIVERY if ending.state == pb.DELIVERY_STATE_FAILED else None


async def _follow_up(connection: Connection, claimed: ClaimedDelivery, after: Aftermath) -> None:
    """What the try says of its destination, and of what stands there."""
    destination, shown = claimed.destination, after.shown
    if shown is not None:
        key = claimed.message.group_key
        await connection.execute(SHOW, (destination, key, shown.revision, list(shown.ids), shown.is_whole))
    pace = pace_of(destination.partition(":")[0])
    if pace is not None and after.parts > 1:  # the claim paid for one
        await _spend(connection, {destination: (after.parts - 1) * pace.spacing_seconds})
    pause = after.pause_seconds
    if after.is_reached:
        await connection.execute(REACHED, (destination,))
    elif after.is_reached is False:
        row = await (await connection.execute(MISSED, (destination,))).fetchone()
        failures = int(row[0]) if row else 0
        pause = max(pause, trip_seconds(failures))
        if failures >= EXPIRED_FROM:
            await connection.execute(EXPIRE, (f"{after.reason}, as for all that goes there", destination))
    if pause > 0:
        paused = f"{destination.partition(':')[0]}:*" if after.pauses_kind else destination
        await connection.execute(PAUSE, (paused, timedelta(seconds=pause)))
