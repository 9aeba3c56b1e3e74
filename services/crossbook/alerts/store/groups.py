"""Groups of alerts: members join and close, and what is to be said next is decided and written in one transaction.

Everything about a group happens under the lock of its row. So a group is told by one replica at a time, each revision
once, and a crash before the commit leaves it due; a silence that is in force when a message is made holds it back.
"""

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.json_format import ParseDict

from crossbook.alerts.groups.steps import Facts, Step
from crossbook.alerts.names import GROUPS
from crossbook.alerts.records import alert_from
from crossbook.alerts.store.notices import DELIVERIES_DUE
from crossbook.alerts.store.silences import ACTIVE, silence_from
from crossbook.alerts.store.suppressions import Note, write_notes
from crossbook.alerts.store.tables import GROUP_CHANGED, Tables, WriteFailures, notify, stored
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.data.postgres import Connection, Pool
from crossbook.plumbing.errors import NotFoundError
from crossbook.plumbing.timestamps import SECOND_NS

SHOWN_MEMBERS = 50
GROUP_COLUMNS = (
    "id, rule, label, asset, venue, reason, state, revision, escalated, opened_at, closed_at, changed_at, "
    "first_told_at, told_at, repeated_at, held_back, acknowledgement, acknowledged_until"
)
DUE = f"""
SELECT {GROUP_COLUMNS}, clock_timestamp() FROM alert_groups
WHERE due_at <= clock_timestamp() OR (due_at IS NOT NULL AND due_from > clock_timestamp() + interval '10 seconds')
ORDER BY due_at LIMIT 1
FOR UPDATE SKIP LOCKED
"""
COUNTS = """
SELECT count(*), count(*) FILTER (WHERE closed_at IS NULL), max(closed_at), coalesce(max(peak_percent), 0)
FROM alerts WHERE group_id = %s
"""
MEMBERS = """
SELECT id, rule, opportunity, fired_at, closed_at, group_id, trouble, peak_percent FROM alerts WHERE group_id = %s
ORDER BY closed_at IS NOT NULL, peak_percent DESC, id LIMIT %s
"""
# The last group of the same thing that was told, and from when to when it was open.
TOLD_BEFORE = """
SELECT one.id, one.closed_at, coalesce(
    (SELECT min((opportunity->>'open_time')::timestamptz) FROM alerts WHERE group_id = one.id), one.opened_at)
FROM alert_groups AS this JOIN alert_groups AS one ON one.rule = this.rule AND one.key = this.key
WHERE this.id = %s AND one.id <> this.id AND one.state = 2 AND one.revision > 0 AND one.closed_at IS NOT NULL
ORDER BY one.opened_at DESC LIMIT 1
"""
TELL = """
INSERT INTO alert_messages (id, rule, group_id, group_key, revision, kind, group_then)
VALUES (%(message)s, %(rule)s, %(id)s, %(id)s, %(revision)s, %(kind)s, %(group_then)s)
"""
AFTER_TOLD = """
UPDATE alert_groups SET revision = %(revision)s, told_at = clock_timestamp(), changed_at = NULL,
    first_told_at = coalesce(first_told_at, clock_timestamp())
WHERE id = %(id)s
"""
# What was noted by a clock that has been set back since counts from now on, and from one now: from the now of each look
# it would be waited for anew until the old clock's time.
NOT_AHEAD = ", ".join(
    f"{column} = CASE WHEN {column} > clock_timestamp() THEN clock_timestamp() ELSE {column} END"
    for column in ("opened_at", "first_told_at", "told_at", "changed_at")
)
AFTER_STEP = f"""
UPDATE alert_groups SET {NOT_AHEAD}, state = CASE WHEN %(is_closed)s THEN 2 ELSE state END,
    closed_at = CASE WHEN %(is_closed)s THEN %(closed_at)s ELSE closed_at END,
    due_at = %(due_at)s, due_from = clock_timestamp(), held_back = %(held_back)s, escalated = %(escalated)s,
    repeated_at = CASE WHEN %(is_repeated)s OR repeated_at > clock_timestamp() THEN clock_timestamp()
                       ELSE repeated_at END
WHERE id = %(id)s
"""
ACKNOWLEDGE = f"""
UPDATE alert_groups SET acknowledgement = %(said)s, acknowledged_until = %(until)s, {GROUP_CHANGED}
WHERE id = %(id)s AND state = 1 RETURNING {GROUP_COLUMNS}
"""
LIST = f"""
SELECT {GROUP_COLUMNS} FROM alert_groups
WHERE (%(rule)s::text IS NULL OR rule = %(rule)s) AND (NOT %(open_only)s OR state = 1)
  AND (%(assets)s::text[] IS NULL OR asset = ANY(%(assets)s))
  AND (%(venues)s::text[] IS NULL OR venue = ANY(%(venues)s))
  AND (%(before)s::timestamptz IS NULL OR (opened_at, id) < (%(before)s, %(before_id)s))
ORDER BY opened_at DESC, id DESC LIMIT %(limit)s
"""
GET = f"SELECT {GROUP_COLUMNS} FROM alert_groups WHERE id = %s"
TOLD = """
SELECT DISTINCT ON (channel_id) channel_id, deliveries.state, attempts, last_error, delivered_at
FROM alert_messages AS message JOIN deliveries ON message_id = message.id
WHERE message.group_id = %s ORDER BY channel_id, revision DESC
"""
OPEN_MEMBERS = """
SELECT rule, cause, asset FROM alerts
WHERE group_id IS NOT NULL AND closed_at IS NULL AND trouble IS NULL
  AND (fired_at < clock_timestamp() - %s OR fired_at > clock_timestamp() + interval '10 seconds')
ORDER BY fired_at LIMIT %s
"""
OPEN_TROUBLES = "SELECT cause FROM alerts WHERE rule = %s AND group_id IS NOT NULL AND closed_at IS NULL"
FORGET = """
WITH old AS (
    SELECT id FROM alert_groups AS one WHERE state = 2 AND opened_at < clock_timestamp() - %(age)s AND NOT EXISTS (
        SELECT 1 FROM deliveries JOIN alert_messages AS message ON message.id = message_id
        WHERE message.group_id = one.id AND deliveries.state = 1)
    ORDER BY opened_at LIMIT %(limit)s
), members AS (DELETE FROM alerts WHERE group_id IN (SELECT id FROM old))
SELECT id FROM old
"""


