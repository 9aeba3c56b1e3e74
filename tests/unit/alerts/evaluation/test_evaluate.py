"""Which rules an event fires, and when."""

import pytest
from google.protobuf.duration_pb2 import Duration

from crossbook.alerts.evaluation.evaluate import SWEEP_AT_LEAST, Evaluator, covers, passes, shortfall
from crossbook.alerts.evaluation.progress import Progress
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.plumbing.data.leases import Tenure
from crossbook.plumbing.timestamps import SECOND_NS
from tests.support.alerts.stand_in_arbitrage import CLOSED, OPENED, UPDATED, event, opportunity

START_NS = 1_000 * SECOND_NS


def rule(name: str = "alertRules/r", *, life_seconds: int = 0, **fields: object) -> pb.AlertRule:
    return pb.AlertRule(
        **{"name": name, "is_enabled": True, "min_life": Duration(seconds=life_seconds), **fields}  # type: ignore[arg-type]
    )


def found(identifier: str = "o", net: float = 0.5, **fields: object) -> arbitrage_pb2.Opportunity:
    return opportunity(identifier, net=net, open_ns=START_NS, **fields)  # type: ignore[arg-type]


class Stream:
    """An evaluator that has every rule, in one slot, and its progress."""

    def __init__(self, *rules: pb.AlertRule) -> None:
        self.rules = list(rules)
        self.tenure = Tenure(slot=0, renewed_at=0.0)
        self.progress = Progress()
        self.evaluator = Evaluator(lambda _: [(rule, self.tenure) for rule in self.rules], self.progress)
        self.evaluator.is_caught_up = True
        self._number = 0

    def tell(
        self, kind: arbitrage_pb2.OpportunityEventKind.ValueType, it: arbitrage_pb2.Opportunity, after: float = 0
    ) -> list[str]:
        self._number += 1
        self.matches = self.evaluator.on_event(event(kind, it, after_seconds=after))
        self.progress.reach(self._number, str(self._number))
        return [match.cause for match in self.matches]

    def at(self, after: float) -> list[str]:
        self.matches = self.evaluator.on_time(START_NS + int(after * SECOND_NS))
        return [match.cause for match in self.matches]

    @property
    def token(self) -> str:
        """Where to resume."""
        return self.progress.oldest.token


def test_an_opened_opportunity_that_passes_matches_at_once_and_holds_its_position() -> None:
    stream = Stream(rule())
    assert stream.tell(OPENED, found()) == ["o"]
    assert stream.token == ""
    hold = stream.matches[0].hold
    assert hold is not None
    hold.settle()
    assert stream.token == "1"


def test_what_comes_to_pass_later_matches_at_the_update() -> None:
    stream = Stream(rule(min_net_percent=1.0))
    assert stream.tell(OPENED, found(net=0.5)) == []
    assert stream.tell(UPDATED, found(net=1.0), 1) == ["o"]
    assert stream.token == "1"


def test_a_rule_waits_until_the_opportunity_is_old_enough_and_then_looks_at_its_latest_numbers() -> None:
    stream = Stream(rule(life_seconds=10, min_net_percent=0.4))
    assert stream.tell(OPENED, found(net=0.5), 1) == []
    assert stream.tell(UPDATED, found(net=0.7), 5) == []
    assert stream.at(9.9) == []
    assert stream.at(10) == ["o"]
    assert stream.matches[0].opportunity.costs.net_percent == 0.7
    assert stream.at(20) == []


def test_a_wait_whose_opportunity_no_longer_passes_ends_without_a_match() -> None:
    stream = Stream(rule(life_seconds=10, min_net_percent=0.4))
    stream.tell(OPENED, found(net=0.5))
    stream.tell(UPDATED, found(net=0.3), 5)
    assert stream.at(10) == []
    assert stream.token == "2"
    assert stream.tell(UPDATED, found(net=0.6), 12) == ["o"]


def test_an_opportunity_that_closes_before_its_least_life_matches_nothing() -> None:
    stream = Stream(rule(life_seconds=10))
    stream.tell(OPENED, found())
    assert stream.tell(CLOSED, found(), 9) == []
    assert stream.at(10) == []
    assert stream.token == "2"


