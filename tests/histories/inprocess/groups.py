"""What must be in the tables, and who must have been told, of the rule that groups. Every group is judged by these:

1. Every alert of the rule is in a group; groups of one thing follow each other in time.
2. Each revision is one message, from 1 on without a hole, accepted under its own id and no other.
3. A group that is over is closed. It is told from OPENED, or CLOSED alone, to one CLOSED, and nothing after it; one of
   which nothing was told had a silence, or came late and is a part of one that was told to its end.
4. Nothing begins to be told while a silence of its asset that was answered for is in force.
5. What somebody has acknowledged stays acknowledged by the last who did, and does not repeat meanwhile.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

GROUPED = "grouped"
OPENED, CLOSED, REPEATED = 1, 3, 4
SLACK_SECONDS = 0.1
CLOSE_WAIT_SECONDS = 2.0
TIMING = {"wait": 0.5, "interval": 1.0, "repeat_interval": 3.0, "close_wait": CLOSE_WAIT_SECONDS}  # of the rule, in s
# Times are those since the beginning.
LOOK = """
SELECT
    (SELECT coalesce(json_agg(json_build_array(id, asset, state, extract(epoch FROM opened_at)::float8 - {0},
        acknowledgement->>'author', extract(epoch FROM closed_at)::float8 - {0},
        (SELECT extract(epoch FROM min((opportunity->>'open_time')::timestamptz))::float8 - {0} FROM alerts
         WHERE group_id = alert_groups.id)) ORDER BY opened_at, id), '[]') FROM alert_groups),
    (SELECT coalesce(json_agg(json_build_array(id, group_id, revision, kind,
        extract(epoch FROM created_at)::float8 - {0}) ORDER BY group_id, revision), '[]')
     FROM alert_messages WHERE group_id IS NOT NULL),
    (SELECT coalesce(json_agg(json_build_array(cause, group_id)), '[]') FROM alerts WHERE rule = 'alertRules/grouped'),
    (SELECT coalesce(json_agg(json_build_array(message_id, state)), '[]') FROM deliveries
     JOIN alert_messages ON message_id = id WHERE group_id IS NOT NULL)
"""


@dataclass
class SeenGroups:
    """What is there to judge."""

    # id, asset, state, when it began, who has acknowledged, when its last member closed, when its first opened
    groups: Sequence[Sequence[Any]] = ()
    messages: Sequence[Sequence[Any]] = ()  # id, group, revision, kind, when
    members: Sequence[Sequence[Any]] = ()  # cause, group
    deliveries: Sequence[Sequence[Any]] = ()  # message, state
    told: list[tuple[str, str, int]] = field(default_factory=list)  # webhook-id, group, revision
    close_wait_seconds: float = field(default=CLOSE_WAIT_SECONDS, kw_only=True)
    silences: list[tuple[str, float, float]] = field(default_factory=list)  # asset, from, to
    acknowledged: list[tuple[str, str, float, float]] = field(default_factory=list)  # group, author, from, to
    open_assets: set[str] = field(default_factory=set)


def judge_groups(seen: SeenGroups, *, is_set: bool) -> Iterator[str]:
    """Every breach, in words. Clocks that were set make nonsense of times."""
    messages: defaultdict[str, list[Sequence[Any]]] = defaultdict(list)
    for message in seen.messages:
        messages[message[1]].append(message)
    for cause, group in seen.members:
        if group is None:
            yield f"{cause} is in no group"
    for group in seen.groups:
        yield from _told(group, messages[group[0]], seen, is_set=is_set)
    yield from _accepted(seen)
    if not is_set:
        yield from _in_order(seen)
        yield from _silenced(seen, messages)
        yield from _acknowledged(seen, messages)


def _told(group: Sequence[Any], messages: Sequence[Sequence[Any]], seen: SeenGroups, *, is_set: bool) -> Iterator[str]:
    name, asset, state, *_ = group
    kinds = [message[3] for message in messages]
    if [message[2] for message in messages] != list(range(1, len(messages) + 1)):
        yield f"group {name} of {asset} has revisions {[message[2] for message in messages]}"
    if state == 1 and asset not in seen.open_assets:
        yield f"group {name} of {asset} is over and not closed"
    if state != 1 and not kinds and not any(one[0] == asset for one in seen.silences) and not _is_part(group, seen):
        yield f"group {name} of {asset} was never told"
    if kinds and (kinds[0] not in (OPENED, CLOSED) or kinds.count(OPENED) > 1):
        yield f"group {name} of {asset} was told as {kinds}"
    if kinds and state != 1 and (kinds[-1] != CLOSED or kinds.count(CLOSED) > 1):
        yield f"group {name} of {asset} was told to its end as {kinds}"


def _is_part(group: Sequence[Any], seen: SeenGroups) -> bool:
    ended = {message[1] for message in seen.messages if message[3] == CLOSED}
    return any(
        other[0] in ended
        and other[1] == group[1]
        and group[6] <= other[5] + seen.close_wait_seconds + SLACK_SECONDS
        and other[6] <= group[5] + seen.close_wait_seconds + SLACK_SECONDS
        for other in seen.groups
        if other is not group
    )


def _accepted(seen: SeenGroups) -> Iterator[str]:
    known = {message[0]: (message[1], message[2]) for message in seen.messages}
    for webhook_id, group, revision in seen.told:
        if known.get(webhook_id) != (group, revision):
            yield f"revision {revision} of group {group} was told under {webhook_id}, which is no message of it"
    for count in Counter((message[1], message[2]) for message in seen.messages).values():
        if count > 1:
            yield f"{count} messages are one revision of one group"
    accepted = {webhook_id for webhook_id, _, _ in seen.told}
    for message_id, state in seen.deliveries:
        if state != 2:
            yield f"the delivery of {message_id} is in state {state}"
        elif message_id not in accepted:
            yield f"{message_id} was never told"


def _in_order(seen: SeenGroups) -> Iterator[str]:
    by_asset: defaultdict[str, list[Sequence[Any]]] = defaultdict(list)
    for group in seen.groups:
        by_asset[group[1]].append(group)
    for asset, groups in by_asset.items():
        if any(earlier[2] == 1 for earlier, _ in pairwise(groups)):
            yield f"a group of {asset} began while another was open"


def _silenced(seen: SeenGroups, messages: dict[str, list[Sequence[Any]]]) -> Iterator[str]:
    for name, asset, *_ in seen.groups:
        for _, _, _, kind, at in messages.get(name, [])[:1]:
            for silent, from_at, to_at in seen.silences:
                if silent == asset and from_at <= at < to_at - SLACK_SECONDS:
                    yield f"group {name} of {asset} began to be told at {at:.3f} s, in a silence ({kind})"


def _acknowledged(seen: SeenGroups, messages: dict[str, list[Sequence[Any]]]) -> Iterator[str]:
    authors = {group[0]: group[4] for group in seen.groups}
    last = {group: author for group, author, _, _ in seen.acknowledged}
    for group, author in last.items():
        if authors.get(group) != author:
            yield f"group {group} was acknowledged by {author}, and says {authors.get(group)}"
    for group, author, from_at, to_at in seen.acknowledged:
        # The latest one stands, though it may end sooner than the one before.
        replaced = [one[2] for one in seen.acknowledged if one[0] == group and one[2] > from_at]
        for _, _, revision, kind, at in messages.get(group, []):
            if kind == REPEATED and from_at < at < min([to_at, *replaced]) - SLACK_SECONDS:
                yield f"revision {revision} of group {group} repeats at {at:.3f} s, though {author} is at it"
