"""The part of the evaluation that this replica does: its slots, how far each is handled, and what is kept of the rest.

A slot stands for some (rule, asset) pairs, of which there may be millions. Events that another replica evaluates are
kept, so that a slot that is gained begins where its last owner was certainly done; claims make what both did one alert.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b

import structlog

from crossbook.alerts.counters import Counters
from crossbook.alerts.evaluation.evaluate import Evaluator, OnShort, OwnRule
from crossbook.alerts.evaluation.progress import Progress
from crossbook.alerts.evaluation.recent_events import Event, RecentEvents
from crossbook.alerts.match import Match, Position
from crossbook.alerts.rules import follows_opportunities
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.plumbing.data.leases import Tenure
from crossbook.plumbing.timestamps import from_timestamp

SLOTS = 64
ASSETS_LIMIT = 10_000
HASHES_LIMIT = 65_536

log = structlog.get_logger()


class OwnedSlots:
    """Everything here happens on the event loop and never waits. Slots are held from `begin` to `end`."""

    def __init__(
        self, rules: Callable[[], Sequence[pb.AlertRule]], counters: Counters, on_short: OnShort | None = None
    ) -> None:
        self._rules = rules
        self._counters = counters
        self._tenures: dict[int, Tenure] = {}
        self._own: dict[str, list[OwnRule]] = {}  # what _rules_of gave; forgotten whenever it may be wrong
        self._own_of: Sequence[pb.AlertRule] = ()
        self._progress = Progress()
        self._evaluator = Evaluator(self._rules_of, self._progress, on_short)
        self._kept = RecentEvents()

    def restart(self, position: Position | None = None) -> str:
        """The token to resume from, before which all is settled; forgets what is open, for it is told again."""
        self._progress.restart(self._progress.oldest if position is None else position)
        self._evaluator.reset()
        self._kept.resume(self._progress.reached.event_ns)
        return self._progress.reached.token

    def on_event(self, event: Event) -> list[Match]:
        """The next event of the stream."""
        self._kept.add(event)
        matches = self._evaluator.on_event(event)
        self._progress.reach(from_timestamp(event.event_time), event.resume_token)
        self._counters.evaluated = self._evaluator.evaluated
        return matches

    @property
    def is_caught_up(self) -> bool:
        """Whether the stream has told what was missed before it."""
        return self._evaluator.is_caught_up

    def catch_up(self) -> None:
        """It has."""
        self._evaluator.is_caught_up = True

    def on_time(self, now_ns: int) -> list[Match]:
        """The stream is quiet: the matches of rules whose wait is over."""
        return self._evaluator.on_time(now_ns)

    @property
    def next_due_ns(self) -> int | None:
        """When the next wait ends."""
        return self._evaluator.next_due_ns

    def begin(self, gained: Iterable[Tenure], positions: Mapping[int, Position]) -> list[Match]:
        """Takes slots, each from the position that was saved for it; one without begins with all that is kept."""
        groups: defaultdict[Position, set[int]] = defaultdict(set)
        for tenure in gained:
            self._tenures[tenure.slot] = tenure
            groups[positions.get(tenure.slot, Position())].add(tenure.slot)
        self._own.clear()
        matches = [match for position, slots in groups.items() for match in self._replay(position, slots)]
        self._count()
        return matches

    def end(self, tenures: Iterable[Tenure]) -> None:
        """Leaves slots to others."""
        for tenure in tenures:
            if self._tenures.get(tenure.slot) is tenure:
                del self._tenures[tenure.slot]
                self._progress.forget(tenure.slot)
        self._own.clear()
        self._count()

    def positions(self, tenures: Iterable[Tenure] | None = None) -> dict[int, Position]:
        """Where another replica would have to begin; of the slots that have begun."""
        wanted = self._tenures.values() if tenures is None else tenures
        begun = [tenure.slot for tenure in wanted if self._tenures.get(tenure.slot) is tenure]
        return {slot: position for slot in begun if (position := self._progress.position(slot)).token}

    def has(self, rule: pb.AlertRule) -> bool:
        """Whether this replica evaluates the scheduled rule: such a rule looks at all assets at once."""
        return self.owns(rule.name, "")

    def owns(self, rule: str, asset: str) -> bool:
        """Whether this replica evaluates the rule for the asset."""
        tenure = self._tenures.get(slot_of(rule, asset))
        return tenure is not None and tenure.is_current

    def latest(self, opportunity_id: str) -> arbitrage_pb2.Opportunity | None:
        """An open opportunity as last told, whoever evaluates it."""
        return self._evaluator.latest(opportunity_id)

    def kept(self, opportunity_id: str) -> arbitrage_pb2.Opportunity | None:
        """One of which the newest events told, as it was told last."""
        return self._kept.latest(opportunity_id)

    def _replay(self, position: Position, slots: set[int]) -> list[Match]:
        since = self._kept.since(position)
        with self._progress.replaying(position, since.told), self._evaluator.looking_back():
            matches = [] if since.is_whole else self._evaluator.on_gap(slots)
            for event in since.events:
                matches += self._evaluator.on_event(event, slots)
        if not since.is_whole:
            log.warning("events_forgotten", slots=len(slots), kept=len(self._kept))
        return matches

    def _rules_of(self, asset: str) -> Sequence[OwnRule]:
        rules = self._rules()
        if rules is not self._own_of or len(self._own) >= ASSETS_LIMIT:
            self._own.clear()
            self._own_of = rules
        own = self._own.get(asset)
        if own is None:
            own = self._own[asset] = [
                (rule, tenure)
                for rule in rules
                if rule.is_enabled
                and follows_opportunities(rule)
                and (tenure := self._tenures.get(slot_of(rule.name, asset)))
            ]
        return own

    def _count(self) -> None:
        self._counters.owned_slots = len(self._tenures)
        self._counters.evaluated = self._evaluator.evaluated


def slot_of(rule: str, asset: str) -> int:
    """The same in every process."""
    return (_hash(rule) ^ _hash(asset)) % SLOTS


@lru_cache(HASHES_LIMIT)
def _hash(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")
