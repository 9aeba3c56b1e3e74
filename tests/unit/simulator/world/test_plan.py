"""Planted episodes."""

import itertools
from typing import Any

from crossbook.simulator.world.plan import LAST_SECONDS, MIN_NET_PERCENT, TICKS_PER_SECOND, Episode, EpisodePlan

FEES = {"a": 0.0, "b": 0.045, "c": 0.05, "d": 0.05}
ASSETS = ["BTC", "ETH", "SOL"]


def _episodes(seed: int = 1, seconds: float = 600, **options: Any) -> list[Episode]:
    return EpisodePlan(seed, ASSETS, FEES, **options).take_due(round(seconds * TICKS_PER_SECOND))


def test_same_seed_same_plan_and_another_seed_another() -> None:
    """The plan is a function of the seed."""
    assert _episodes(3) == _episodes(3)
    assert _episodes(3) != _episodes(4)


def test_nothing_happens_in_the_quiet_start_or_the_known_end() -> None:
    """Books join in peace, and every episode is over before the end."""
    episodes = _episodes(quiet_seconds=10, duration_seconds=60)
    assert min(e.start_tick for e in episodes) >= 10 * TICKS_PER_SECOND
    assert max(e.end_tick for e in episodes) <= (60 - LAST_SECONDS) * TICKS_PER_SECOND


def test_rate_is_the_one_asked_for() -> None:
    """One episode per interval, where assets are free."""
    assert 120 <= len(_episodes(seconds=600, interval_seconds=4)) <= 160


def test_every_pair_pays_after_fees() -> None:
    """The shifts of a cheap and a rich venue differ by more than both round trips and the least profit."""
    for episode in _episodes():
        assert not set(episode.cheap) & set(episode.rich)
        for low, high in itertools.product(episode.cheap, episode.rich):
            apart = episode.shift_percent.get(high, 0.0) - episode.shift_percent.get(low, 0.0)
            assert apart - 2 * (FEES[low] + FEES[high]) >= MIN_NET_PERCENT - 1e-9
            assert abs(apart - episode.gross_percent) < 1e-4


def test_an_asset_rests_between_episodes() -> None:
    """Two episodes of one asset never touch."""
    for asset in ASSETS:
        mine = [e for e in _episodes() if e.asset == asset]
        assert all(later.start_tick - sooner.end_tick >= 299 for sooner, later in itertools.pairwise(mine))


def test_durations_are_mixed() -> None:
    """Some are shorter than a second, some last many."""
    seconds = [(e.end_tick - e.start_tick) / TICKS_PER_SECOND for e in _episodes()]
    assert min(seconds) < 1
    assert max(seconds) > 6


def test_one_venue_alone_has_no_episodes() -> None:
    """There is nothing to be cheap against."""
    assert EpisodePlan(1, ASSETS, {"a": 0.0}).take_due(10**6) == []


def test_the_venue_that_is_named_is_off_against_all_others_in_every_episode() -> None:
    """Cheap or rich, but never one of many."""
    episodes = _episodes(dislocated_venue="b")
    assert len(episodes) > 5
    assert all(("b",) in (one.cheap, one.rich) for one in episodes)
    assert all(len(one.cheap) + len(one.rich) == len(FEES) for one in episodes)
