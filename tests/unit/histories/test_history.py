"""Histories are made again from their seed, and cut down to what still fails."""

from tests.histories.history import Blow, History, random_history, shortest


def test_equal_seeds_give_equal_histories_and_others_differ() -> None:
    """A failing seed can be played again."""
    assert random_history(7, 6) == random_history(7, 6)
    assert random_history(7, 6) != random_history(8, 6)


def test_blows_come_in_order_and_strike_somebody() -> None:
    """Every blow has a target; a pause and an outage last for a while."""
    for seed in range(200):
        history = random_history(seed, 8)
        assert [blow.at for blow in history] == sorted(blow.at for blow in history)
        assert all(blow.targets and (blow.hold > 0 or blow.kind == "kill") for blow in history)


def test_the_shortest_history_keeps_only_what_it_takes_to_fail() -> None:
    """Blows and targets that do not matter go."""

    def fails(history: History) -> bool:
        return any(blow.kind == "kill" and {"aggregator", "tracker-1"} <= set(blow.targets) for blow in history)

    history = (
        Blow(0, "pause", ("alerts",), 1.0),
        Blow(1, "kill", ("aggregator", "alerts", "tracker-1")),
        Blow(2, "kill", ("arbitrage", "tracker-1")),
        Blow(3, "stop", ("redis",), 4.0),
    )
    assert shortest(history, fails) == (Blow(1, "kill", ("aggregator", "tracker-1")),)


def test_a_history_is_told_in_a_line_each() -> None:
    """What a report prints."""
    assert str(Blow(1.5, "pause", ("alerts", "tracker-1"), 4.0)) == "1.5 s: pause alerts + tracker-1 for 4 s"
