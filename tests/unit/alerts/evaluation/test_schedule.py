"""Rules over windows: what a round asks arbitrage, and what fires."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from crossbook.alerts.counters import Counters
from crossbook.alerts.evaluation.owned_slots import OwnedSlots
from crossbook.alerts.evaluation.replicas import ArbitrageReplicas
from crossbook.alerts.evaluation.schedule import LIMIT, Schedule
from crossbook.alerts.firing import Duplicate, Fired, Firing, Suppressed, Verdict
from crossbook.alerts.match import Match
from crossbook.alerts.rulebook import Rulebook
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.timestamps import SECOND_NS, to_timestamp
from tests.support.alerts.memory_rules import MemoryRules
from tests.support.alerts.stand_in_arbitrage import opportunity
from tests.support.waiting import eventually

END_NS = 1_750_000_005 * SECOND_NS


class Lists(ArbitrageReplicas):
    """Answers with what the test lists; the next errors first."""

    def __init__(self) -> None:
        self.listed: list[arbitrage_pb2.Opportunity] = []
        self.requests: list[arbitrage_pb2.ListOpportunitiesRequest] = []
        self.errors: list[Exception] = []

    async def list_opportunities(
        self, request: arbitrage_pb2.ListOpportunitiesRequest
    ) -> arbitrage_pb2.ListOpportunitiesResponse:
        if self.errors:
            raise self.errors.pop(0)
        self.requests.append(request)
        return arbitrage_pb2.ListOpportunitiesResponse(opportunities=self.listed)


class Decided(Firing):
    """Decides as it is told: by cause, else Fired."""

    def __init__(self) -> None:
        self.matches: list[Match] = []
        self.verdicts: Iterator[Verdict] = iter(())

    async def fire(self, match: Match) -> Verdict:
        self.matches.append(match)
        return next(self.verdicts, Fired(pb.Alert(name=f"alerts/a-{len(self.matches)}")))


class Slots(OwnedSlots):
    """Has the slots of these rules."""

    def __init__(self, *names: str) -> None:
        self.names = set(names)

    def has(self, rule: pb.AlertRule) -> bool:
        return rule.name in self.names


def windowed(identifier: str = "o-1", **given: Any) -> arbitrage_pb2.Opportunity:
    """One that a closed window shows."""
    found = opportunity(identifier, **given)
    found.buy.receive_time.CopyFrom(to_timestamp(END_NS - SECOND_NS))
    found.sell.receive_time.CopyFrom(to_timestamp(END_NS))
    return found


def rule(name: str = "r", trigger: pb.AlertTrigger.ValueType = pb.ALERT_TRIGGER_SNAPSHOT, **given: Any) -> pb.AlertRule:
    return pb.AlertRule(name=f"alertRules/{name}", is_enabled=True, trigger=trigger, **given)


class World:
    """A schedule over rules in memory."""

    def __init__(self, *owned: str, interval_seconds: float = 3600.0) -> None:
        self.lists, self.firing, self.store = Lists(), Decided(), MemoryRules()
        self.rulebook, self.counters = Rulebook(self.store), Counters()
        slots = Slots(*owned)
        self.schedule = Schedule(self.rulebook, self.lists, slots, self.firing, interval_seconds, Clock())


async def test_arbitrage_is_asked_for_what_the_rule_says() -> None:
    """Its filters and thresholds, its kind of window; a threshold that it has not is not sent."""
    world = World()
    given = rule(venues=["alpha"], symbols=["BTC/USDT:USDT"], assets=["BTC"], min_net_percent=0.2)
    await world.schedule.check([given, rule("minutes", pb.ALERT_TRIGGER_MINUTE)])
    asked, minutes = world.lists.requests
    assert asked == arbitrage_pb2.ListOpportunitiesRequest(
        venues=["alpha"],
        symbols=["BTC/USDT:USDT"],
        assets=["BTC"],
        min_net_percent=0.2,
        price_source=arbitrage_pb2.PRICE_SOURCE_SNAPSHOT,
        limit=LIMIT,
    )
    assert minutes.price_source == arbitrage_pb2.PRICE_SOURCE_MINUTE


async def test_a_round_fires_what_passes_and_says_what_became_of_it() -> None:
    """What is suppressed is counted, what has fired before is neither."""
    world = World()
    world.lists.listed = [windowed("a"), windowed("b"), windowed("c"), windowed("too little", net=0.1)]
    world.firing.verdicts = iter([Fired(pb.Alert(name="alerts/1")), Suppressed(), Duplicate()])
    findings = await world.schedule.check([rule(min_net_percent=0.2)])
    assert [match.opportunity.id for match in world.firing.matches] == ["a", "b", "c"]
    assert [alert.name for alert in findings.alerts] == ["alerts/1"]
    assert (findings.rules_evaluated, findings.suppressed) == (1, 1)


async def test_the_cause_is_the_pair_and_the_end_of_its_window() -> None:
    """So replicas that check at the same time fire once, and each window once."""
    world = World()
    world.lists.listed = [windowed("whatever")]
    await world.schedule.check([rule()])
    pair = "BTC:binance:BTC/USDT:USDT:okx:BTC/USDT:USDT"
    assert [match.cause for match in world.firing.matches] == [f"snapshot:{pair}:{END_NS}"]
    await world.schedule.check([rule(trigger=pb.ALERT_TRIGGER_MINUTE)])
    assert world.firing.matches[1].cause == f"minute:{pair}:{END_NS}"


async def test_rules_that_are_off_or_of_the_stream_are_left_out() -> None:
    """They are not counted as evaluated."""
    world = World()
    off = rule()
    off.is_enabled = False
    findings = await world.schedule.check([off, rule("stream", pb.ALERT_TRIGGER_OPPORTUNITY)])
    assert (findings.rules_evaluated, world.lists.requests) == (0, [])


async def test_a_replica_checks_the_rules_of_its_slots_and_again_when_it_gains_some() -> None:
    """At once: a takeover within an interval misses no window. Before the rules are read nothing is checked."""
    world = World("alertRules/mine")
    for name in ("mine", "other"):
        await world.store.create_rule(name, rule(name, assets=[name.upper()]))
    task = asyncio.create_task(world.schedule.run())
    await asyncio.sleep(0.01)
    assert world.lists.requests == []
    await world.rulebook.refresh()
    await eventually(lambda: [list(asked.assets) for asked in world.lists.requests] == [["MINE"]])
    world.schedule.wake()
    await eventually(lambda: len(world.lists.requests) == 2)
    task.cancel()


async def test_a_round_that_arbitrage_does_not_answer_is_skipped_not_queued() -> None:
    """The next one asks again."""
    world = World("alertRules/r", interval_seconds=0.01)
    await world.store.create_rule("r", rule())
    await world.rulebook.refresh()
    world.lists.errors = [UnavailableError("arbitrage does not answer (UNAVAILABLE)")] * 2
    task = asyncio.create_task(world.schedule.run())
    await eventually(lambda: world.lists.requests)
    assert world.lists.errors == []
    task.cancel()


async def test_a_check_on_demand_says_that_arbitrage_does_not_answer() -> None:
    """To whoever asked for it."""
    world = World()
    world.lists.errors = [UnavailableError("arbitrage does not answer (UNAVAILABLE)")]
    with pytest.raises(UnavailableError):
        await world.schedule.check([rule()])
