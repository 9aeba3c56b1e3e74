"""The alerts that fired: written once for a cause and a cooldown, listed, forgotten, and told when theirs closed."""

import builtins
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from crossbook.alerts.channels.registry import destination_of
from crossbook.alerts.groups.grouping import group_key, is_grouped, timing_of
from crossbook.alerts.holding.hold_back import HeldBack, HoldBack, holding_back
from crossbook.alerts.match import Match
from crossbook.alerts.names import ALERTS, GROUPS, reason_word
from crossbook.alerts.records import PENDING, AlertQuery, Earlier, Tries, alert_from
from crossbook.alerts.rules import cooldown_ns
from crossbook.alerts.store.notices import FIRED
from crossbook.alerts.store.silences import ACTIVE, silence_from
from crossbook.alerts.store.suppressions import Note, write_notes
from crossbook.alerts.store.tables import GROUP_CHANGED, Tables, WriteFailures, notify, stored
from crossbook.pb.v1 import alerts_pb2 as pb
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
INSERT INTO alerts (
    id, rule, cause, asset, buy_venue, sell_venue, opportunity, closed_at, peak_percent, group_id, trouble)
VALUES (
    %(id)s, %(rule)s, %(cause)s, %(asset)s, %(buy)s, %(sell)s, %(opportunity)s, %(closed_at)s, %(peak)s, %(group)s,
    %(trouble)s)
RETURNING fired_at
"""
OPEN_GROUP = """
SELECT id, revision, key FROM alert_groups
WHERE rule = %(rule)s AND state = 1 AND (key = %(key)s OR key LIKE ANY(%(alike)s::text[]))
ORDER BY key = %(key)s DESC, opened_at, id LIMIT 1
FOR UPDATE
"""
CREATE_GROUP = """
INSERT INTO alert_groups (id, rule, key, label, token, asset, venue, reason, due_at)
VALUES (%(group)s, %(rule)s, %(key)s, %(label)s, %(token)s, %(group_asset)s, %(venue)s, %(reason)s,
        clock_timestamp() + %(wait)s)
"""
# A group of which nobody could say which leg is off is named once somebody can.
JOIN_GROUP = f"""
UPDATE alert_groups SET {GROUP_CHANGED},
    key = CASE WHEN %(is_named)s THEN %(key)s ELSE key END,
    label = CASE WHEN %(is_named)s THEN %(label)s ELSE label END,
    venue = CASE WHEN %(is_named)s THEN %(venue)s ELSE venue END
WHERE id = %(group)s
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
  AND (%(cause)s::text IS NULL OR cause = %(cause)s)
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
# Of each rule and channel when it last took one of the rule's newest alerts, of which there may be a million.
LAST_TAKEN = f"""
SELECT wanted.rule, channel_id, max(delivered_at)
FROM unnest(%s::text[]) AS wanted (rule)
    CROSS JOIN LATERAL (
        SELECT id FROM alerts WHERE alerts.rule = wanted.rule AND asset = '' AND buy_venue = ''
            AND sell_venue = '{reason_word(pb.ALERT_REASON_CANARY)}:' ORDER BY fired_at DESC LIMIT 100) AS newest
    JOIN alert_messages AS message ON message.alert_id = newest.id
    JOIN deliveries ON message_id = message.id
WHERE deliveries.state = 2
GROUP BY wanted.rule, channel_id
"""
# What opens again under the same id is open. Rows are locked in one order, so that no two replicas wait for each other.
NOTE_CLOSINGS = f"""
WITH closing AS (
    SELECT * FROM unnest(%s::text[], %s::timestamptz[], %s::float8[]) AS closing (cause, closed_at, peak)
), locked AS (
    SELECT id FROM alerts WHERE cause IN (SELECT cause FROM closing) ORDER BY id FOR UPDATE
), changed AS (
    UPDATE alerts SET closed_at = closing.closed_at, peak_percent = greatest(peak_percent, closing.peak)
    FROM closing
    WHERE alerts.id IN (SELECT id FROM locked) AND alerts.cause = closing.cause
      AND alerts.closed_at IS DISTINCT FROM closing.closed_at
    RETURNING group_id
), locked_groups AS (
    SELECT id FROM alert_groups WHERE state = 1 AND id IN (SELECT group_id FROM changed) ORDER BY id FOR UPDATE
)
UPDATE alert_groups SET {GROUP_CHANGED}
WHERE id IN (SELECT id FROM locked_groups)
"""


