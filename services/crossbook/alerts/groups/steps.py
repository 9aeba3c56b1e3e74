"""What is said of a group next, and when it is looked at again: a function of what is known of it and of the time.

A group's first message waits for those that come with the first member; after it there is an interval between
messages, but for the last one: that all have been closed for long enough is said at once. What is held back is looked
at again every RECHECK_NS, so that what is still open when a silence ends is told then. A group of which nothing was
told and that is held back when it closes is never told; one that was told is told to its end.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from crossbook.alerts.groups.grouping import Timing
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.timestamps import SECOND_NS

RECHECK_NS = 5 * SECOND_NS


@dataclass(frozen=True, slots=True)
class Facts:
    """Of one group, times in ns by Postgres' clock; None for what has not happened."""

    opened_ns: int
    open_count: int
    last_closed_ns: int
    escalated: int = 0
    changed_ns: int | None = None
    first_told_ns: int | None = None
    told_ns: int | None = None
    repeated_ns: int | None = None
    acknowledged_until_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """`kind` None says nothing now; `escalation` is the number of the one that is made, from 0.

    `is_put_off`: a repeat or an escalation is due, and somebody is at it.
    """

    kind: pb.AlertMessageKind.ValueType | None = None
    due_ns: int | None = None
    is_closed: bool = False
    is_held_back: bool = False
    is_put_off: bool = False
    escalation: int | None = None


def next_step(facts: Facts, timing: Timing, after_ns: Sequence[int], *, is_held_back: bool, now_ns: int) -> Step:
    """`after_ns`: of each escalation of the rule, in order."""
    facts = _not_ahead(facts, now_ns)
    if facts.open_count == 0 and now_ns >= facts.last_closed_ns + timing.close_wait_ns:
        is_silent = facts.first_told_ns is None and is_held_back
        return Step(None if is_silent else pb.ALERT_MESSAGE_KIND_CLOSED, is_closed=True, is_held_back=is_silent)
    if facts.first_told_ns is None:
        return _first(facts, timing, after_ns, is_held_back=is_held_back, now_ns=now_ns)
    return _further(facts, timing, after_ns, is_held_back=is_held_back, now_ns=now_ns)


def _first(facts: Facts, timing: Timing, after_ns: Sequence[int], *, is_held_back: bool, now_ns: int) -> Step:
    begins_ns = facts.opened_ns + timing.wait_ns
    if now_ns < begins_ns:
        return Step(due_ns=begins_ns)
    if is_held_back:
        return Step(due_ns=now_ns + RECHECK_NS, is_held_back=True)
    told = replace(facts, first_told_ns=now_ns, told_ns=now_ns)
    return Step(pb.ALERT_MESSAGE_KIND_OPENED, due_ns=_due_ns(told, timing, after_ns, now_ns))


def _further(facts: Facts, timing: Timing, after_ns: Sequence[int], *, is_held_back: bool, now_ns: int) -> Step:
    is_acknowledged = facts.acknowledged_until_ns is not None and facts.acknowledged_until_ns > now_ns
    escalates = _escalation_ns(facts, after_ns)
    is_loud = any(at is not None and at <= now_ns for at in (escalates, _repeat_ns(facts, timing)))
    is_put_off = is_loud and is_acknowledged
    update_ns = _update_ns(facts, timing)
    kind: pb.AlertMessageKind.ValueType | None = None
    if is_loud and not is_acknowledged:
        kind = pb.ALERT_MESSAGE_KIND_REPEATED
    elif update_ns is not None and update_ns <= now_ns:
        kind = pb.ALERT_MESSAGE_KIND_UPDATED
    if kind is not None and is_held_back:
        return Step(due_ns=now_ns + RECHECK_NS, is_held_back=True, is_put_off=is_put_off)
    is_escalated = kind == pb.ALERT_MESSAGE_KIND_REPEATED and escalates is not None and escalates <= now_ns
    after = _after(facts, kind, is_escalated=is_escalated, is_put_off=is_put_off, now_ns=now_ns)
    escalation = facts.escalated if is_escalated else None
    return Step(kind, _due_ns(after, timing, after_ns, now_ns), is_put_off=is_put_off, escalation=escalation)


def _after(
    facts: Facts, kind: pb.AlertMessageKind.ValueType | None, *, is_escalated: bool, is_put_off: bool, now_ns: int
) -> Facts:
    if kind is not None:
        facts = replace(facts, told_ns=now_ns, changed_ns=None)
    if is_escalated:
        facts = replace(facts, escalated=facts.escalated + 1)
    elif kind == pb.ALERT_MESSAGE_KIND_REPEATED or is_put_off:
        facts = replace(facts, repeated_ns=now_ns)
    return facts


def _due_ns(facts: Facts, timing: Timing, after_ns: Sequence[int], now_ns: int) -> int | None:
    """The next moment at which anything can be to say; None when only a change can make it so."""
    escalates = _escalation_ns(facts, after_ns)
    if escalates is not None and facts.acknowledged_until_ns is not None and facts.acknowledged_until_ns > now_ns:
        escalates = max(escalates, facts.acknowledged_until_ns)
    loud = [_repeat_ns(facts, timing), escalates]
    closes_ns = facts.last_closed_ns + timing.close_wait_ns if facts.open_count == 0 else None
    return min(_known([*loud, _update_ns(facts, timing), closes_ns]), default=None)


def _known(times: Iterable[int | None]) -> list[int]:
    return [at for at in times if at is not None]


def _update_ns(facts: Facts, timing: Timing) -> int | None:
    is_news = facts.changed_ns is not None and facts.told_ns is not None
    return (facts.told_ns or 0) + timing.interval_ns if is_news else None


def _repeat_ns(facts: Facts, timing: Timing) -> int | None:
    last_ns = facts.repeated_ns if facts.repeated_ns is not None else facts.first_told_ns
    return last_ns + timing.repeat_ns if timing.repeat_ns and last_ns is not None else None


def _escalation_ns(facts: Facts, after_ns: Sequence[int]) -> int | None:
    if facts.first_told_ns is None or facts.escalated >= len(after_ns):
        return None
    return facts.first_told_ns + after_ns[facts.escalated]


def _not_ahead(facts: Facts, now_ns: int) -> Facts:
    """What seems to have happened later than now was noted before a clock was set back: it counts as of now."""
    names = ("opened_ns", "last_closed_ns", "first_told_ns", "told_ns", "repeated_ns")
    ahead = {name: now_ns for name in names if (getattr(facts, name) or 0) > now_ns}
    return replace(facts, **ahead) if ahead else facts
