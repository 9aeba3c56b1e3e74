"""What makes a rule valid, and how an update changes one. Every wrong field is named."""

import math
from collections.abc import Collection, Iterable, Iterator

from google.protobuf.duration_pb2 import Duration

from crossbook.alerts.channels.registry import check_channel, redact_channel, restore_channel
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.conditions.checks import THRESHOLDS, check_conditions, needs_two_venues
from crossbook.alerts.groups.grouping import UNGROUPED, WINDOWS, is_grouped
from crossbook.alerts.holding.mute_times import check_mute_times
from crossbook.alerts.names import ID
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import FieldViolation
from crossbook.plumbing.opportunity_filter import check_filter
from crossbook.plumbing.requests import MAX_NAME_CHARACTERS, check_names, check_venues, refuse
from crossbook.plumbing.timestamps import SECOND_NS, duration_or, from_duration

DEFAULT_COOLDOWN_NS = 300 * SECOND_NS
MAX_COOLDOWN_NS = 30 * 86_400 * SECOND_NS
MAX_LIFE_NS = 86_400 * SECOND_NS
MAX_ALIVE_AFTER_NS = 5 * SECOND_NS  # the last horizon of a prediction
MAX_NAMES = 1000  # of a list of a rule, which is looked at for every event
MAX_CHANNELS = 20
SERVER_FIELDS = ("name", "etag", "create_time", "update_time")
FIELDS = tuple(field.name for field in pb.AlertRule.DESCRIPTOR.fields if field.name not in SERVER_FIELDS)

OPPORTUNITY = (pb.ALERT_TRIGGER_UNSPECIFIED, pb.ALERT_TRIGGER_OPPORTUNITY)


def is_scheduled(rule: pb.AlertRule) -> bool:
    """Whether it looks at windows, on a schedule, rather than at opportunities as they come."""
    return rule.trigger in WINDOWS


def follows_opportunities(rule: pb.AlertRule) -> bool:
    """Whether it looks at opportunities as they come."""
    return rule.trigger in OPPORTUNITY


def cooldown_ns(rule: pb.AlertRule) -> int:
    """How long it stays silent after it fired; a canary never does."""
    if rule.trigger == pb.ALERT_TRIGGER_CANARY:
        return 0
    return duration_or(rule, "cooldown", DEFAULT_COOLDOWN_NS)


