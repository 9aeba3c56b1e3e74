"""A trouble opens when it has lasted, and closes when it is over."""

from collections.abc import Collection, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from crossbook.alerts.conditions.instruments import NotLive
from crossbook.alerts.conditions.resyncs import Resyncs
from crossbook.alerts.conditions.watch import ConditionWatch
from crossbook.alerts.holding.hold_back import NOTHING_KNOWN
from crossbook.alerts.holding.inhibitions import Domain
from crossbook.alerts.match import Match
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2, facts_pb2, market_pb2
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.timestamps import SECOND_NS, to_timestamp

FEED = pb.AlertRule(name="alertRules/feed", is_enabled=True, trigger=pb.ALERT_TRIGGER_FEED)
SYSTEM = pb.AlertRule(name="alertRules/system", is_enabled=True, trigger=pb.ALERT_TRIGGER_SYSTEM)


class World:
    """Everything around the watch: what is known, what fired, and what is open by the tables."""

    def __init__(self, *rules: pb.AlertRule) -> None:
        self.now_ns = 100 * SECOND_NS
        self.venues: dict[str, market_pb2.VenueHealth] = {}
        self.fired: list[Match] = []
        self.open: dict[str, set[str]] = {}
        self.is_away = False
        self.domain = Domain(self.venues)
        self.sources = SimpleNamespace(
            look=self.look_at_sources, trackers={}, shards={}, resyncs=Resyncs(), not_live=None, facts=None
        )
        stats = arbitrage_pb2.GetArbitrageStatsResponse(connected=True)
        parts = {
            "rulebook": SimpleNamespace(rules=lambda: rules),
            "slots": SimpleNamespace(has=lambda rule: True),
            "feeds": SimpleNamespace(domain=lambda: self.domain, stats=stats),
            "sources": self.sources,
            "canaries": SimpleNamespace(look=self.look_at_canaries),
            "replicas": None,
            "firing": self,
            "store": self,
            "closings": SimpleNamespace(close=self.close),
            "clock": SimpleNamespace(now_ns=lambda: self.now_ns),
        }
        self.watch = ConditionWatch(**cast(dict[str, Any], parts), folder=Path())

    async def look_at_sources(self, wants: object) -> None:
        pass

    async def look_at_canaries(self, rules: Iterable[pb.AlertRule]) -> None:
        assert all(rule.trigger == pb.ALERT_TRIGGER_CANARY for rule in rules)

    async def fire(self, match: Match) -> None:
        if self.is_away:
            raise UnavailableError("Postgres cannot be reached")
        self.fired.append(match)
        self.open.setdefault(match.rule.name, set()).add(match.cause)

    async def open_troubles(self, rule: str) -> Collection[str]:
        if self.is_away:
            raise UnavailableError("Postgres cannot be reached")
        return self.open.get(rule, set())

    def close(self, cause: str, at_ns: int) -> None:
        for causes in self.open.values():
            causes.discard(cause)

    def sicken(self, venue: str) -> None:
        since = to_timestamp(self.now_ns)
        state = market_pb2.VENUE_STATE_DOWN
        self.venues[venue] = market_pb2.VenueHealth(venue=venue, state=state, since_time=since)


async def test_a_trouble_is_told_once_and_closes_when_it_is_over() -> None:
    """However often it is looked at, and by whomever: what is open stands in the table."""
    world = World(FEED)
    world.sicken("v1")
    await world.watch.look()
    await world.watch.look()
    (match,) = world.fired
    assert match.trouble is not None
    assert (match.trouble.venue, match.cause) == ("v1", f"venue_state:v1::@{100 * SECOND_NS}")
    heir = World(FEED)
    heir.open = world.open
    heir.venues.update(world.venues)
    await heir.watch.look()
    assert heir.fired == []
    heir.venues.clear()
    await heir.watch.look()
    assert heir.open == {"alertRules/feed": set()}


async def test_one_that_has_not_lasted_is_no_trouble_yet() -> None:
    """As long as the rule says; one that comes back begins anew."""
    patient = pb.AlertRule()
    patient.CopyFrom(FEED)
    patient.min_life.FromSeconds(10)
    world = World(patient)
    world.sicken("v1")
    world.now_ns += 9 * SECOND_NS
    await world.watch.look()
    world.venues.clear()
    await world.watch.look()
    world.sicken("v1")
    world.now_ns += 9 * SECOND_NS
    await world.watch.look()
    assert world.fired == []
    world.now_ns += SECOND_NS
    await world.watch.look()
    assert len(world.fired) == 1


