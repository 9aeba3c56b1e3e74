"""What must be in the tables after a history, and who must have been told. Every alert is judged by these rules:

1. It is of an opportunity that opened, and of a rule that it passes; one for a rule and an opportunity.
2. An opportunity whose opening is in the log of events and could be heard, or that is open at the end, has one of every
   rule that it passes, unless one of the same rule and pair, within the cooldown, holds it back.
3. Two of one rule and pair are a cooldown apart.
4. Each has been accepted by the receiver, under its own id and no other, and its delivery knows it.
5. It was accepted once, unless something happened that can have taken the answer away.

Heard can be what an arbitrage has said until a stream of its own has caught up and as long as that is followed, and
what is in the log when a stream begins: by the replica of alerts whose stream it is, for the rules that it evaluates,
as long as it lives; whoever comes after it hears for itself.
What died with one before it could log it may be logged later by another, when the stream of a third has caught up:
nobody begins a new one for that (decision 0026). And what an arbitrage says in the moment in which it goes on after a
pause is of quotes that came while it was not there: whoever follows another, which was not there either and has not
said it, hears nothing of it.

Clocks that were set make rules 2 and 3 weaker: nobody can say then how long a cooldown was, nor a life.
"""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from tests.histories.inprocess.groups import GROUPED
from tests.histories.inprocess.history import History

CALM_SECONDS = 3.0
LIVED_SECONDS = 1.5
SLACK_SECONDS = 0.05
SLOW_SECONDS = 3.0  # of two calls that take their time
LOGGED = "SELECT opportunity_id FROM opportunity_events WHERE kind = 1"
# One round trip: it is asked again and again. Times are those since the beginning.
LOOK = """
SELECT
    (SELECT coalesce(json_agg(opportunity_id), '[]') FROM opportunity_events WHERE kind = 1),
    (SELECT coalesce(json_agg(opportunity_id), '[]') FROM opportunity_events WHERE kind = 3),
    (SELECT coalesce(json_agg(json_build_array(id, rule, cause, asset, extract(epoch FROM fired_at)::float8 - %s)),
     '[]')
     FROM alerts),
    (SELECT coalesce(json_agg(json_build_array(message_id, state)), '[]') FROM deliveries
     JOIN alert_messages ON message_id = id WHERE group_id IS NULL)
"""


@dataclass
class Opening:
    """What one arbitrage or another has said of an opportunity."""

    asset: str
    at: float  # by the loop, whatever the clocks say
    until: float = math.inf
    lived: float = 0.0  # the longest that was told, at its end
    lives: dict[object, float] = field(default_factory=dict)  # what each arbitrage told of it in time

    @property
    def life(self) -> float:
        """In truth, or as long as one that knew only its end said."""
        return max(self.until - self.at, self.lived)

    @property
    def agreed(self) -> float:
        """What all say that it lived; not what one says that was paused meanwhile and sees the end late."""
        return min(self.lives.values(), default=0.0)

    def meets(self, other: "Opening") -> bool:
        """Whether there was a moment in which both were open."""
        return self.asset == other.asset and self.at <= other.until and other.at <= self.until


@dataclass
class Seen:
    """What is there to judge."""

    openings: dict[str, Opening] = field(default_factory=dict)
    logged: set[str] = field(default_factory=set)
    heard: set[tuple[str, str]] = field(default_factory=set)  # (rule, opportunity): could be, by who evaluates it
    ended: set[str] = field(default_factory=set)
    open_now: set[str] = field(default_factory=set)
    alerts: list[tuple[str, str, str, str, float]] = field(default_factory=list)
    deliveries: list[tuple[str, int]] = field(default_factory=list)
    accepted: list[tuple[str, str]] = field(default_factory=list)


DELIVERED = 2
RISKS = {"kill", "kill_before", "kill_after", "stop", "pause", "refuse", "lose", "set"}


def judge(history: History, seen: Seen) -> Iterator[str]:
    """Every breach, in words."""
    is_set = any(step.kind == "set" for step in history.steps)
    yield from _untrue(seen, is_set)
    yield from _missing(history, seen, is_set)
    if not is_set:
        yield from _too_close(seen)
    yield from _deliveries(seen, any(step.kind in RISKS for step in history.steps) or history.is_slow)


def _rule_of(name: str) -> str:
    return name.removeprefix("alertRules/")


