"""Which rules an opportunity event fires, and when: the rule's filters and thresholds, and its least life.

Only the rules of slots that this replica has are looked at; what it held in a slot that it lost is another's to do.

A rule whose least life has not passed waits. The stream's own times move the clock while events come, so that a
replay after an outage decides as it would have live; the wall clock moves it only while the stream is quiet. Until
the stream has caught up neither does: what a dead arbitrage held open is told first, and that it has ended, last. A
rule that waits and learns that the opportunity closed, but lived long enough, fires. One that a cooldown held back
may fire at the next UPDATED; one that fired for an opportunity never does so again.
"""

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from crossbook.alerts.evaluation.outlook import alive_probability
from crossbook.alerts.evaluation.progress import Progress
from crossbook.alerts.match import Hold, Match
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.plumbing.data.leases import Tenure
from crossbook.plumbing.opportunity_filter import passes as passes_filter
from crossbook.plumbing.opportunity_filter import shortfalls
from crossbook.plumbing.timestamps import from_duration, from_timestamp

SWEEP_AT_LEAST = 1_000

OwnRule: TypeAlias = tuple[pb.AlertRule, Tenure]
OnShort: TypeAlias = Callable[[pb.AlertRule, arbitrage_pb2.Opportunity, str], None]


@dataclass(slots=True)
class _Followed:
    """An open opportunity as last told, and the rules that wait for its age."""

    opportunity: arbitrage_pb2.Opportunity
    told_ns: int
    waiting: dict[str, Hold] = field(default_factory=dict)

    def tell(self, opportunity: arbitrage_pb2.Opportunity, at_ns: int) -> None:
        """An event that is looked at again changes nothing that is known by now."""
        if at_ns >= self.told_ns:
            self.opportunity, self.told_ns = opportunity, at_ns


