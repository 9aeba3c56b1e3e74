"""Rules over windows: every interval, and when CheckAlerts asks, arbitrage lists what its closed windows show.

A rule's round is made by the replica that has the rule's slot, soon after the interval's end, and whoever gains the
slot makes one at once: so a takeover within an interval misses no window. The cause of a match is the pair and the end
of its window, so replicas that check at the same time fire once. Nothing waits here: while Redis, Postgres or
arbitrage is down the round is skipped, and the next one looks at newer windows.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

import structlog

from crossbook.alerts.evaluation.evaluate import passes
from crossbook.alerts.evaluation.owned_slots import OwnedSlots
from crossbook.alerts.evaluation.replicas import ArbitrageReplicas
from crossbook.alerts.firing import Fired, Firing, Suppressed
from crossbook.alerts.match import Match
from crossbook.alerts.rulebook import Rulebook
from crossbook.alerts.rules import is_scheduled
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.tasks import set_within
from crossbook.plumbing.timestamps import SECOND_NS, from_timestamp

LIMIT = 1000
COMMIT_SECONDS = 1.0  # after a window's end: until then it is hardly in Postgres
SOURCES = {
    pb.ALERT_TRIGGER_SNAPSHOT: arbitrage_pb2.PRICE_SOURCE_SNAPSHOT,
    pb.ALERT_TRIGGER_MINUTE: arbitrage_pb2.PRICE_SOURCE_MINUTE,
}

log = structlog.get_logger()


@dataclass(slots=True)
class Findings:
    """What one round found."""

    rules_evaluated: int = 0
    alerts: list[pb.Alert] = field(default_factory=list)
    suppressed: int = 0


class Schedule:
    """Evaluates the scheduled rules."""

    def __init__(
        self,
        rulebook: Rulebook,
        replicas: ArbitrageReplicas,
        slots: OwnedSlots,
        firing: Firing,
        interval_seconds: float,
        clock: Clock,
    ) -> None:
        self._rulebook = rulebook
        self._replicas = replicas
        self._slots = slots
        self._firing = firing
        self._interval_seconds = interval_seconds
        self._clock = clock
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Slots were gained."""
        self._wake.set()

    async def run(self) -> None:
        """A round every interval until cancelled."""
        await self._rulebook.is_read.wait()
        while True:
            self._wake.clear()
            try:
                await self.check(rule for rule in self._rulebook.rules() if self._slots.has(rule))
            except UnavailableError as error:
                log.warning("schedule_skipped", reason=str(error))
            await set_within(self._wake, self._seconds_to_next())

    def _seconds_to_next(self) -> float:
        return self._interval_seconds - (self._clock.now_ns() / SECOND_NS - COMMIT_SECONDS) % self._interval_seconds

    async def check(self, rules: Iterable[pb.AlertRule]) -> Findings:
        """Evaluates those of the rules that are scheduled and enabled. Raises UnavailableError."""
        findings = Findings()
        for rule in rules:
            if rule.is_enabled and is_scheduled(rule):
                await self._check(rule, findings)
        return findings

    async def _check(self, rule: pb.AlertRule, findings: Findings) -> None:
        findings.rules_evaluated += 1
        for opportunity in await self._list(rule):
            if not passes(rule, opportunity):
                continue
            verdict = await self._firing.fire(Match(rule, opportunity, _cause(rule, opportunity)))
            if isinstance(verdict, Fired):
                findings.alerts.append(verdict.alert)
            findings.suppressed += isinstance(verdict, Suppressed)

    async def _list(self, rule: pb.AlertRule) -> Iterable[arbitrage_pb2.Opportunity]:
        request = arbitrage_pb2.ListOpportunitiesRequest(
            venues=rule.venues,
            symbols=rule.symbols,
            assets=rule.assets,
            min_gross_percent=rule.min_gross_percent if rule.HasField("min_gross_percent") else None,
            min_net_percent=rule.min_net_percent if rule.HasField("min_net_percent") else None,
            price_source=SOURCES[rule.trigger],
            limit=LIMIT,
            filter=rule.filter if rule.HasField("filter") else None,
        )
        return (await self._replicas.list_opportunities(request)).opportunities


def _cause(rule: pb.AlertRule, opportunity: arbitrage_pb2.Opportunity) -> str:
    source = pb.AlertTrigger.Name(rule.trigger).removeprefix("ALERT_TRIGGER_").lower()
    legs = (opportunity.buy, opportunity.sell)
    end_ns = max(from_timestamp(leg.receive_time) for leg in legs)
    return ":".join((source, opportunity.asset, *(f"{leg.venue}:{leg.symbol}" for leg in legs), str(end_ns)))