def test_a_replay_decides_by_the_streams_own_times() -> None:
    stream = Stream(rule(life_seconds=10))
    stream.tell(OPENED, found("short"))
    stream.tell(OPENED, found("long"))
    assert stream.tell(CLOSED, found("short"), 5) == []
    assert stream.tell(CLOSED, found("long"), 15) == ["long"]


def test_a_wait_holds_the_position_before_its_event() -> None:
    stream = Stream(rule(life_seconds=10))
    stream.tell(OPENED, found())
    stream.tell(OPENED, found("other"), 1)
    assert stream.token == ""
    assert stream.evaluator.next_due_ns == START_NS + 10 * SECOND_NS


def test_a_rule_that_is_gone_or_disabled_meanwhile_does_not_match() -> None:
    stream = Stream(rule(life_seconds=10))
    stream.tell(OPENED, found())
    stream.rules.clear()
    assert stream.at(10) == []
    assert stream.token == "1"


def test_a_close_alone_matches_nothing() -> None:
    stream = Stream(rule())
    assert stream.tell(CLOSED, found(), 100) == []


def test_a_reset_forgets_every_wait() -> None:
    stream = Stream(rule(life_seconds=10))
    stream.tell(OPENED, found())
    stream.evaluator.reset()
    assert stream.evaluator.next_due_ns is None
    assert stream.at(10) == []


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, True),
        ({"venues": ["binance", "okx", "paradex"]}, True),
        ({"venues": ["binance", "paradex"]}, False),
        ({"symbols": ["BTC/USDT:USDT"]}, True),
        ({"symbols": ["ETH/USDT:USDT"]}, False),
        ({"assets": ["ETH", "BTC"]}, True),
        ({"assets": ["ETH"]}, False),
    ],
)
def test_filters_combine_with_and(fields: dict[str, object], expected: bool) -> None:
    assert covers(rule(**fields), found()) is expected


def test_one_leg_of_a_named_symbol_is_enough() -> None:
    it = found()
    it.sell.symbol = "BTC/USDC:USDC"
    assert covers(rule(symbols=["BTC/USDC:USDC"]), it)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"min_gross_percent": 0.7, "min_net_percent": 0.5, "min_notional": 1000.0}, True),
        ({"min_gross_percent": 0.71}, False),
        ({"min_net_percent": 0.51}, False),
        ({"min_notional": 1000.01}, False),
        ({"min_net_percent": 0.0}, True),
    ],
)
def test_every_threshold_must_be_reached(fields: dict[str, object], expected: bool) -> None:
    assert passes(rule(**fields), found()) is expected


def test_without_thresholds_even_a_loss_passes() -> None:
    assert passes(rule(), found(net=-1.0))


def test_waits_that_were_given_up_do_not_pile_up() -> None:
    """Opportunities that close long before a rule's least life leave nothing; one that stays is still decided."""
    stream = Stream(rule(life_seconds=86_400))
    stream.tell(OPENED, found("stays"))
    for number in range(5 * SWEEP_AT_LEAST):
        stream.tell(OPENED, found(str(number)))
        stream.tell(CLOSED, found(str(number)))
        assert len(stream.evaluator._due) < SWEEP_AT_LEAST
    assert stream.at(86_400) == ["stays"]


def test_a_filter_is_a_threshold_like_the_others_and_what_it_lacks_is_said() -> None:
    """By what is told of the legs at the time of the newest quote; what is not known does not pass."""
    wanted = arbitrage_pb2.OpportunityFilter(min_volume_24h=1e6)
    filtered, it = rule(filter=wanted), found()
    assert not passes(filtered, it)
    for leg in (it.buy, it.sell):
        leg.facts.volume_24h = 1e6
    assert passes(filtered, it)
    it.sell.facts.volume_24h = 10.0
    assert not passes(filtered, it)
    assert shortfall(filtered, it, SECOND_NS) == f"{it.sell.venue}'s volume of 24 hours 10.00 is below 1000000"
