"""The alerts that fired: written once for a cause and a cooldown, listed, forgotten, and told when theirs closed."""

import builtins
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from crossbook.alerts.channels.registry import destination_of
from crossbook.alerts.names import ALERTS
from crossbook.alerts.records import PENDING, AlertQuery, Earlier, Tries, alert_from
from crossbook.alerts.rules import cooldown_ns
from crossbook.alerts.store.notices import FIRED
from crossbook.alerts.store.tables import Tables, WriteFailures, notify, stored
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.plumbing.data.postgres import Connection, Pool
from crossbook.plumbing.errors import NotFoundError
from crossbook.plumbing.timestamps import SECOND_NS

# One that seems to have fired later than now was written before a clock was set back: by no more than a little, or a
# cooldown if that is less, may it hold anything back, and it counts as of now. A rule without a cooldown has none then.
EARLIER_ALERT = """
SELECT cause, greatest(extract(epoch FROM clock_timestamp() - fired_at), 0)::float8
FROM alerts
WHERE rule = %(rule)s AND (
    cause = %(cause)s
    OR asset = %(asset)s AND buy_venue = %(buy)s AND sell_venue = %(sell)s
       AND fired_at > clock_timestamp() - %(cooldown)s
       AND fired_at < clock_timestamp() + least(%(cooldown)s, interval '10 seconds')
)
ORDER BY cause = %(cause)s DESC, fired_at DESC
LIMIT 1
"""
INSERT_ALERT = """
INSERT INTO alerts (id, rule, cause, asset, buy_venue, sell_venue, opportunity, closed_at, peak_percent)
VALUES (%(id)s, %(rule)s, %(cause)s, %(asset)s, %(buy)s, %(sell)s, %(opportunity)s, %(closed_at)s, %(peak)s)
RETURNING fired_at
"""
INSERT_MESSAGE = """
INSERT INTO alert_messages (id, rule, alert_id, group_key, created_at)
VALUES (%(id)s, %(rule)s, %(id)s, %(id)s, %(fired_at)s)
"""
INSERT_DELIVERY = """
INSERT INTO deliveries (message_id, channel_id, position, channel, destination, tries_left, tries_until)
VALUES (%s, %s, %s, %s, %s, %s, clock_timestamp() + %s)
"""
LIST_ALERTS = """
SELECT id, rule, opportunity, fired_at, closed_at, group_id, trouble
FROM alerts
WHERE (%(rule)s::text IS NULL OR rule = %(rule)s)
  AND (%(assets)s::text[] IS NULL OR asset = ANY(%(assets)s))
  AND (%(venues)s::text[] IS NULL OR buy_venue = ANY(%(venues)s) OR sell_venue = ANY(%(venues)s))
  AND (%(from)s::timestamptz IS NULL OR fired_at >= %(from)s)
  AND (%(to)s::timestamptz IS NULL OR fired_at < %(to)s)
  AND (%(before)s::timestamptz IS NULL OR (fired_at, id) < (%(before)s, %(before_id)s))
ORDER BY fired_at DESC, id DESC
LIMIT %(limit)s
"""
GET_ALERT = "SELECT id, rule, opportunity, fired_at, closed_at, group_id, trouble FROM alerts WHERE id = %s"
FORGET_ALERTS = """
DELETE FROM alerts WHERE id = ANY(ARRAY(
    SELECT id FROM alerts AS alert
    WHERE fired_at < clock_timestamp() - %(age)s
      AND fired_at < (SELECT fired_at FROM alerts ORDER BY fired_at DESC LIMIT 1 OFFSET %(kept)s - 1)
      AND group_id IS NULL
      AND NOT EXISTS (
          SELECT 1 FROM deliveries JOIN alert_messages AS message ON message.id = message_id
          WHERE message.alert_id = alert.id AND deliveries.state = 1)
    ORDER BY fired_at LIMIT %(limit)s))
"""
# Of an alert in a group: of the group's newest message for each channel.
LIST_DELIVERIES = """
SELECT * FROM (
    SELECT DISTINCT ON (alert.id, channel_id)
        alert.id, channel_id, deliveries.state, attempts, last_error, delivered_at, position
    FROM alerts AS alert
        JOIN alert_messages AS message ON message.alert_id = alert.id OR message.group_id = alert.group_id
        JOIN deliveries ON message_id = message.id
    WHERE alert.id = ANY(%s)
    ORDER BY alert.id, channel_id, revision DESC
) AS newest ORDER BY id, position
"""
# What opens again under the same id is open.
NOTE_CLOSINGS = """
UPDATE alerts SET closed_at = closing.closed_at
FROM unnest(%s::text[], %s::timestamptz[]) AS closing (cause, closed_at)
WHERE alerts.cause = closing.cause AND alerts.closed_at IS DISTINCT FROM closing.closed_at
"""


