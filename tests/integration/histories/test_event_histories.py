"""Random histories of events and alerts in one process: what must be told is told, and nothing else.

`make event-histories` plays ten thousand; here are some of them, and the shortest ones of those that once failed.
"""

from collections.abc import Callable, Iterator

import pytest

from tests.histories.inprocess.history import History, Step, random_history
from tests.histories.inprocess.play import Verdict, playing

Play = Callable[[History, int], Verdict]
COUNT, LENGTH = 200, 8


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
