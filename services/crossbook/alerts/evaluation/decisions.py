"""What the rules decide about a recorded stream of opportunity events, without Redis and Postgres.

The evaluator is the live one; a cooldown runs by the events' own times, where the live one begins a moment later, when
the alert is written, and a group is over at a time that is reckoned, where the live one is closed a moment later. So a
replay differs from the live run only for an event that comes in that moment after one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from crossbook.alerts.evaluation.evaluate import Evaluator
from crossbook.alerts.evaluation.progress import Progress
from crossbook.alerts.groups.grouping import group_key, is_grouped, timing_of
from crossbook.alerts.match import Match
from crossbook.alerts.rules import cooldown_ns, follows_opportunities
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.plumbing.data.leases import Tenure
from crossbook.plumbing.timestamps import SECOND_NS, from_duration, from_timestamp


@dataclass(frozen=True, slots=True, order=True)
class Decision:
    """An alert that fires: `cause` is the opportunity's id."""

    rule: str
    cause: str


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a rule does of an opportunity, as it is at that time, and why; without a reason it fires."""

    rule: str
    opportunity: arbitrage_pb2.Opportunity
    at_ns: int
    words: str
    reason: pb.SuppressionReason.ValueType = pb.SUPPRESSION_REASON_UNSPECIFIED
    begins_group: bool = False


def decide(rules: Sequence[pb.AlertRule], events: Iterable[arbitrage_pb2.OpportunityEvent]) -> Iterator[Decision]:
    """Every alert that the events fire, in order."""
    for one in rehearse(rules, events):
        if not one.reason:
            yield Decision(one.rule, one.opportunity.id)


def rehearse(rules: Sequence[pb.AlertRule], events: Iterable[arbitrage_pb2.OpportunityEvent]) -> Iterator[Rehearsal]:
    """Every alert that the events fire, and, once for a rule and an opportunity, what a cooldown or a threshold holds
    back, in order; the latter when it is over.
    """
    alone = Tenure(slot=0, renewed_at=0.0)
    own = [(rule, alone) for rule in rules if rule.is_enabled and follows_opportunities(rule)]
    short: list[tuple[pb.AlertRule, arbitrage_pb2.Opportunity, str]] = []
    evaluator = Evaluator(lambda _: own, Progress(), lambda *found: short.append(found))
    evaluator.is_caught_up = True  # a recording begins with the stream
    stage = _Stage()
    for event in events:
        event_ns = from_timestamp(event.event_time)
        for match in evaluator.on_time(event_ns):
            yield from stage.take(match, _due_ns(match))
        for match in evaluator.on_event(event):
            yield from stage.take(match, event_ns)
        if event.kind == arbitrage_pb2.OPPORTUNITY_EVENT_KIND_CLOSED:
            stage.groups.close(event.opportunity.id, event_ns)
        yield from stage.fell_short(short, event_ns)
        short.clear()


def _due_ns(match: Match) -> int:
    return from_timestamp(match.opportunity.open_time) + from_duration(match.rule.min_life)


class _Stage:
    """One claim per rule, asset and pair of venues at a time, one alert per rule and cause for ever."""

    def __init__(self) -> None:
        self.groups = _Groups()
        self._cooldowns = _Cooldowns()
        self._fired: set[tuple[str, str]] = set()
        self._held: set[tuple[str, str]] = set()

    def take(self, match: Match, at_ns: int) -> Iterator[Rehearsal]:
        """What becomes of a match; nothing that was said before."""
        if match.hold:
            match.hold.settle()
        cause = (match.rule.name, match.cause)
        if cause in self._fired:
            return
        joins = self.groups.has(match, at_ns)
        held_words = "" if joins else self._cooldowns.holds_back(match, at_ns)
        if held_words:
            if cause not in self._held:
                self._held.add(cause)
                reason = pb.SUPPRESSION_REASON_COOLDOWN
                yield Rehearsal(match.rule.name, match.opportunity, at_ns, held_words, reason)
            return
        self._fired.add(cause)
        self._cooldowns.begin(match, at_ns)
        self.groups.join(match)
        label = group_key(match).label if is_grouped(match.rule) else ""
        words = f"{'joins' if joins else 'begins'} {label}" if label else "a message of its own"
        begins = bool(label) and not joins
        yield Rehearsal(match.rule.name, match.opportunity, at_ns, words, begins_group=begins)

    def fell_short(
        self, found: Iterable[tuple[pb.AlertRule, arbitrage_pb2.Opportunity, str]], at_ns: int
    ) -> Iterator[Rehearsal]:
        """Opportunities that are over and have not reached a rule."""
        for rule, opportunity, words in found:
            cause = (rule.name, opportunity.id)
            if cause not in self._fired and cause not in self._held:
                yield Rehearsal(rule.name, opportunity, at_ns, words, pb.SUPPRESSION_REASON_THRESHOLD)


class _Groups:
    """Which groups are open: no cooldown holds back what joins one."""

    def __init__(self) -> None:
        self._members: dict[tuple[str, str], set[str]] = {}
        self._over_ns: dict[tuple[str, str], int] = {}  # of those without an open member
        self._of_cause: dict[str, list[tuple[tuple[str, str], int]]] = {}

    def has(self, match: Match, now_ns: int) -> bool:
        """Whether the match would join one."""
        name = (match.rule.name, group_key(match).key) if is_grouped(match.rule) else None
        return name is not None and (bool(self._members.get(name)) or self._over_ns.get(name, now_ns) > now_ns)

    def join(self, match: Match) -> None:
        """It has fired."""
        if is_grouped(match.rule):
            name = (match.rule.name, group_key(match).key)
            self._members.setdefault(name, set()).add(match.cause)
            self._of_cause.setdefault(match.cause, []).append((name, timing_of(match.rule).close_wait_ns))

    def close(self, cause: str, now_ns: int) -> None:
        """An opportunity has closed."""
        for name, close_wait_ns in self._of_cause.pop(cause, ()):
            self._members[name].discard(cause)
            self._over_ns[name] = now_ns + close_wait_ns


class _Cooldowns:
    """By rule, asset and pair of venues."""

    def __init__(self) -> None:
        self._began_ns: dict[tuple[str, str, str, str], int] = {}

    def holds_back(self, match: Match, now_ns: int) -> str:
        """Why, in words; empty when none runs."""
        began_ns = self._began_ns.get(_pair(match))
        if began_ns is None or began_ns + cooldown_ns(match.rule) <= now_ns:
            return ""
        cooldown = cooldown_ns(match.rule) / SECOND_NS
        return f"the pair fired {(now_ns - began_ns) / SECOND_NS:.1f} s before, within the cooldown of {cooldown:g} s"

    def begin(self, match: Match, now_ns: int) -> None:
        """It fires."""
        self._began_ns[_pair(match)] = now_ns


def _pair(match: Match) -> tuple[str, str, str, str]:
    found = match.opportunity
    return (match.rule.name, found.asset, found.buy.venue, found.sell.venue)
