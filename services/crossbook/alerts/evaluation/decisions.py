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
from crossbook.plumbing.timestamps import from_timestamp


@dataclass(frozen=True, slots=True, order=True)
class Decision:
    """An alert that fires: `cause` is the opportunity's id."""

    rule: str
    cause: str


def decide(rules: Sequence[pb.AlertRule], events: Iterable[arbitrage_pb2.OpportunityEvent]) -> Iterator[Decision]:
    """Every alert that the events fire, in order."""
    alone = Tenure(slot=0, renewed_at=0.0)
    own = [(rule, alone) for rule in rules if rule.is_enabled and follows_opportunities(rule)]
    evaluator, cooldowns = Evaluator(lambda _: own, Progress()), _Cooldowns()
    groups = cooldowns.groups
    for event in events:
        for match in evaluator.on_event(event):
            if cooldowns.claim(match, from_timestamp(event.event_time)):
                groups.join(match)
                yield Decision(match.rule.name, match.cause)
            if match.hold:
                match.hold.settle()
        if event.kind == arbitrage_pb2.OPPORTUNITY_EVENT_KIND_CLOSED:
            groups.close(event.opportunity.id, from_timestamp(event.event_time))


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
    """One claim per rule, asset and pair of venues at a time, one alert per rule and cause for ever."""

    def __init__(self) -> None:
        self.groups = _Groups()
        self._until_ns: dict[tuple[str, str, str, str], int] = {}
        self._fired: set[tuple[str, str]] = set()

    def claim(self, match: Match, now_ns: int) -> bool:
        found = match.opportunity
        pair = (match.rule.name, found.asset, found.buy.venue, found.sell.venue)
        cause = (match.rule.name, match.cause)
        is_free = self._until_ns.get(pair, now_ns) <= now_ns or self.groups.has(match, now_ns)
        if cause in self._fired or not is_free:
            return False
        self._fired.add(cause)
        self._until_ns[pair] = now_ns + cooldown_ns(match.rule)
        return True
