"""What makes a rule about something else than opportunities and windows valid."""

import math
from collections.abc import Iterator

from google.protobuf.duration_pb2 import Duration

from crossbook.alerts.groups.grouping import is_grouped
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import FieldViolation
from crossbook.plumbing.timestamps import SECOND_NS, from_duration

CONDITIONS = {
    pb.ALERT_TRIGGER_FEED: "feed",
    pb.ALERT_TRIGGER_SYSTEM: "system",
    pb.ALERT_TRIGGER_MARKET_MOVE: "market_move",
    pb.ALERT_TRIGGER_FUNDING_SPREAD: "funding_spread",
    pb.ALERT_TRIGGER_BASIS: "basis",
    pb.ALERT_TRIGGER_CANARY: "canary",
}
THRESHOLDS = ("min_gross_percent", "min_net_percent", "min_notional")
NOT_FOR_CANARIES = ("venues", "symbols", "assets", "min_life", "cooldown")
OPENS_INCIDENTS = ("pagerduty", "opsgenie")
ONE_VENUE = (pb.ALERT_TRIGGER_FEED, pb.ALERT_TRIGGER_SYSTEM, pb.ALERT_TRIGGER_MARKET_MOVE, pb.ALERT_TRIGGER_BASIS)
SPANS = (  # field, its condition, seconds from and to
    ("within", "market_move", 1, 3600),
    ("stale_after", "feed", 1, 86_400),
    ("resync_within", "feed", 10, 3600),
    ("interval", "canary", 10, 7 * 86_400),
)
ABOVE_ZERO = (
    ("market_move", "min_percent"),
    ("funding_spread", "min_percent_per_hour"),
    ("basis", "min_percent"),
)
NUMBERS = (  # that are not negative, or percents
    ("feed", "max_clock_offset_ms", math.inf),
    ("feed", "max_delay_ms", math.inf),
    ("system", "min_free_disk_percent", 100),
    ("system", "max_buffer_percent", 100),
)


def needs_two_venues(rule: pb.AlertRule) -> bool:
    """Whether its venues are those of two legs."""
    return rule.trigger not in ONE_VENUE


def check_conditions(rule: pb.AlertRule) -> Iterator[FieldViolation]:
    """What is wrong with what the rule looks at."""
    own = CONDITIONS.get(rule.trigger)
    for field in CONDITIONS.values():
        if field != own and rule.HasField(field):  # type: ignore[arg-type]
            yield FieldViolation(f"alert_rule.{field}", "is for rules with its own trigger")
    if own is None:
        return
    for field in THRESHOLDS:
        if rule.HasField(field):  # type: ignore[arg-type]
            yield FieldViolation(f"alert_rule.{field}", "is for opportunities and windows")
    if own == "canary":
        yield from _check_canary(rule)
    elif not is_grouped(rule):
        yield FieldViolation("alert_rule.grouping", "must not be NONE: what opens must be told when it is over")
    yield from _check_numbers(rule, own)


def _check_numbers(rule: pb.AlertRule, own: str) -> Iterator[FieldViolation]:
    given = getattr(rule, own)
    for condition, field in ABOVE_ZERO:
        if condition == own and not (math.isfinite(getattr(given, field)) and getattr(given, field) > 0):
            yield FieldViolation(f"alert_rule.{own}.{field}", "must be more than 0")
    for condition, field, most in NUMBERS:
        if condition == own and given.HasField(field):
            value = getattr(given, field)
            if not (math.isfinite(value) and 0 <= value <= most):
                words = "not negative" if most == math.inf else f"of 0 to {most}"
                yield FieldViolation(f"alert_rule.{own}.{field}", f"must be a number {words}")
    for field, condition, least, most_seconds in SPANS:
        if condition == own and given.HasField(field):
            span: Duration = getattr(given, field)
            if not least * SECOND_NS <= from_duration(span) <= most_seconds * SECOND_NS:
                words = f"must be a duration of {least} s to {most_seconds} s"
                yield FieldViolation(f"alert_rule.{own}.{field}", words)


def _check_canary(rule: pb.AlertRule) -> Iterator[FieldViolation]:
    given = {field.name for field, _ in rule.ListFields()}
    for field in NOT_FOR_CANARIES:
        if field in given:
            yield FieldViolation(f"alert_rule.{field}", "is not for canaries, which come whatever happens")
    for index, channel in enumerate(rule.channels):
        if channel.WhichOneof("kind") in OPENS_INCIDENTS:
            words = "opens an incident that nothing closes: take its service's heartbeat, through webhook or template"
            yield FieldViolation(f"alert_rule.channels[{index}]", words)
