"""Signs of life: an alert of each due time, which goes the way of all alerts, and how the channels took them.

Due times are counted from the epoch, so all replicas mean the same ones, and a due time is a canary's cause: whoever
comes first fires it, and Postgres makes it one. What was due while nothing went out is not made up for: of the due
times only the present one is told, late, once there is a way again. A replica that starts tells it too if nobody has,
so a new rule's first canary comes at once.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime

from crossbook.alerts.conditions.troubles import new_trouble
from crossbook.alerts.counters import Counters
from crossbook.alerts.firing import Busy, Firing
from crossbook.alerts.match import Match
from crossbook.alerts.names import reason_word
from crossbook.alerts.rulebook import Rulebook
from crossbook.alerts.store.alerts import AlertStore
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.timestamps import SECOND_NS, duration_or, to_timestamp

DEFAULT_INTERVAL_NS = 3600 * SECOND_NS
STATS_SECONDS = 5.0


def interval_ns(rule: pb.AlertRule) -> int:
    """From one due time to the next."""
    return duration_or(rule.canary, "interval", DEFAULT_INTERVAL_NS)


def due_ns(rule: pb.AlertRule, now_ns: int) -> int:
    """The last due time."""
    return now_ns - now_ns % interval_ns(rule)


def cause_of(at_ns: int) -> str:
    """Of the canary that is due then."""
    return f"{reason_word(pb.ALERT_REASON_CANARY)}@{at_ns}"


class Canaries:
    """Of the rules whose trigger is the clock."""

    def __init__(self, rulebook: Rulebook, firing: Firing, store: AlertStore, counters: Counters, clock: Clock) -> None:
        self._rulebook = rulebook
        self._firing = firing
        self._store = store
        self._counters = counters
        self._clock = clock
        self._decided: dict[str, int] = {}  # the due time of each rule that needs no further look

    async def look(self, rules: Iterable[pb.AlertRule]) -> None:
        """Fires what is due of rules that are ours, once. Raises UnavailableError: then it is due still."""
        for rule in rules:
            at_ns = due_ns(rule, self._clock.now_ns())
            if self._decided.get(rule.name) != at_ns:
                verdict = await self._firing.fire(_match(rule, at_ns))
                if not isinstance(verdict, Busy):
                    self._decided[rule.name] = at_ns

    async def run(self) -> None:
        """Keeps what the channels took up to date, until cancelled."""
        while True:
            with suppress(UnavailableError):  # the health watch says so; what was known stands
                await self.count()
            await asyncio.sleep(STATS_SECONDS)

    async def count(self) -> None:
        """Asks once. Raises UnavailableError."""
        rules = {rule.name: rule for rule in self._rulebook.rules() if rule.trigger == pb.ALERT_TRIGGER_CANARY}
        taken = await self._store.last_taken(list(rules)) if rules else {}
        now_ns = self._clock.now_ns()
        self._counters.canaries = [
            _stats(rule, channel.id, taken.get((name, channel.id)), now_ns)
            for name, rule in sorted(rules.items())
            for channel in sorted(rule.channels, key=lambda one: one.id)
            if rule.is_enabled
        ]


def _match(rule: pb.AlertRule, at_ns: int) -> Match:
    due = datetime.fromtimestamp(at_ns // SECOND_NS, UTC).strftime("%H:%M:%S")
    words = f"alerts are alive: a sign of life every {interval_ns(rule) / SECOND_NS:g} s, this one due at {due} UTC"
    trouble = new_trouble(pb.ALERT_REASON_CANARY, words, since_ns=at_ns)
    return Match(rule, arbitrage_pb2.Opportunity(), cause_of(at_ns), trouble=trouble)


def _stats(rule: pb.AlertRule, channel: str, taken: datetime | None, now_ns: int) -> pb.CanaryStats:
    stats = pb.CanaryStats(rule=rule.name, channel_id=channel)
    stats.due_time.CopyFrom(to_timestamp(due_ns(rule, now_ns) + interval_ns(rule)))
    if taken is not None:
        stats.delivery_time.FromDatetime(taken)
    return stats
