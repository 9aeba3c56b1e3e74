"""What the store takes and gives, and how rows become messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.protobuf.json_format import ParseDict

from crossbook.alerts.names import ALERTS, RULES
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2


@dataclass(frozen=True, slots=True)
class Earlier:
    """An alert that keeps this one from firing: of the same cause, or of the same pair within the cooldown."""

    cause: str
    age_seconds: float


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A delivery that this process alone may try until its lease ends."""

    alert: pb.Alert
    channel: pb.AlertChannel
    attempts: int
    tries_left: int
    claim: str


@dataclass(frozen=True, slots=True)
class AlertQuery:
    """Which alerts to list; `before` is the last row of the page before."""

    rule: str | None = None
    assets: Sequence[str] = ()
    venues: Sequence[str] = ()
    from_time: datetime | None = None
    to_time: datetime | None = None
    before: tuple[datetime, str] | None = None


def rule_from(row: Sequence[Any]) -> pb.AlertRule:
    """From id, rule, etag, created_at, updated_at."""
    rule_id, fields, etag, created_at, updated_at = row
    rule = ParseDict(fields, pb.AlertRule(), ignore_unknown_fields=True)
    rule.name, rule.etag = RULES + rule_id, etag
    rule.create_time.FromDatetime(created_at)
    rule.update_time.FromDatetime(updated_at)
    return rule


def alert_from(row: Sequence[Any]) -> pb.Alert:
    """From id, rule, opportunity, fired_at; without its deliveries."""
    alert_id, rule, opportunity, fired_at = row
    found = ParseDict(opportunity, arbitrage_pb2.Opportunity(), ignore_unknown_fields=True)
    alert = pb.Alert(name=ALERTS + alert_id, rule=rule, opportunity=found)
    alert.fire_time.FromDatetime(fired_at)
    return alert


def claimed_from(row: Sequence[Any]) -> ClaimedDelivery:
    """From the columns of an alert, then channel_id, channel, attempts, tries_left, claim."""
    channel_id, fields, attempts, tries_left, claim = row[4:]
    channel = ParseDict(fields, pb.AlertChannel(), ignore_unknown_fields=True)
    channel.id = channel_id
    return ClaimedDelivery(alert_from(row[:4]), channel, attempts, tries_left, claim)
