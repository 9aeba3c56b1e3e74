"""Random histories of events and alerts in one process: what must be told is told, and nothing else.

`make event-histories` plays ten thousand; here are some of them, and the shortest ones of those that once failed.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from tests.histories.inprocess.history import History, Step, random_history
from tests.histories.inprocess.play import Verdict, playing

Play = Callable[[History, int], Verdict]
COUNT, LENGTH = 100, 8
PAID = Step(1.0, "pay", "BTC", 0.5)
KEPT = {
    "a try that was put off waited for an hour when Postgres' clock was set back by one": History(
        (PAID, Step(1.0, "refuse", "receiver", 2.0), Step(2.5, "set", "postgres", -4000.0))
    ),
    "a pause of a destination lasted as long": History(
        (PAID, Step(1.0, "limit", "receiver", 2.0), Step(2.5, "set", "postgres", -4000.0))
    ),
    "what was turned away after a clock was set back waited until the old clock's time": History(
        (PAID, Step(1.0, "limit", "receiver", 4.0), Step(1.5, "set", "postgres", -4000.0))
    ),
    "a dead replica kept its slots when Redis' clock was set back": History(
        (Step(0.5, "set", "redis", -4000.0), Step(0.6, "kill", "alerts-1", 0.0), PAID)
    ),
    "of two positions of one time the token's look decided which came first": History(
        (
            Step(0.3, "set", "everybody", -4.0),
            Step(0.3, "pay", "ETH", 8.0),
            Step(0.3, "refuse", "redis", 7.0),
            Step(4.6, "kill_after", "alerts-2", 0.0, 1),
        ),
        ("calm",),
    ),
    "an alert of before a clock was set back was a cooldown for a rule that has none": History(
        (Step(3.3, "pay", "BTC", 2.0), Step(6.3, "set", "everybody", -4.0), Step(6.3, "pay", "BTC", 2.0))
    ),
    "the judge asked for what died with an arbitrage, because another logged it after the stream had begun": History(
        (
            Step(0.0, "refuse", "postgres", 7.0),
            Step(3.0, "stop", "arbitrage-2"),
            Step(6.0, "pay", "ETH", 0.5),
            Step(7.0, "kill", "arbitrage-1"),
        )
    ),
    "the judge asked for what only a paused arbitrage said, of quotes of long ago, when nobody followed it": History(
        (
            Step(0.03, "pause", "arbitrage-1", 7.0),
            Step(1.03, "pay", "ETH", 0.02),
            Step(1.03, "kill", "arbitrage-2", 1.0),
        ),
        ("calm",),
    ),
    "the judge asked for the same when one followed that had lost its slots to one that followed another": History(
        (
            Step(0.03, "pause", "arbitrage-1", 7.0),
            Step(0.03, "kill_before", "alerts-2", 0.0, 2),
            Step(1.03, "pay", "ETH", 0.02),
            Step(1.03, "kill", "arbitrage-2", 1.0),
            Step(2.03, "pause", "alerts-1", 7.0),
        ),
        ("calm",),
    ),
    "the judge took a life to be as long as a paused arbitrage said that heard of the end late": History(
        (
            Step(0.03, "kill_after", "arbitrage-2", 0.1, 10),
            Step(3.06, "pay", "BTC", 0.5),
            Step(3.36, "pause", "arbitrage-2", 7.0),
        ),
        ("lived",),
    ),
    "the judge took it to be so because nobody else told of the end": History(
        (
            Step(1.0, "stop", "arbitrage-2", 1.0),
            Step(1.03, "pay", "ETH", 0.5),
            Step(1.03, "kill_after", "alerts-1", 0.1, 2),
            Step(1.33, "pause", "arbitrage-1", 7.0),
        ),
        ("lived",),
    ),
    "a row of a replica whose clock was behind moved the place in the log past what was told before it": History(
        (
            Step(0.0, "kill_before", "arbitrage-2", 0.1, 12),
            Step(0.3, "pause", "alerts-1", 7.0),
            Step(1.3, "pay", "BTC", 2.0),
            Step(1.3, "set", "arbitrage-2", -70.0),
            Step(4.3, "kill_after", "alerts-2", 0.0, 10),
        )
    ),
    "a replica that saw nothing because its clock was behind was followed on": History(
        (
            Step(3.06, "kill_before", "alerts-1", 1.0, 9),
            Step(4.06, "kill_before", "alerts-2", 0.0, 8),
            Step(4.36, "set", "arbitrage-1", -70.0),
            Step(4.36, "pay", "ETH", 2.0),
            Step(4.36, "kill", "arbitrage-2", 1.0),
        ),
        ("calm",),
    ),
    "the same, by more, with what paid for a short time": History(
        (
            Step(0.33, "kill", "alerts-2", 6.0),
            Step(1.63, "set", "arbitrage-1", -4000.0),
            Step(1.63, "pay", "BTC", 0.5),
            Step(1.96, "kill_after", "arbitrage-2", 0.1, 8),
        ),
        ("calm",),
    ),
    "a slot that was gained ended a wait by a later event, before the end that nobody saw, which is told last": History(
        (
            Step(1.0, "kill_before", "arbitrage-1", 6.0, 4),
            Step(1.3, "pay", "BTC", 0.02),
            Step(1.3, "pay", "ETH", 0.02),
            Step(1.3, "pay", "ETH", 8.0),
        ),
        ("lived",),
    ),
    "the judge asked for what a replica of alerts had heard that did not evaluate the rule": History(
        (
            Step(0.0, "pay", "BTC", 0.5),
            Step(0.0, "pause", "arbitrage-1", 7.0),
            Step(1.3, "kill_after", "arbitrage-2", 0.0, 9),
            Step(1.3, "stop", "alerts-2", 6.0),
        ),
        ("calm",),
    ),
    "the judge asked for what had been heard by a life that was over before it could be logged": History(
        (
            Step(0.3, "refuse", "postgres", 2.0),
            Step(0.6, "kill_after", "alerts-1", 1.0, 9),
            Step(0.6, "kill", "arbitrage-2", 0.0),
            Step(0.6, "kill_before", "arbitrage-1", 1.0, 5),
            Step(0.9, "pay", "BTC", 0.5),
            Step(0.9, "cut", "", 0.4),
        )
    ),
    "the judge asked for another arbitrage's name of what a cooldown had held back": History(
        (
            Step(0.3, "pay", "BTC", 0.5),
            Step(1.3, "pay", "BTC", 0.5),
            Step(1.3, "pay", "BTC", 8.0),
            Step(4.3, "kill", "alerts-2", 6.0),
            Step(4.3, "stop", "arbitrage-2", 0.1),
        ),
        ("calm",),
    ),
    "the wall clock let something live whose end was still to be told": History(
        (
            Step(0.0, "kill_after", "alerts-2", 6.0, 2),
            Step(0.03, "pay", "BTC", 0.02),
            Step(0.06, "pay", "BTC", 8.0),
            Step(0.06, "stop", "alerts-1", 1.0),
            Step(0.09, "kill", "arbitrage-1", 0.1),
        ),
        ("lived",),
    ),
}

SEED = 7242
# Of one whose calls must take just so long.
SEEDS = {
    "a slot that was gained ended a wait by a later event, before the end that nobody saw, which is told last": 202542
}


@pytest.fixture
def play(postgres_dsn: str, redis_url: str) -> Iterator[Play]:
    """On servers of their own."""
    with playing(postgres_dsn, redis_url) as it:
        yield it


def test_random_histories_lose_double_and_invent_no_alert(play: Play) -> None:
    """Deaths at any call, outages, lost answers, pauses and clocks that are set, in any order."""
    verdicts = {seed: play(random_history(seed, LENGTH), seed) for seed in range(1, COUNT + 1)}
    assert {seed: verdict.findings for seed, verdict in verdicts.items() if verdict.findings} == {}
    assert sum(verdict.alerts for verdict in verdicts.values()) > COUNT


@pytest.mark.parametrize("name", KEPT)
def test_a_history_that_once_failed_does_no_more(play: Play, name: str) -> None:
    """Each is the shortest that showed a fault; its name says what was wrong."""
    for is_slow in (False, True):
        history = replace(KEPT[name], is_slow=is_slow)
        assert play(history, SEEDS.get(name, SEED)).findings == []


def test_a_history_is_the_same_whenever_it_is_played(play: Play) -> None:
    """So the shortest that fails can be looked for, and found again."""
    history = random_history(9, LENGTH)
    one, other = play(history, 9), play(history, 9)
    assert (one.alerts, one.accepted, one.seconds) == (
        other.alerts,
        other.accepted,
        pytest.approx(other.seconds, abs=0.1),
    )


def test_what_pays_is_told_once_where_nothing_happens(play: Play) -> None:
    """By every rule that it passes, to the one receiver."""
    steps = (Step(1.0, "pay", "BTC", 2.0), Step(5.0, "pay", "ETH", 0.5))
    verdict = play(History(steps, ("all", "calm", "lived")), 1)
    assert (verdict.findings, verdict.alerts, verdict.accepted) == ([], 5, 5)