def default_rule() -> pb.AlertRule:
    """What a new installation starts with."""
    return pb.AlertRule(
        name="alertRules/default",
        display_name="Every opportunity of 0.10 % net, on the console",
        is_enabled=True,
        trigger=pb.ALERT_TRIGGER_OPPORTUNITY,
        min_net_percent=0.10,
        cooldown=Duration(seconds=DEFAULT_COOLDOWN_NS // SECOND_NS),
        grouping=pb.AlertGrouping(),
        channels=[
            pb.AlertChannel(id="console", console=pb.ConsoleChannel(format=pb.CONSOLE_FORMAT_TEXT)),
        ],
    )


def redacted(rule: pb.AlertRule) -> pb.AlertRule:
    """A copy whose secrets are hidden."""
    copy = pb.AlertRule()
    copy.CopyFrom(rule)
    for channel in copy.channels:
        redact_channel(channel)
    return copy


def check_rule(rule: pb.AlertRule, policy: TargetPolicy, venues: Collection[str]) -> None:
    """Raises InvalidRequestError that names every wrong field; `venues` are those that exist."""
    refuse(
        [
            *_check_plain(rule, venues),
            *_check_duration(rule, "min_life", MAX_LIFE_NS),
            *_check_duration(rule, "cooldown", MAX_COOLDOWN_NS),
            *_check_duration(rule, "alive_after", MAX_ALIVE_AFTER_NS),
            *_check_outlook(rule),
            *_check_schedule(rule),
            *_check_filter(rule),
            *_check_grouping(rule),
            *check_conditions(rule),
            *check_mute_times(rule),
            *_check_escalations(rule),
            *_check_channels(rule, policy),
        ]
    )


def updated(current: pb.AlertRule, change: pb.AlertRule, mask: Collection[str] | None) -> pb.AlertRule:
    """The rule after an update, not yet checked. Raises InvalidRequestError for the mask or a secret not known."""
    after = pb.AlertRule()
    after.CopyFrom(current)
    for name in _changed_fields(change, mask):
        after.ClearField(name)  # type: ignore[arg-type]
        if name in {field.name for field, _ in change.ListFields()}:
            after.MergeFrom(_only(change, name))
    refuse(_restored(after, current))
    return after


def created(rule: pb.AlertRule) -> pb.AlertRule:
    """A new rule as sent, without what the server sets. Raises InvalidRequestError for a redacted secret."""
    copy = pb.AlertRule()
    copy.CopyFrom(rule)
    for name in SERVER_FIELDS:
        copy.ClearField(name)  # type: ignore[arg-type]
    refuse(_restored(copy, pb.AlertRule()))
    return copy


def _only(rule: pb.AlertRule, name: str) -> pb.AlertRule:
    copy = pb.AlertRule()
    copy.CopyFrom(rule)
    for other in (*FIELDS, *SERVER_FIELDS):
        if other != name:
            copy.ClearField(other)  # type: ignore[arg-type]
    return copy


def _changed_fields(change: pb.AlertRule, mask: Collection[str] | None) -> Iterable[str]:
    if mask is None:
        return [field.name for field, _ in change.ListFields() if field.name in FIELDS]
    if "*" in mask:
        return FIELDS
    unknown = [path for path in mask if path not in FIELDS]
    refuse([FieldViolation("update_mask", f"{path!r} is not a field that can be changed") for path in unknown])
    return mask


def _restored(rule: pb.AlertRule, stored: pb.AlertRule) -> Iterator[FieldViolation]:
    known = {channel.id: channel for channel in stored.channels}
    for index, channel in enumerate(rule.channels):
        yield from restore_channel(channel, known.get(channel.id), f"alert_rule.channels[{index}]")


def _check_plain(rule: pb.AlertRule, venues: Collection[str]) -> Iterator[FieldViolation]:
    if len(rule.display_name) > MAX_NAME_CHARACTERS or not rule.display_name.isprintable():
        yield FieldViolation("alert_rule.display_name", f"must be at most {MAX_NAME_CHARACTERS} printable characters")
    if rule.trigger not in pb.AlertTrigger.values():
        yield FieldViolation("alert_rule.trigger", f"{rule.trigger} is not a trigger")
    yield from check_venues("alert_rule.venues", rule.venues, lambda: venues, MAX_NAMES)
    if len(set(rule.venues)) == 1 and needs_two_venues(rule):
        yield FieldViolation("alert_rule.venues", "must be none or at least two: both legs must be of these")
    for field, names in (("symbols", rule.symbols), ("assets", rule.assets)):
        yield from check_names(f"alert_rule.{field}", names, MAX_NAMES)
    for field in THRESHOLDS:
        value = getattr(rule, field)
        if rule.HasField(field) and not (math.isfinite(value) and value >= 0):  # type: ignore[arg-type]
            yield FieldViolation(f"alert_rule.{field}", f"must be a number that is not negative; it is {value}")


def _check_duration(rule: pb.AlertRule, field: str, most_ns: int) -> Iterator[FieldViolation]:
    duration: Duration = getattr(rule, field)
    is_whole = -SECOND_NS < duration.nanos < SECOND_NS and duration.seconds * duration.nanos >= 0
    if not is_whole or not 0 <= from_duration(duration) <= most_ns:
        yield FieldViolation(f"alert_rule.{field}", f"must be a duration of 0 to {most_ns // SECOND_NS} s")


def _check_outlook(rule: pb.AlertRule) -> Iterator[FieldViolation]:
    if rule.HasField("min_alive_probability") and not 0 < rule.min_alive_probability <= 1:
        yield FieldViolation("alert_rule.min_alive_probability", "must be above 0 and at most 1")
    if rule.HasField("min_alive_probability") != rule.HasField("alive_after"):
        yield FieldViolation("alert_rule.alive_after", "goes with min_alive_probability: give both or neither")
    if rule.HasField("min_alive_probability") and is_scheduled(rule):
        yield FieldViolation("alert_rule.min_alive_probability", "is for opportunities; nobody predicts windows")


def _check_filter(rule: pb.AlertRule) -> Iterator[FieldViolation]:
    yield from check_filter("alert_rule.filter", rule.filter)
    if rule.filter.HasField("min_life"):
        yield FieldViolation("alert_rule.filter.min_life", "stands in the rule itself")
    if rule.HasField("filter") and not (follows_opportunities(rule) or is_scheduled(rule)):
        yield FieldViolation("alert_rule.filter", "is for opportunities and windows")


def _check_schedule(rule: pb.AlertRule) -> Iterator[FieldViolation]:
    if is_scheduled(rule) and from_duration(rule.min_life) != 0:
        yield FieldViolation("alert_rule.min_life", "is for opportunities; windows have no life")
    if rule.trigger == pb.ALERT_TRIGGER_MINUTE and rule.min_notional > 0:
        yield FieldViolation("alert_rule.min_notional", "is for opportunities and snapshots; minutes have no size")


def _check_grouping(rule: pb.AlertRule) -> Iterator[FieldViolation]:
    given, path = rule.grouping, "alert_rule.grouping"
    if rule.HasField("grouping") and rule.trigger in UNGROUPED and list(given.by) != [pb.ALERT_GROUP_BY_NONE]:
        yield FieldViolation(path, "is for what opens and closes; windows and canaries do not")
    if any(by not in pb.AlertGroupBy.values() or by == pb.ALERT_GROUP_BY_UNSPECIFIED for by in given.by):
        yield FieldViolation(f"{path}.by", "must name what members have in common")
    if pb.ALERT_GROUP_BY_NONE in given.by and len(given.by) > 1:
        yield FieldViolation(f"{path}.by", "holds NONE, which stands alone")
    for field in ("wait", "interval", "repeat_interval", "close_wait"):
        if not 0 <= from_duration(getattr(given, field)) <= MAX_COOLDOWN_NS:
            yield FieldViolation(f"{path}.{field}", f"must be a duration of 0 to {MAX_COOLDOWN_NS // SECOND_NS} s")


def _check_escalations(rule: pb.AlertRule) -> Iterator[FieldViolation]:
    if rule.escalations and not is_grouped(rule):
        yield FieldViolation("alert_rule.escalations", "is for rules that group: only a group can be acknowledged")
    known, before_ns = {channel.id for channel in rule.channels}, 0
    for index, one in enumerate(rule.escalations):
        path = f"alert_rule.escalations[{index}]"
        if not before_ns < from_duration(one.after) <= MAX_COOLDOWN_NS:
            yield FieldViolation(f"{path}.after", "must be more than 0, and more than that of the one before")
        if not one.channel_ids or not known.issuperset(one.channel_ids):
            yield FieldViolation(f"{path}.channel_ids", "must name channels of the rule")
        before_ns = from_duration(one.after)


def _check_channels(rule: pb.AlertRule, policy: TargetPolicy) -> Iterator[FieldViolation]:
    if not 1 <= len(rule.channels) <= MAX_CHANNELS:
        yield FieldViolation("alert_rule.channels", f"must hold 1 to {MAX_CHANNELS}")
    seen: set[str] = set()
    for index, channel in enumerate(rule.channels):
        path = f"alert_rule.channels[{index}]"
        if not ID.fullmatch(channel.id):
            yield FieldViolation(f"{path}.id", "must be 1 to 63 of a-z, 0-9 and -")
        elif channel.id in seen:
            yield FieldViolation(f"{path}.id", f"{channel.id!r} names another channel of this rule")
        seen.add(channel.id)
        yield from check_channel(channel, path, policy, rule)