@dataclass(frozen=True, slots=True)
class ToldBefore:
    """A group that was told to its end; from its first member's opening to its last one's closing, in ns."""

    name: str
    opened_ns: int
    closed_ns: int


@dataclass(frozen=True, slots=True)
class Round:
    """What is known of a due group: its facts, what would be shown of it, the silences in force, the time.

    `before` is looked for where nothing was told of the group and all its members have closed.
    """

    rule: str
    facts: Facts
    group: pb.AlertGroup
    silences: Sequence[pb.Silence]
    now_ns: int
    before: ToldBefore | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is done of it: `channels` are told what `group` says, if the step has a kind."""

    step: Step
    group: pb.AlertGroup
    channels: Sequence[pb.AlertChannel] = ()
    notes: Sequence[Note] = ()


Judge = Callable[[Round], Outcome]
Deliver = Callable[[Connection, str, Sequence[pb.AlertChannel]], Any]


class GroupStore(Tables):
    """`deliver` writes the deliveries of a message within a transaction."""

    def __init__(self, pool: Pool, failures: WriteFailures, deliver: Deliver) -> None:
        super().__init__(pool, failures)
        self._deliver = deliver

    async def step(self, judge: Judge) -> bool:
        """Decides about the group that has been due longest; False when none is."""
        with self._failures.remembering("groups"):
            async with self._transaction() as connection:
                row = await (await connection.execute(DUE)).fetchone()
                if row is None:
                    return False
                await self._carry_out(connection, row, judge(await self._round(connection, row)))
        return True

    async def _round(self, connection: Connection, row: Sequence[Any]) -> Round:
        group, counts = await _whole(connection, row)
        silences = await (await connection.execute(ACTIVE)).fetchall()
        facts = Facts(
            opened_ns=_ns(row[9]) or 0,
            open_count=group.open_count,
            last_closed_ns=_last_closed_ns(row, counts[2]),
            escalated=row[8],
            changed_ns=_ns(row[11]),
            first_told_ns=_ns(row[12]),
            told_ns=_ns(row[13]),
            repeated_ns=_ns(row[14]),
            acknowledged_until_ns=_ns(row[17]),
        )
        before = await _told_before(connection, row[0]) if row[7] == 0 and group.open_count == 0 else None
        return Round(row[1], facts, group, [silence_from(one) for one in silences], _ns(row[18]) or 0, before)

    async def _carry_out(self, connection: Connection, row: Sequence[Any], outcome: Outcome) -> None:
        step, group = outcome.step, outcome.group
        values: dict[str, Any] = {
            "id": row[0],
            "rule": row[1],
            "revision": row[7] + (step.kind is not None),
            "kind": step.kind,
            "is_closed": step.is_closed,
            "closed_at": group.close_time.ToDatetime(UTC) if group.HasField("close_time") else None,
            "due_at": _moment(step.due_ns),
            "held_back": group.held_back if step.is_held_back else "",
            "escalated": row[8] + (step.escalation is not None),
            "is_repeated": step.is_put_off or (step.kind == pb.ALERT_MESSAGE_KIND_REPEATED and step.escalation is None),
        }
        if step.kind is not None:
            message = secrets.token_hex(16)
            group.revision = values["revision"]
            await connection.execute(TELL, {**values, "message": message, "group_then": stored(group)})
            await self._deliver(connection, message, outcome.channels)
            await connection.execute(AFTER_TOLD, values)
            await notify(connection, DELIVERIES_DUE)
        await connection.execute(AFTER_STEP, values)
        await write_notes(connection, outcome.notes)

    async def acknowledge(self, group_id: str, said: pb.AlertAcknowledgement) -> pb.AlertGroup | None:
        """None when the group is closed. Raises NotFoundError."""
        values = {"id": group_id, "said": stored(said), "until": said.expire_time.ToDatetime(UTC)}
        async with self._transaction() as connection:
            row = await (await connection.execute(ACKNOWLEDGE, values)).fetchone()
            if row is None:
                await self._must_be_there(connection, group_id)
                return None
            await notify(connection, DELIVERIES_DUE)
            return (await _whole(connection, row))[0]

    async def acknowledge_key(self, group_id: str) -> str:
        """With which its tokens are signed. Raises NotFoundError."""
        rows = await self._rows("SELECT token FROM alert_groups WHERE id = %s", (group_id,))
        if not rows:
            raise NotFoundError(GROUPS + group_id)
        return str(rows[0][0])

    async def get(self, group_id: str) -> pb.AlertGroup:
        """With its members and deliveries. Raises NotFoundError."""
        async with self._transaction() as connection:
            row = await self._must_be_there(connection, group_id)
            group, _ = await _whole(connection, row)
            await _add_deliveries(connection, group)
            return group

    async def list(self, query: Mapping[str, Any]) -> list[pb.AlertGroup]:
        """Newest first; `query` as in LIST."""
        groups = []
        async with self._transaction() as connection:
            for row in await (await connection.execute(LIST, query)).fetchall():
                group, _ = await _whole(connection, row)
                await _add_deliveries(connection, group)
                groups.append(group)
        return groups

    async def open_members(self, age_seconds: float, limit: int) -> Sequence[tuple[str, str, str]]:
        """(rule, cause, asset) of members that are open and were fired that long ago, the oldest first."""
        rows = await self._rows(OPEN_MEMBERS, (timedelta(seconds=age_seconds), limit))
        return [(rule, cause, asset) for rule, cause, asset in rows]

    async def open_troubles(self, rule: str) -> Collection[str]:
        """Causes of a rule's members that are open."""
        return {cause for (cause,) in await self._rows(OPEN_TROUBLES, (rule,))}

    async def forget(self, age_seconds: float, limit: int) -> int:
        """Deletes at most `limit` closed groups that are older, with members and messages; none still to deliver."""
        values = {"age": timedelta(seconds=age_seconds), "limit": limit}
        async with self._transaction() as connection:
            old = [row[0] for row in await (await connection.execute(FORGET, values)).fetchall()]
            await connection.execute("DELETE FROM alert_groups WHERE id = ANY(%s)", (old,))
        return len(old)

    async def _must_be_there(self, connection: Connection, group_id: str) -> Sequence[Any]:
        row = await (await connection.execute(GET, (group_id,))).fetchone()
        if row is None:
            raise NotFoundError(GROUPS + group_id)
        return row


