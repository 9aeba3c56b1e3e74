"""Which rules an opportunity event fires, and when: the rule's filters and thresholds, and its least life.

A rule whose least life has not passed waits. The stream's own times move the clock while events come, so that a replay
after an outage decides as it would have live; the wall clock moves it only while the stream is quiet. A rule that waits
and learns that the opportunity closed, but lived long enough, fires. One that a cooldown held back may fire at the next
UPDATED; one that fired for an opportunity never does so again.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from crossbook.alerts.progress import Step
from crossbook.alerts.rules import is_scheduled
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.plumbing.timestamps import from_duration, from_timestamp

SWEEP_AT_LEAST = 1_000


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that wants to fire; `cause` makes it the same match whoever finds it, and however often."""

    rule: pb.AlertRule
    opportunity: arbitrage_pb2.Opportunity
    cause: str
    step: Step | None = None


@dataclass(slots=True)
class _Followed:
    """An open opportunity as last told, and the rules that wait for its age."""

    opportunity: arbitrage_pb2.Opportunity
    waiting: dict[str, Step] = field(default_factory=dict)


class Evaluator:
    """Holds no more than the opportunities that are open, and the rules that wait for their age."""

    def __init__(self, rules: Callable[[], Sequence[pb.AlertRule]]) -> None:
        self._rules = rules
        self._open: dict[str, _Followed] = {}
        self._due: list[tuple[int, str, str]] = []  # waits that were given up stay until they are due or swept
        self._sweep_at = SWEEP_AT_LEAST

    def reset(self) -> None:
        """Forgets what is open: the stream is about to tell it again."""
        self._open.clear()
        self._due.clear()

    def on_event(self, event: arbitrage_pb2.WatchOpportunitiesResponse, step: Step) -> list[Match]:
        """Takes the next event; its step is held once for every match returned and every rule that waits."""
        event_ns = from_timestamp(event.event_time)
        matches = self.on_time(event_ns)
        opportunity = event.opportunity
        if event.kind == arbitrage_pb2.OPPORTUNITY_EVENT_KIND_CLOSED:
            return matches + list(self._close(opportunity, from_duration(event.duration)))
        followed = self._open.setdefault(opportunity.id, _Followed(opportunity))
        followed.opportunity = opportunity
        return matches + list(self._consider(followed, event_ns, step))

    def on_time(self, now_ns: int) -> list[Match]:
        """The matches of rules whose wait is over."""
        matches: list[Match] = []
        while self._due and self._due[0][0] <= now_ns:
            _, opportunity_id, rule_name = heapq.heappop(self._due)
            followed = self._open.get(opportunity_id)
            step = followed.waiting.pop(rule_name, None) if followed else None
            if followed and step:
                matches += self._decide(followed.opportunity, rule_name, step)
        return matches

    @property
    def next_due_ns(self) -> int | None:
        """When the next wait ends."""
        return self._due[0][0] if self._due else None

    def _consider(self, followed: _Followed, event_ns: int, step: Step) -> Iterator[Match]:
        opportunity = followed.opportunity
        for rule in self._live_rules():
            if not covers(rule, opportunity):
                continue
            due_ns = from_timestamp(opportunity.open_time) + from_duration(rule.min_life)
            if due_ns <= event_ns:
                if passes(rule, opportunity):
                    step.hold()
                    yield Match(rule, opportunity, opportunity.id, step)
            elif rule.name not in followed.waiting:
                step.hold()
                followed.waiting[rule.name] = step
                heapq.heappush(self._due, (due_ns, opportunity.id, rule.name))
                if len(self._due) >= self._sweep_at:
                    self._sweep()

    def _sweep(self) -> None:
        """An opportunity that closed leaves its waits behind, and they may be due in a day only."""
        self._due = [wait for wait in self._due if wait[1] in self._open and wait[2] in self._open[wait[1]].waiting]
        heapq.heapify(self._due)
        self._sweep_at = max(SWEEP_AT_LEAST, 2 * len(self._due))

    def _close(self, opportunity: arbitrage_pb2.Opportunity, duration_ns: int) -> Iterator[Match]:
        followed = self._open.pop(opportunity.id, None)
        for rule_name, step in followed.waiting.items() if followed else ():
            rule = self._rule(rule_name)
            if rule and from_duration(rule.min_life) <= duration_ns:
                yield from self._decide(opportunity, rule_name, step)
            else:
                step.settle()

    def _decide(self, opportunity: arbitrage_pb2.Opportunity, rule_name: str, step: Step) -> Iterable[Match]:
        """The match, which takes over the hold on the step, or none, which lets it go."""
        rule = self._rule(rule_name)
        if rule and covers(rule, opportunity) and passes(rule, opportunity):
            return [Match(rule, opportunity, opportunity.id, step)]
        step.settle()
        return []

    def _rule(self, name: str) -> pb.AlertRule | None:
        return next((rule for rule in self._live_rules() if rule.name == name), None)

    def _live_rules(self) -> Iterator[pb.AlertRule]:
        return (rule for rule in self._rules() if rule.is_enabled and not is_scheduled(rule))


def covers(rule: pb.AlertRule, opportunity: arbitrage_pb2.Opportunity) -> bool:
    """Whether the rule is about this pair at all."""
    if rule.venues and not {opportunity.buy.venue, opportunity.sell.venue} <= set(rule.venues):
        return False
    if rule.symbols and opportunity.buy.symbol not in rule.symbols and opportunity.sell.symbol not in rule.symbols:
        return False
    return not rule.assets or opportunity.asset in rule.assets


def passes(rule: pb.AlertRule, opportunity: arbitrage_pb2.Opportunity) -> bool:
    """Whether the numbers reach every threshold that the rule has."""
    costs = opportunity.costs
    return (
        (not rule.HasField("min_gross_percent") or costs.gross_percent >= rule.min_gross_percent)
        and (not rule.HasField("min_net_percent") or costs.net_percent >= rule.min_net_percent)
        and (not rule.HasField("min_notional") or opportunity.executable_notional >= rule.min_notional)
    )
