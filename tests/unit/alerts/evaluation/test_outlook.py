"""What a prediction says of a moment."""

import pytest

from crossbook.alerts.evaluation.evaluate import passes
from crossbook.alerts.evaluation.outlook import alive_probability
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.plumbing.timestamps import to_duration

MS = 1_000_000


def predicted(*alive: tuple[int, float]) -> arbitrage_pb2.LifePrediction:
    """By (ms, probability)."""
    horizons = [
        arbitrage_pb2.LifeHorizon(after=to_duration(after * MS), alive_probability=probability)
        for after, probability in alive
    ]
    return arbitrage_pb2.LifePrediction(model="lifeModels/1", horizons=horizons)


def test_between_horizons_hazards_are_even() -> None:
    """At them it is what they say, and now it is certain."""
    life = predicted((100, 0.64), (300, 0.16))
    known = {after: alive_probability(life, after * MS) for after in (0, 50, 100, 200, 300)}
    assert known == pytest.approx({0: 1.0, 50: 0.8, 100: 0.64, 200: 0.32, 300: 0.16})


def test_nothing_is_said_beyond_the_last_horizon_or_without_a_model() -> None:
    """Unknown is not a probability."""
    assert alive_probability(predicted((100, 0.5)), 101 * MS) is None
    assert alive_probability(arbitrage_pb2.LifePrediction(unknown="n = 3 of 1000"), MS) is None


def test_a_rule_that_wants_it_to_be_there_is_not_fired_by_what_is_unknown_or_unlikely() -> None:
    """Only if it will probably still be there after 180 ms."""
    rule = pb.AlertRule(min_alive_probability=0.5, alive_after=to_duration(180 * MS))
    lives = [predicted((250, 0.9)), predicted((250, 0.2)), arbitrage_pb2.LifePrediction(unknown="n = 3 of 1000")]
    assert [passes(rule, arbitrage_pb2.Opportunity(life=life)) for life in lives] == [True, False, False]
