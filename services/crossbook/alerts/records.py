"""What the store takes and gives, and how rows become messages."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from google.protobuf.json_format import ParseDict

from crossbook.alerts.ack_tokens import token_of
from crossbook.alerts.channels.outcome import Shown
from crossbook.alerts.names import ALERTS, GROUPS, MESSAGES, RULES
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.plumbing.timestamps import from_timestamp

PENDING, DELIVERED, FAILED = (
    pb.DELIVERY_STATE_PENDING,
    pb.DELIVERY_STATE_DELIVERED,
    pb.DELIVERY_STATE_FAILED,
)


@dataclass(frozen=True, slots=True)
class Earlier:
    """An alert that keeps this one from firing: of the same cause, or of the same pair within the cooldown."""

    cause: str
    age_seconds: float


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A delivery that this process alone may try until its lease ends."""

    message: pb.AlertMessage
    channel: pb.AlertChannel
    attempts: int
    is_last_try: bool
    claim: str
    destination: str
    shown: Shown = field(default_factory=Shown)


@dataclass(frozen=True, slots=True)
class Tries:
    """A delivery is tried so often at least, and for so long."""

    least: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Ending:
    """How a try ended: what its delivery is now, and when it is due again if it is."""

    state: pb.DeliveryState.ValueType
    error: str = ""
    delay_seconds: float = 0.0
    is_counted: bool = True
    keeps_place: bool = False  # in the queue, behind a pause of its destination
    supersedes: bool = False  # older messages of its key, that wait for the same channel


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What a try says of its destination: whether it was reached, None where that is not known, and whether nothing
    shall go there for a time, or to any of its kind; and what stands there of the message's key, None for as before.
    """

    is_reached: bool | None = None
    pause_seconds: float = 0.0
    pauses_kind: bool = False
    shown: Shown | None = None
    reason: str = ""
    parts: int = 1  # that it was sent in, each a message to the receiver


@dataclass(frozen=True, slots=True)
class AlertQuery:
    """Which alerts to list; `before` is the last row of the page before."""

    rule: str | None = None
    cause: str | None = None
    assets: Sequence[str] = ()
    venues: Sequence[str] = ()
    from_time: datetime | None = None
    to_time: datetime | None = None
    before: tuple[datetime, str] | None = None


@dataclass(frozen=True, slots=True)
class DeadLetterQuery:
    """Which deliveries that were given up; None leaves nothing out. `reason` is a part of it."""

    alert: str | None = None
    rule: str | None = None
    channel: str | None = None
    kind: str | None = None
    reason: str | None = None
    from_time: datetime | None = None
    to_time: datetime | None = None


def rule_from(row: Sequence[Any]) -> pb.AlertRule:
    """From id, rule, etag, created_at, updated_at."""
    rule_id, fields, etag, created_at, updated_at = row
    rule = ParseDict(fields, pb.AlertRule(), ignore_unknown_fields=True)
    rule.name, rule.etag = RULES + rule_id, etag
    rule.create_time.FromDatetime(created_at)
    rule.update_time.FromDatetime(updated_at)
    return rule


def alert_from(row: Sequence[Any]) -> pb.Alert:
    """From id, rule, opportunity, fired_at, closed_at, group_id, trouble; without its deliveries."""
    alert_id, rule, opportunity, fired_at, closed_at, group_id, trouble = row
    found = ParseDict(opportunity, arbitrage_pb2.Opportunity(), ignore_unknown_fields=True)
    alert = pb.Alert(name=ALERTS + alert_id, rule=rule, opportunity=found, group=GROUPS + group_id if group_id else "")
    alert.fire_time.FromDatetime(fired_at)
    if trouble is not None:
        alert.trouble.CopyFrom(ParseDict(trouble, pb.AlertTrouble(), ignore_unknown_fields=True))
    if closed_at is not None:
        alert.close_time.FromDatetime(closed_at)
    return alert


def message_of(alert: pb.Alert) -> pb.AlertMessage:
    """What is told of an alert without a group; it bears the alert's own id."""
    message = pb.AlertMessage(
        name=MESSAGES + alert.name.removeprefix(ALERTS),
        group_key=alert.name.removeprefix(ALERTS),
        revision=1,
        kind=pb.ALERT_MESSAGE_KIND_OPENED,
        rule=alert.rule,
        alert=alert,
        create_time=alert.fire_time,
    )
    message.alert.ClearField("deliveries")
    return message


def message_from(row: Sequence[Any]) -> pb.AlertMessage:
    """From id, rule, group_key, revision, kind, group_then, created_at, the group's key, and an alert's columns.

    Those are NULL where there is a group.
    """
    message_id, rule, group_key, revision, kind, group_then, created_at, acknowledge_key = row[:8]
    message = pb.AlertMessage(
        name=MESSAGES + message_id,
        group_key=group_key,
        revision=revision,
        kind=kind,
        rule=rule,
    )
    message.create_time.FromDatetime(created_at)
    if acknowledge_key:
        message.acknowledge_token = token_of(group_key, acknowledge_key, from_timestamp(message.create_time))
    if group_then is None:
        message.alert.CopyFrom(alert_from(row[8:]))
    else:
        message.group.CopyFrom(ParseDict(group_then, pb.AlertGroup(), ignore_unknown_fields=True))
    return message


def claimed_from(row: Sequence[Any]) -> ClaimedDelivery:
    """From channel_id, channel, attempts, whether it is the last, claim, destination; revision, ids and is_whole of
    what is shown, which are NULL where nothing is; then a message's columns.
    """
    channel_id, fields, attempts, is_last_try, claim, destination, revision, ids, is_whole = row[:9]
    shown = Shown() if revision is None else Shown(revision, tuple(ids), is_whole)
    channel = ParseDict(fields, pb.AlertChannel(), ignore_unknown_fields=True)
    channel.id = channel_id
    return ClaimedDelivery(message_from(row[9:]), channel, attempts, is_last_try, claim, destination, shown)