async def test_that_postgres_was_away_is_told_once_it_is_back_and_is_over_then() -> None:
    """Since when it was so is kept meanwhile."""
    world = World(SYSTEM)
    world.is_away = True
    await world.watch.look()
    world.now_ns += 30 * SECOND_NS
    await world.watch.look()
    world.is_away = False
    await world.watch.look()
    (match,) = world.fired
    assert match.trouble is not None
    assert (match.trouble.reason, match.trouble.since_time.seconds) == (pb.ALERT_REASON_DATABASE, 100)
    await world.watch.look()
    assert world.open == {"alertRules/system": set()}


async def test_what_nobody_can_tell_of_now_stays_as_it_was() -> None:
    """Arbitrage, or a shard, does not answer: a venue that was sick and an instrument that was stale are no better."""
    stale = pb.AlertRule(name="alertRules/stale", is_enabled=True, trigger=pb.ALERT_TRIGGER_FEED)
    stale.feed.stale_after.FromSeconds(60)
    world = World(stale)
    world.sicken("v1")
    quote = market_pb2.Quote(venue="v2", symbol="BTC/USDT:USDT", asset="BTC", state=market_pb2.BOOK_STATE_STALE)
    world.sources.not_live = NotLive()
    world.sources.not_live.note([quote])
    await world.watch.look()
    assert sorted(match.cause.partition(":")[0] for match in world.fired) == ["stale", "venue_state"]
    known, world.sources.not_live, world.domain = world.sources.not_live, None, NOTHING_KNOWN
    await world.watch.look()
    assert len(world.open["alertRules/stale"]) == 2
    known.note([])
    world.sources.not_live, world.domain = known, Domain()
    await world.watch.look()
    assert world.open == {"alertRules/stale": set()}


async def test_a_spread_and_a_basis_open_and_close_by_what_instruments_tell() -> None:
    """What shards do not tell any more stays open."""
    spread = pb.AlertRule(name="alertRules/spread", is_enabled=True, trigger=pb.ALERT_TRIGGER_FUNDING_SPREAD)
    spread.funding_spread.min_percent_per_hour = 0.01
    basis = pb.AlertRule(name="alertRules/basis", is_enabled=True, trigger=pb.ALERT_TRIGGER_BASIS)
    basis.basis.min_percent = 1.0
    world = World(spread, basis)
    world.sources.facts = [funding("v1", 0.08), funding("v2", -0.08), marked("v1", 102.0)]
    await world.watch.look()
    world.sources.facts = None
    await world.watch.look()
    assert {rule: len(causes) for rule, causes in world.open.items()} == {"alertRules/spread": 1, "alertRules/basis": 1}
    world.sources.facts = [funding("v1", 0.08), funding("v2", 0.07), marked("v1", 100.5)]
    await world.watch.look()
    assert world.open == {"alertRules/spread": set(), "alertRules/basis": set()}


def facts_of(venue: str, values: dict[facts_pb2.FactKind.ValueType, float]) -> facts_pb2.InstrumentFacts:
    known = facts_pb2.FACT_STATE_KNOWN
    told = [facts_pb2.InstrumentFact(kind=kind, state=known, value=value) for kind, value in values.items()]
    return facts_pb2.InstrumentFacts(venue=venue, symbol="BTC/USDT:USDT", asset="BTC", facts=told)


def funding(venue: str, percent: float) -> facts_pb2.InstrumentFacts:
    """In eight hours."""
    kinds = (facts_pb2.FACT_KIND_FUNDING_RATE, facts_pb2.FACT_KIND_FUNDING_INTERVAL)
    return facts_of(venue, dict(zip(kinds, (percent, 8 * 3600.0), strict=True)))


def marked(venue: str, mark: float) -> facts_pb2.InstrumentFacts:
    return facts_of(venue, {facts_pb2.FACT_KIND_MARK_PRICE: mark, facts_pb2.FACT_KIND_INDEX_PRICE: 100.0})