class AlertStore(Tables):
    """One at a time per rule and pair."""

    def __init__(self, pool: Pool, failures: WriteFailures, tries: Tries) -> None:
        super().__init__(pool, failures)
        self._tries = tries

    async def fire(
        self, rule: pb.AlertRule, found: arbitrage_pb2.Opportunity, cause: str, closed_ns: int | None
    ) -> pb.Alert | Earlier:
        """Writes the alert and its deliveries, or tells which alert came before."""
        values: dict[str, Any] = {
            "id": secrets.token_hex(16),
            "rule": rule.name,
            "cause": cause,
            "asset": found.asset,
            "buy": found.buy.venue,
            "sell": found.sell.venue,
            "cooldown": timedelta(microseconds=cooldown_ns(rule) // 1000),
            "opportunity": stored(found),
            "peak": found.peak_net_percent,
            "closed_at": _moment(closed_ns),
        }
        with self._failures.remembering("alerts"):
            async with self._transaction() as connection:
                return await self._fire(connection, rule, found, values)

    async def _fire(
        self, connection: Connection, rule: pb.AlertRule, found: arbitrage_pb2.Opportunity, values: dict[str, Any]
    ) -> pb.Alert | Earlier:
        key = "|".join(("crossbook.fire", rule.name, found.asset, found.buy.venue, found.sell.venue))
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (key,))
        earlier = await (await connection.execute(EARLIER_ALERT, values)).fetchone()
        if earlier is not None:
            return Earlier(cause=earlier[0], age_seconds=earlier[1])
        row = await (await connection.execute(INSERT_ALERT, values)).fetchone()
        assert row is not None
        await connection.execute(INSERT_MESSAGE, {**values, "fired_at": row[0]})
        await self._insert_deliveries(connection, values["id"], rule.channels)
        await notify(connection, FIRED + values["id"])
        alert = alert_from((values["id"], rule.name, {}, row[0], values["closed_at"], None, None))
        alert.opportunity.CopyFrom(found)
        alert.deliveries.extend(pb.Delivery(channel_id=channel.id, state=PENDING) for channel in rule.channels)
        return alert

    async def _insert_deliveries(
        self, connection: Connection, alert_id: str, channels: Iterable[pb.AlertChannel]
    ) -> None:
        span = timedelta(seconds=self._tries.seconds)
        async with connection.cursor() as cursor:
            await cursor.executemany(
                INSERT_DELIVERY,
                [
                    (alert_id, channel.id, index, stored(channel), destination_of(channel), self._tries.least, span)
                    for index, channel in enumerate(channels)
                ],
            )

    async def note_closings(self, closings: Mapping[str, int | None]) -> None:
        """When the opportunities of these ids closed, in ns; None for one that is open."""
        moments = [_moment(closed_ns) for closed_ns in closings.values()]
        await self._execute(NOTE_CLOSINGS, ([*closings], moments))

    async def list(self, query: AlertQuery, limit: int) -> builtins.list[pb.Alert]:
        """Newest first, with their deliveries."""
        before, before_id = query.before or (None, None)
        values = {
            "rule": query.rule,
            "assets": list(query.assets) or None,
            "venues": list(query.venues) or None,
            "from": query.from_time,
            "to": query.to_time,
            "before": before,
            "before_id": before_id,
            "limit": limit,
        }
        return await self._with_deliveries([alert_from(row) for row in await self._rows(LIST_ALERTS, values)])

    async def get(self, alert_id: str) -> pb.Alert:
        """Raises NotFoundError."""
        rows = await self._rows(GET_ALERT, (alert_id,))
        if not rows:
            raise NotFoundError(ALERTS + alert_id)
        return (await self._with_deliveries([alert_from(rows[0])]))[0]

    async def forget(self, age_seconds: float, kept: int, limit: int) -> int:
        """Deletes at most `limit` alerts that are older, oldest first; never the newest, nor one still to deliver."""
        values = {"age": timedelta(seconds=age_seconds), "kept": kept, "limit": limit}
        return await self._execute(FORGET_ALERTS, values)

    async def _with_deliveries(self, alerts: builtins.list[pb.Alert]) -> builtins.list[pb.Alert]:
        by_id = {alert.name.removeprefix(ALERTS): alert for alert in alerts}
        for alert_id, channel_id, state, attempts, error, delivered_at, _ in await self._rows(
            LIST_DELIVERIES, (list(by_id),)
        ):
            delivery = by_id[alert_id].deliveries.add(
                channel_id=channel_id, state=state, attempts=attempts, last_error=error
            )
            if delivered_at is not None:
                delivery.delivery_time.FromDatetime(delivered_at)
        return alerts


def _moment(at_ns: int | None) -> datetime | None:
    return None if at_ns is None else datetime.fromtimestamp(at_ns / SECOND_NS, UTC)