def _untrue(seen: Seen, is_set: bool) -> Iterator[str]:
    for key, count in Counter((rule, cause) for _, rule, cause, _, _ in seen.alerts).items():
        if count > 1:
            yield f"{count} alerts of {key}"
    for _, rule, cause, _, _ in seen.alerts:
        opening = seen.openings.get(cause)
        if opening is None:
            yield f"alert of {_rule_of(rule)} for {cause}, which never opened"
        elif _rule_of(rule) == "lived" and not is_set and opening.life < LIVED_SECONDS - SLACK_SECONDS:
            yield f"alert of lived for {cause}, which lived {opening.life:.3f} s"


def _missing(history: History, seen: Seen, is_set: bool) -> Iterator[str]:
    there = {(_rule_of(rule), cause) for _, rule, cause, _, _ in seen.alerts}
    for cause in sorted(seen.logged | seen.open_now):
        opening = seen.openings[cause]
        for rule in history.rules:
            if cause not in seen.open_now and (rule, cause) not in seen.heard:
                continue
            if (rule, cause) in there or not _must_fire(rule, cause, opening, seen, is_set):
                continue
            others = [seen.openings[other] for name, other in there if name == rule and other in seen.openings]
            if any(opening.meets(other) for other in others):
                continue  # another arbitrage's name for the same: it is told once, by the one that is followed
            if rule != "calm" or not any(_is_held_back(one, seen, history) for one in (opening, *_names(cause, seen))):
                yield f"no alert of {rule} for {cause}, opened at {opening.at:.3f} s"


def _names(cause: str, seen: Seen) -> Iterator[Opening]:
    """What was open before this one opened and then, and was heard: this is another arbitrage's name for the same."""
    opening = seen.openings[cause]
    for name in sorted(seen.logged & {name for rule, name in seen.heard if rule == "calm"} - {cause}):
        other = seen.openings[name]
        if other.at <= opening.at and other.meets(opening):
            yield other


def _must_fire(rule: str, cause: str, opening: Opening, seen: Seen, is_set: bool) -> bool:
    if rule != "lived":
        return True
    if is_set:
        return False
    return cause in seen.open_now or (cause in seen.ended and opening.agreed >= LIVED_SECONDS + SLACK_SECONDS)


def _is_held_back(opening: Opening, seen: Seen, history: History) -> bool:
    """A cooldown in Redis begins when its call is done, a little after the alert's own time."""
    fired = [at for _, rule, _, asset, at in seen.alerts if _rule_of(rule) == "calm" and asset == opening.asset]
    if any(step.kind == "set" for step in history.steps):
        return bool(fired)
    held_seconds = CALM_SECONDS + (SLOW_SECONDS if history.is_slow else SLACK_SECONDS)
    return any(at > opening.at - held_seconds for at in fired)


def _too_close(seen: Seen) -> Iterator[str]:
    calm = sorted((asset, at) for _, rule, _, asset, at in seen.alerts if _rule_of(rule) == "calm")
    for (one, earlier), (other, later) in pairwise(calm):
        if one == other and later - earlier < CALM_SECONDS - SLACK_SECONDS:
            yield f"two alerts of calm for {one} within {later - earlier:.3f} s"


def _deliveries(seen: Seen, may_repeat: bool) -> Iterator[str]:
    alone = [alert for alert in seen.alerts if _rule_of(alert[1]) != GROUPED]  # the others are told by their groups
    causes = {alert_id: cause for alert_id, _, cause, _, _ in alone}
    for alert_id, state in seen.deliveries:
        if state != DELIVERED:
            yield f"the delivery of {causes.get(alert_id, alert_id)} is in state {state}"
    if missing := set(causes) - {alert_id for alert_id, _ in seen.deliveries}:
        yield f"{len(missing)} alerts without a delivery"
    for webhook_id, cause in seen.accepted:
        if causes.get(webhook_id) != cause:
            yield f"{cause} was told under {webhook_id}, which is no alert of it"
    times = Counter(webhook_id for webhook_id, _ in seen.accepted)
    for alert_id, cause in causes.items():
        if not times[alert_id]:
            yield f"{cause} was never told"
        elif times[alert_id] > 1 and not may_repeat:
            yield f"{cause} was told {times[alert_id]} times for no reason"