def _last_closed_ns(row: Sequence[Any], last_closed: Any) -> int:
    """An end is of an arbitrage's clock: by Postgres' it was not later than it was heard of."""
    heard_ns = _ns(row[11]) or _ns(row[13]) or _ns(row[9]) or 0
    return min(_ns(last_closed) or heard_ns, heard_ns)


async def _whole(connection: Connection, row: Sequence[Any]) -> tuple[pb.AlertGroup, Sequence[Any]]:
    """The group, and how many of its members are open, and when the last closed."""
    counts = await (await connection.execute(COUNTS, (row[0],))).fetchone()
    assert counts is not None
    group = pb.AlertGroup(
        name=GROUPS + row[0],
        rule=row[1],
        label=row[2],
        asset=row[3],
        dislocated_venue=row[4],
        reason=row[5],
        revision=row[7],
        escalations=row[8],
        held_back=row[15],
        member_count=counts[0],
        open_count=counts[1],
        peak_net_percent=counts[3],
    )
    group.open_time.FromDatetime(row[9])
    if counts[1] == 0 and counts[2] is not None:
        group.close_time.FromDatetime(counts[2])
    if row[16] is not None:
        group.acknowledgement.CopyFrom(ParseDict(row[16], pb.AlertAcknowledgement(), ignore_unknown_fields=True))
    for member in await (await connection.execute(MEMBERS, (row[0], SHOWN_MEMBERS))).fetchall():
        alert = alert_from(member[:7])
        alert.opportunity.peak_net_percent = max(alert.opportunity.peak_net_percent, member[7])
        group.members.append(alert)
    return group, counts


async def _told_before(connection: Connection, group_id: str) -> ToldBefore | None:
    row = await (await connection.execute(TOLD_BEFORE, (group_id,))).fetchone()
    return ToldBefore(GROUPS + row[0], _ns(row[2]) or 0, _ns(row[1]) or 0) if row else None


async def _add_deliveries(connection: Connection, group: pb.AlertGroup) -> None:
    rows = await (await connection.execute(TOLD, (group.name.removeprefix(GROUPS),))).fetchall()
    for channel_id, state, attempts, error, delivered_at in rows:
        delivery = group.deliveries.add(channel_id=channel_id, state=state, attempts=attempts, last_error=error)
        if delivered_at is not None:
            delivery.delivery_time.FromDatetime(delivered_at)


def _ns(moment: datetime | None) -> int | None:
    """Exactly, in the microseconds that Postgres keeps."""
    if moment is None:
        return None
    passed = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (passed.days * 86_400 + passed.seconds) * SECOND_NS + passed.microseconds * 1000


def _moment(at_ns: int | None) -> datetime | None:
    return None if at_ns is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=-(-at_ns // 1000))
