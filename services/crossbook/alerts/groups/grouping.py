"""Which group a match belongs to, and how long its group waits for what: both by its rule."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crossbook.alerts.match import Match
from crossbook.alerts.names import reason_word
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.timestamps import SECOND_NS, duration_or

DEFAULT_BY = (pb.ALERT_GROUP_BY_ASSET, pb.ALERT_GROUP_BY_DISLOCATED_VENUE, pb.ALERT_GROUP_BY_REASON)
FEED_BY = DEFAULT_BY[1:]  # a venue's instruments go stale together
DEFAULT_WAIT_NS = SECOND_NS
DEFAULT_INTERVAL_NS = 30 * SECOND_NS
DEFAULT_REPEAT_NS = 4 * 3600 * SECOND_NS
DEFAULT_CLOSE_WAIT_NS = 10 * SECOND_NS
WINDOWS = (pb.ALERT_TRIGGER_SNAPSHOT, pb.ALERT_TRIGGER_MINUTE)
UNGROUPED = (*WINDOWS, pb.ALERT_TRIGGER_CANARY)  # what they find does not open and close


@dataclass(frozen=True, slots=True)
class GroupKey:
    """What the members have in common; asset and venue are empty where they have none in common.

    `alike` are patterns of LIKE for keys of the same but for one thing: of one of the two groups it was known which leg
    is off, of the other not, as by an arbitrage that has just begun to hear of venues. `kin` is what all of them share.
    """

    key: str
    label: str
    asset: str
    venue: str
    reason: pb.AlertReason.ValueType
    kin: str
    alike: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Timing:
    """What AlertGrouping says, with its defaults; a repeat of 0 is none."""

    wait_ns: int
    interval_ns: int
    repeat_ns: int
    close_wait_ns: int


def is_grouped(rule: pb.AlertRule) -> bool:
    """Whether its matches become members of groups rather than messages of their own."""
    is_alone = list(rule.grouping.by) == [pb.ALERT_GROUP_BY_NONE]
    return rule.HasField("grouping") and not is_alone and rule.trigger not in UNGROUPED


def lacks_grouping(rule: pb.AlertRule) -> bool:
    """Whether it says nothing of groups, and could have them."""
    return not rule.HasField("grouping") and rule.trigger not in UNGROUPED


def timing_of(rule: pb.AlertRule) -> Timing:
    """As the rule has it."""
    given = rule.grouping
    return Timing(
        duration_or(given, "wait", DEFAULT_WAIT_NS),
        duration_or(given, "interval", DEFAULT_INTERVAL_NS),
        duration_or(given, "repeat_interval", DEFAULT_REPEAT_NS),
        duration_or(given, "close_wait", DEFAULT_CLOSE_WAIT_NS),
    )


def group_key(match: Match) -> GroupKey:
    """The same for every match of the rule that belongs together."""
    default = FEED_BY if match.rule.trigger == pb.ALERT_TRIGGER_FEED else DEFAULT_BY
    by: Sequence[pb.AlertGroupBy.ValueType] = list(match.rule.grouping.by) or default
    parts = [_part(match, one) for one in by]
    has_asset = pb.ALERT_GROUP_BY_ASSET in by
    has_venue = pb.ALERT_GROUP_BY_DISLOCATED_VENUE in by
    return GroupKey(
        key="|".join(parts),
        label=" ".join(part for part in parts if part) or match.rule.name.rpartition("/")[2],
        asset=match.asset if has_asset else "",
        venue=dislocated_venue(match) if has_venue else "",
        reason=match.reason,
        kin=_with_venue("", by, parts),
        alike=tuple(_alike(match, by, parts)),
    )


def _with_venue(venue: str, by: Sequence[pb.AlertGroupBy.ValueType], parts: Sequence[str]) -> str:
    """The key with this in the place of the dislocated venue."""
    is_venue = (one == pb.ALERT_GROUP_BY_DISLOCATED_VENUE for one in by)
    return "|".join(venue if is_it else part for is_it, part in zip(is_venue, parts, strict=True))


def _alike(match: Match, by: Sequence[pb.AlertGroupBy.ValueType], parts: Sequence[str]) -> Iterator[str]:
    if match.trouble or pb.ALERT_GROUP_BY_DISLOCATED_VENUE not in by:
        return
    off = _escaped(dislocated_venue(match))
    others = (f"{off}/%", f"%/{off}") if off else (_escaped(match.buy_venue), _escaped(match.sell_venue))
    escaped = [_escaped(part) for part in parts]
    yield from (_with_venue(other, by, escaped) for other in others)


def _escaped(part: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", part)


def dislocated_venue(match: Match) -> str:
    """Empty where nobody can say which leg it is."""
    return match.trouble.venue if match.trouble else match.opportunity.dislocated_venue


def _part(match: Match, by: pb.AlertGroupBy.ValueType) -> str:
    if by == pb.ALERT_GROUP_BY_ASSET:
        return match.asset
    if by == pb.ALERT_GROUP_BY_DISLOCATED_VENUE:
        pair = match.buy_venue if match.trouble else f"{match.buy_venue}/{match.sell_venue}"
        return dislocated_venue(match) or pair
    if by == pb.ALERT_GROUP_BY_BUY_VENUE:
        return match.buy_venue
    if by == pb.ALERT_GROUP_BY_SELL_VENUE:
        return match.sell_venue
    return _words(match.reason) if by == pb.ALERT_GROUP_BY_REASON and match.trouble else ""


def _words(reason: pb.AlertReason.ValueType) -> str:
    return reason_word(reason).replace("_", " ")
