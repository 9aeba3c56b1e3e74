"""Histories of events are made again from their seed, and cut down; the judge finds each kind of breach."""

import asyncio
from dataclasses import replace

from tests.histories.inprocess.history import History, Step, random_history, shortest
from tests.histories.inprocess.judge import DELIVERED, Opening, Seen, judge
from tests.histories.inprocess.loop import VirtualLoop

ALL, CALM = "alertRules/all", "alertRules/calm"
PAID = Step(0.0, "pay", "BTC", 1.0)


def seen(*rules: str) -> Seen:
    """One opportunity that every rule has told."""
    alerts = [(f"id-{rule}", rule, "o-1", "BTC", 1.0) for rule in rules]
    deliveries = [(alert_id, DELIVERED) for alert_id, *_ in alerts]
    accepted = [(alert_id, "o-1") for alert_id, *_ in alerts]
    return Seen(
        openings={"o-1": Opening("BTC", 1.0, 2.0)},
        logged={"o-1"},
        heard={(rule, cause) for rule in ("all", "calm") for cause in ("o-1", "o-2")},
        ended={"o-1"},
        alerts=alerts,
        deliveries=deliveries,
        accepted=accepted,
    )


def test_equal_seeds_give_equal_histories_and_others_differ() -> None:
    """A failing seed can be played again."""
    assert random_history(7, 6) == random_history(7, 6) != random_history(8, 6)


def test_the_shortest_history_keeps_only_what_it_takes_to_fail() -> None:
    """Steps, rules and slowness that do not matter go."""
    history = History(
        (Step(0, "forget", "redis"), PAID, Step(2, "kill", "alerts-1", 1.0)), ("all", "calm"), is_slow=True
    )
    short = shortest(history, lambda one: any(step.kind == "kill" for step in one.steps) and "calm" in one.rules)
    assert short == History((Step(2, "kill", "alerts-1", 1.0),), ("calm",))


def test_what_is_as_it_should_be_is_found_so() -> None:
    """Nothing is wrong with it."""
    assert list(judge(History((PAID,), ("all", "calm")), seen(ALL, CALM))) == []


def test_each_kind_of_breach_is_found() -> None:
    """Lost, invented, doubled, never told, told under another id, told twice for no reason, not delivered."""
    history, true = History((PAID,)), seen(ALL)
    (alert,) = true.alerts
    breaches = [
        replace(true, alerts=[], deliveries=[], accepted=[]),
        replace(true, openings={"o-1": true.openings["o-1"], "o-2": Opening("ETH", 1.0)}, logged={"o-1", "o-2"}),
        replace(true, alerts=[alert, ("other", ALL, "o-9", "BTC", 1.0)]),
        replace(true, alerts=[alert, ("other", *alert[1:])]),
        replace(true, accepted=[]),
        replace(true, accepted=[*true.accepted, ("other", "o-1")]),
        replace(true, accepted=true.accepted * 2),
        replace(true, deliveries=[("id-alertRules/all", 1)]),
    ]
    assert [bool(list(judge(history, breach))) for breach in breaches] == [True] * len(breaches)


def test_only_who_evaluates_a_rule_has_heard_for_it() -> None:
    """What another replica of alerts heard alone, nobody need have told."""
    untold = replace(seen(), heard={("calm", "o-1")})
    assert list(judge(History((PAID,), ("all",)), untold)) == []
    assert list(judge(History((PAID,), ("calm",)), untold)) != []


def test_a_cooldown_holds_back_and_lets_go() -> None:
    """Who opened within it need not be told; who opened long after it must be, and two never come close together."""
    history, true = History((PAID,), ("calm",)), seen(CALM)
    held, late = Opening("BTC", 3.0, 3.5), Opening("BTC", 30.0, 31.0)
    for opening, is_breach in ((held, False), (late, True)):
        both = replace(true, openings={**true.openings, "o-2": opening}, logged={"o-1", "o-2"})
        assert bool(list(judge(history, both))) == is_breach
    close = ("id-2", CALM, "o-2", "BTC", 2.0)
    twice = replace(both, alerts=[*true.alerts, close], deliveries=[*true.deliveries, ("id-2", DELIVERED)])
    assert any("within" in breach for breach in judge(history, twice))


def test_time_passes_only_where_nobody_has_anything_to_do() -> None:
    """An hour takes no time, and timers keep their order."""

    async def main(loop: VirtualLoop) -> list[str]:
        done: list[str] = []

        async def work(name: str, seconds: float) -> None:
            await asyncio.sleep(seconds)
            done.append(f"{name} at {loop.time():.0f}")

        await asyncio.gather(work("late", 3600), work("early", 1), work("next", 2))
        return done

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, VirtualLoop)
        assert runner.run(main(loop)) == ["early at 1", "next at 2", "late at 3600"]
