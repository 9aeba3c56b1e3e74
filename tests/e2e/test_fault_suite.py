"""The short form of `make faults`: some of its faults, each once, on one running system."""

from pathlib import Path

from tests.faults.run import run_group
from tests.faults.scenarios import GROUPS, Group

SEED = 5
CHOSEN = (
    "kill -9 aggregator",
    "kill -9 tracker-2",
    "Postgres terminates backends in COPY",
    "trackers to aggregator: refused",
    "receiver: 500",
)


async def test_faults_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    """Every window, opportunity and alert is accounted for, and everything is well again in time."""
    known = {fault.name: fault for group in GROUPS for fault in group.faults}
    short = Group("short", tuple(known[name] for name in CHOSEN))
    outcome = await run_group(short, 1, SEED, tmp_path, tell=print)
    assert [trial.problems for trial in outcome.trials] == [[] for _ in CHOSEN]
    assert outcome.findings == []
