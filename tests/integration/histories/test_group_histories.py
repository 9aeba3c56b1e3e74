"""Random histories of groups in one process: replicas die before and after any of their calls, and no group is lost.

`make group-histories` goes on until 200 of them have died; here are some.
"""

from collections import Counter

from tests.histories.inprocess.groups import GROUPED
from tests.histories.inprocess.history import History, Step, grouped_history
from tests.histories.inprocess.play import playing

COUNT, LENGTH = 25, 8


def test_random_histories_lose_no_group_and_tell_none_twice(postgres_dsn: str, redis_url: str) -> None:
    """Silences hold and acknowledgements stay through the deaths of both replicas."""
    totals, findings = Counter[str](), {}
    with playing(postgres_dsn, redis_url) as play:
        for seed in range(1, COUNT + 1):
            verdict = play(grouped_history(seed, LENGTH), seed)
            findings[seed] = verdict.findings
            totals += Counter(
                kills=verdict.kills, groups=verdict.groups, silences=verdict.silences, acknowledged=verdict.acknowledged
            )
    assert {seed: found for seed, found in findings.items() if found} == {}
    assert min(totals["kills"], totals["groups"]) > COUNT
    assert min(totals["silences"], totals["acknowledged"]) > 0


def test_a_member_that_joins_after_a_clock_was_set_back_leaves_the_first_message_due(
    postgres_dsn: str, redis_url: str
) -> None:
    """The group would have waited until the old clock's time, an hour later."""
    steps = (
        Step(1.0, "pay", "BTC", 0.1),
        Step(1.2, "set", "postgres", -4000.0),
        Step(1.3, "pay", "BTC", 0.5),
    )
    with playing(postgres_dsn, redis_url) as play:
        verdict = play(History(steps, (GROUPED,)), 1)
    assert (verdict.findings, verdict.groups > 0) == ([], True)