class Evaluator:
    """Holds no more than the opportunities that are open, and the rules that wait for their age."""

    def __init__(
        self, rules_of: Callable[[str], Sequence[OwnRule]], progress: Progress, on_short: OnShort | None = None
    ) -> None:
        self._rules_of = rules_of  # of an asset: those that this replica evaluates for it
        self._on_short = on_short  # told of a rule that an opportunity has not reached until its end
        self._progress = progress
        self._open: dict[str, _Followed] = {}
        self._due: list[tuple[int, str, str]] = []  # waits that were given up stay until they are due or swept
        self._sweep_at = SWEEP_AT_LEAST
        self.is_caught_up = False
        self.evaluated = 0

    def reset(self) -> None:
        """Forgets what is open: the stream is about to tell it again."""
        self._open.clear()
        self._due.clear()
        self.is_caught_up = False

    def on_event(self, event: arbitrage_pb2.OpportunityEvent, slots: Collection[int] | None = None) -> list[Match]:
        """Takes the next event, or, again, one of before for the slots named. Every match returned holds its slot."""
        event_ns = from_timestamp(event.event_time)
        matches = self.on_time(event_ns)
        opportunity = event.opportunity
        if event.kind == arbitrage_pb2.OPPORTUNITY_EVENT_KIND_CLOSED:
            return matches + list(self._close(opportunity, from_duration(event.duration)))
        followed = self._open.setdefault(opportunity.id, _Followed(opportunity, event_ns))
        followed.tell(opportunity, event_ns)
        return matches + list(self._consider(followed, opportunity, event_ns, slots))

    def latest(self, opportunity_id: str) -> arbitrage_pb2.Opportunity | None:
        """As last told while it is open; None when it is not known to be."""
        followed = self._open.get(opportunity_id)
        return followed.opportunity if followed else None

    def on_time(self, now_ns: int) -> list[Match]:
        """The matches of rules whose wait is over; none while ends may still be told."""
        matches: list[Match] = []
        while self.is_caught_up and self._due and self._due[0][0] <= now_ns:
            _, opportunity_id, rule_name = heapq.heappop(self._due)
            followed = self._open.get(opportunity_id)
            hold = followed.waiting.pop(rule_name, None) if followed else None
            if followed and hold:
                matches += self._decide(followed.opportunity, rule_name, hold)
        return matches

    @contextmanager
    def looking_back(self) -> Iterator[None]:
        """In the block events of before are looked at again. An end that nobody saw was told after later events, so no
        wait ends as long as it may be still to come.
        """
        was_caught_up, self.is_caught_up = self.is_caught_up, False
        try:
            yield
        finally:
            self.is_caught_up = was_caught_up

    def on_gap(self, slots: Collection[int]) -> list[Match]:
        """Looks at all that is open, as last told, for slots whose earlier events are not all known."""
        open_now = list(self._open.values())
        return [match for one in open_now for match in self._consider(one, one.opportunity, one.told_ns, slots)]

    @property
    def next_due_ns(self) -> int | None:
        """When the next wait ends."""
        return self._due[0][0] if self._due else None

    def _consider(
        self,
        followed: _Followed,
        opportunity: arbitrage_pb2.Opportunity,
        event_ns: int,
        slots: Collection[int] | None,
    ) -> Iterator[Match]:
        for rule, tenure in self._rules_of(opportunity.asset):
            if (slots is not None and tenure.slot not in slots) or not covers(rule, opportunity):
                continue
            self.evaluated += 1
            due_ns = from_timestamp(opportunity.open_time) + from_duration(rule.min_life)
            if due_ns <= event_ns:
                if passes(rule, opportunity):
                    yield Match(rule, opportunity, opportunity.id, self._progress.hold(tenure))
            else:
                self._wait(followed, rule.name, tenure, due_ns)

    def _wait(self, followed: _Followed, rule_name: str, tenure: Tenure, due_ns: int) -> None:
        waiting = followed.waiting.get(rule_name)
        if waiting is not None and waiting.tenure is tenure:
            return
        followed.waiting[rule_name] = self._progress.hold(tenure)
        heapq.heappush(self._due, (due_ns, followed.opportunity.id, rule_name))
        if len(self._due) >= self._sweep_at:
            self._sweep()

    def _sweep(self) -> None:
        """An opportunity that closed leaves its waits behind, and they may be due in a day only."""
        self._due = [wait for wait in self._due if wait[1] in self._open and wait[2] in self._open[wait[1]].waiting]
        heapq.heapify(self._due)
        self._sweep_at = max(SWEEP_AT_LEAST, 2 * len(self._due))

    def _close(self, opportunity: arbitrage_pb2.Opportunity, duration_ns: int) -> Iterator[Match]:
        followed = self._open.pop(opportunity.id, None)
        self._tell_short(opportunity, duration_ns)
        for rule_name, hold in followed.waiting.items() if followed else ():
            rule = self._rule(rule_name, opportunity.asset)
            if rule and from_duration(rule.min_life) <= duration_ns:
                yield from self._decide(opportunity, rule_name, hold)
            else:
                hold.settle()

    def _tell_short(self, opportunity: arbitrage_pb2.Opportunity, lived_ns: int) -> None:
        for rule, _ in self._rules_of(opportunity.asset) if self._on_short else ():
            if covers(rule, opportunity) and (words := shortfall(rule, opportunity, lived_ns)) and self._on_short:
                self._on_short(rule, opportunity, words)

    def _decide(self, opportunity: arbitrage_pb2.Opportunity, rule_name: str, hold: Hold) -> Iterable[Match]:
        """The match, which takes over the hold, or none, which lets it go."""
        rule = self._rule(rule_name, opportunity.asset)
        if not hold.tenure.is_over and rule and covers(rule, opportunity) and passes(rule, opportunity):
            return [Match(rule, opportunity, opportunity.id, hold)]
        hold.settle()
        return []

    def _rule(self, name: str, asset: str) -> pb.AlertRule | None:
        return next((rule for rule, _ in self._rules_of(asset) if rule.name == name), None)


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
        and (not rule.HasField("min_alive_probability") or _will_be_there(rule, opportunity))
        and (not rule.HasField("filter") or passes_filter(rule.filter, opportunity, _told_ns(opportunity)))
    )


def shortfall(rule: pb.AlertRule, opportunity: arbitrage_pb2.Opportunity, lived_ns: int) -> str:
    """What it lacked for the rule at its best, in words; empty when it lacked nothing."""
    costs, lived = opportunity.costs, lived_ns / 1e9
    least_life = from_duration(rule.min_life) / 1e9
    net = max(costs.net_percent, opportunity.peak_net_percent)
    missed = (
        ("net", net, rule.min_net_percent, "%", rule.HasField("min_net_percent")),
        ("gross", costs.gross_percent, rule.min_gross_percent, "%", rule.HasField("min_gross_percent")),
        ("notional", opportunity.executable_notional, rule.min_notional, "", rule.HasField("min_notional")),
        ("life", lived, least_life, "s", True),
    )
    words = [
        f"{name} {had:.6g}{unit} is below {least:.6g}{unit}"
        for name, had, least, unit, is_set in missed
        if is_set and had < least
    ]
    if rule.HasField("min_alive_probability") and not _will_be_there(rule, opportunity):
        words.append(f"it is less likely than {rule.min_alive_probability:.6g} to live on for long enough")
    if rule.HasField("filter"):
        words += shortfalls(rule.filter, opportunity, _told_ns(opportunity))
    return ", ".join(words)


def _told_ns(opportunity: arbitrage_pb2.Opportunity) -> int:
    """Of the newest quote in it."""
    return max(from_timestamp(leg.receive_time) for leg in (opportunity.buy, opportunity.sell))


def _will_be_there(rule: pb.AlertRule, opportunity: arbitrage_pb2.Opportunity) -> bool:
    alive = alive_probability(opportunity.life, from_duration(rule.alive_after))
    return alive is not None and alive >= rule.min_alive_probability
