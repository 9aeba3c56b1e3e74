"""Random histories of groups in one process: replicas die before and after any of their calls, and no group is lost.

`make group-histories` goes on until 200 of them have died; here are some.
"""

from collections import Counter

from tests.histories.inprocess.history import grouped_history
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