class AlertStore(Tables):
    """One at a time per rule and pair; `hold_back` decides about alerts without a group."""

    def __init__(self, pool: Pool, failures: WriteFailures, tries: Tries, hold_back: HoldBack | None = None) -> None:
        super().__init__(pool, failures)
        self._tries = tries
        self.hold_back = hold_back or holding_back()

    async def fire(self, match: Match, closed_ns: int | None) -> pb.Alert | Earlier | HeldBack:
        """Writes the alert, and its deliveries or its place in a group; or tells what came before or holds it back."""
        values: dict[str, Any] = {
            "id": secrets.token_hex(16),
            "rule": match.rule.name,
            "cause": match.cause,
            "asset": match.asset,
            "buy": match.buy_venue,
            "sell": match.sell_venue,
            "cooldown": timedelta(microseconds=cooldown_ns(match.rule) // 1000),
            "opportunity": stored(match.opportunity),
            "peak": match.opportunity.peak_net_percent,
            "trouble": stored(match.trouble) if match.trouble else None,
            "closed_at": _moment(closed_ns),
            "group": None,
        }
        with self._failures.remembering("alerts"):
            async with self._transaction() as connection:
                return await self._fire(connection, match, values)

    async def _fire(
        self, connection: Connection, match: Match, values: dict[str, Any]
    ) -> pb.Alert | Earlier | HeldBack:
        await _lock(connection, "fire", match.rule.name, match.asset, match.buy_venue, match.sell_venue)
        has_group, joined = is_grouped(match.rule), None
        if has_group:
            joined = await _open_group(connection, match, values)
        earlier = await (await connection.execute(EARLIER_ALERT, values)).fetchone()
        if earlier is not None:
            return Earlier(cause=earlier[0], age_seconds=earlier[1])
        if not has_group and (held := await self._held_back(connection, match)):
            return held
        if has_group:
            await connection.execute(JOIN_GROUP if joined else CREATE_GROUP, values)
        row = await (await connection.execute(INSERT_ALERT, values)).fetchone()
        assert row is not None
        alert = alert_from((values["id"], match.rule.name, {}, row[0], values["closed_at"], values["group"], None))
        alert.opportunity.CopyFrom(match.opportunity)
        if match.trouble:
            alert.trouble.CopyFrom(match.trouble)
        if joined:
            await write_notes(connection, [_joined(match, values["group"], told=joined[1])])
        if not has_group:
            await connection.execute(INSERT_MESSAGE, {**values, "fired_at": row[0]})
            await self.deliver(connection, values["id"], match.rule.channels)
            alert.deliveries.extend(pb.Delivery(channel_id=one.id, state=PENDING) for one in match.rule.channels)
        await notify(connection, FIRED + values["id"])
        return alert

    async def _held_back(self, connection: Connection, match: Match) -> HeldBack | None:
        alert = pb.Alert(rule=match.rule.name, opportunity=match.opportunity)
        if match.trouble:
            alert.trouble.CopyFrom(match.trouble)
        row = await (await connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8")).fetchone()
        assert row is not None
        silences = [silence_from(one) for one in await (await connection.execute(ACTIVE)).fetchall()]
        held = self.hold_back(match.rule, [alert], silences, int(row[0] * SECOND_NS))
        if held is not None:
            await write_notes(connection, [note_of(match, held.reason, held.words, by=held.by)])
        return held

    async def note(self, notes: Sequence[Note]) -> None:
        """What was not told, and why."""
        async with self._transaction() as connection:
            await write_notes(connection, notes)

    async def deliver(self, connection: Connection, message_id: str, channels: Iterable[pb.AlertChannel]) -> None:
        """Writes a delivery of the message for each channel, within the caller's transaction."""
        span = timedelta(seconds=self._tries.seconds)
        async with connection.cursor() as cursor:
            await cursor.executemany(
                INSERT_DELIVERY,
                [
                    (message_id, channel.id, index, stored(channel), destination_of(channel), self._tries.least, span)
                    for index, channel in enumerate(channels)
                ],
            )

    async def note_closings(self, closings: Mapping[str, int | None], peaks: Mapping[str, float]) -> None:
        """When the opportunities of these ids closed, in ns, None for one that is open; and the highest net of each."""
        moments = [_moment(closed_ns) for closed_ns in closings.values()]
        await self._execute(NOTE_CLOSINGS, ([*closings], moments, [peaks.get(cause, 0.0) for cause in closings]))

    async def list(self, query: AlertQuery, limit: int) -> builtins.list[pb.Alert]:
        """Newest first, with their deliveries."""
        before, before_id = query.before or (None, None)
        values = {
            "rule": query.rule,
            "cause": query.cause,
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

    async def last_taken(self, rules: Sequence[str]) -> dict[tuple[str, str], datetime]:
        """By rule and channel when the channel last took one of the rule's newest 100 canaries."""
        found = await self._rows(LAST_TAKEN, (list(rules),))
        return {(rule, channel): taken_at for rule, channel, taken_at in found}

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


def note_of(match: Match, reason: pb.SuppressionReason.ValueType, detail: str, by: str = "") -> Note:
    """Why a match is not told."""
    venues = [venue for venue in (match.buy_venue, match.sell_venue if not match.trouble else "") if venue]
    return Note(reason, match.rule.name, match.cause, by=by, asset=match.asset, venues=venues, detail=detail)


def _joined(match: Match, group_id: str, told: int) -> Note:
    words = f"joined {GROUPS}{group_id}" + (f", last told with revision {told}" if told else ", which is told once")
    note = note_of(match, pb.SUPPRESSION_REASON_GROUPING, words)
    return replace(note, group_id=group_id)


async def _open_group(connection: Connection, match: Match, values: dict[str, Any]) -> tuple[str, int] | None:
    """The group that the match joins: no cooldown holds back what makes no message. None when it begins one."""
    found = group_key(match)
    await _lock(connection, "group", match.rule.name, found.kin)
    values |= {
        "key": found.key,
        "label": found.label,
        "token": secrets.token_urlsafe(16),
        "group_asset": found.asset,
        "venue": found.venue,
        "reason": found.reason,
        "alike": list(found.alike),
        "wait": timedelta(microseconds=timing_of(match.rule).wait_ns // 1000),
    }
    row = await (await connection.execute(OPEN_GROUP, values)).fetchone()
    values["group"] = row[0] if row else secrets.token_hex(16)
    if row:
        values |= {"cooldown": timedelta(), "is_named": found.venue != "" and row[2] != found.key}
    return (row[0], row[1]) if row else None


async def _lock(connection: Connection, *names: str) -> None:
    """Until the transaction's end."""
    key = "|".join(("crossbook", *names))
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (key,))
