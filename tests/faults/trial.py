"""One fault, once: wait for health, break at a random moment, hold, mend, and see everything well again in time."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from tests.faults.health import NOT_SERVING, HealthLog, illness, logged
from tests.faults.rig import WINDOW_SECONDS, Rig
from tests.faults.scenarios import Fault
from tests.support.waiting import eventually

START_SECONDS = 60.0
RECOVERY_SECONDS = 15.0
POLL_SECONDS = 0.1


@dataclass
class Trial:
    """What happened. `recovered_ns` is 0 when it did not recover in time."""

    fault: Fault
    started_ns: int
    healed_ns: int = 0
    recovered_ns: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def recovery_seconds(self) -> float:
        return (self.recovered_ns - self.healed_ns) / 1e9

    def covers(self, at_ns: int, after_seconds: float = 0.0) -> bool:
        """Whether the fault, or what came of it, was going on then."""
        return self.started_ns <= at_ns <= (self.recovered_ns or self.healed_ns) + after_seconds * 1e9


Backlog = Callable[[Trial], str]
"""What of the time since a trial's beginning is not caught up with, in words; empty when nothing is."""


async def run_trial(rig: Rig, health: HealthLog, fault: Fault, chance: random.Random, backlog: Backlog) -> Trial:
    """Never raises for what the system does: that is in the trial's problems."""
    before = await _until_well(rig, START_SECONDS)
    await asyncio.sleep(fault.rest_seconds + chance.uniform(0.0, WINDOW_SECONDS))
    trial = Trial(fault, time.time_ns())
    if before:
        trial.problems.append(f"was ill before: {before}")
    async with fault.inflict(rig, chance):
        await asyncio.sleep(fault.hold_seconds)
    trial.healed_ns = time.time_ns()
    after = await _until_well(rig, RECOVERY_SECONDS, lambda: backlog(trial))
    trial.recovered_ns = time.time_ns()
    if after:
        trial.problems.append(f"not healthy {RECOVERY_SECONDS:.0f} s after: {after}")
    trial.problems += [*await _untold(rig, health, trial), *_fallen(rig, trial)]
    return trial


async def _until_well(rig: Rig, seconds: float, backlog: Callable[[], str] = lambda: "") -> str:
    """Empty as soon as all is well and caught up; what is wrong when the time is over."""
    deadline = time.monotonic() + seconds
    while wrong := await illness(rig) or await asyncio.to_thread(backlog):
        if time.monotonic() > deadline:
            return wrong
        await asyncio.sleep(POLL_SECONDS)
    return ""


async def _untold(rig: Rig, health: HealthLog, trial: Trial) -> list[str]:
    """Services that could not work and did not say so; a try under way may take its time to fail."""
    problems = [
        f"{name} never said NOT_SERVING"
        for name in trial.fault.tells
        if NOT_SERVING not in health.seen(name, trial.started_ns)
    ]
    for name, event in (*trial.fault.tells.items(), *trial.fault.logs.items()):
        try:
            await eventually(partial(_has_logged, rig, name, event, trial.started_ns), RECOVERY_SECONDS)
        except TimeoutError:
            problems.append(f"{name} did not log {event}")
    return problems


async def _has_logged(rig: Rig, name: str, event: str, since_ns: int) -> bool:
    await asyncio.sleep(POLL_SECONDS)
    return any(entry["event"] == event for entry in logged(rig.log_path(name), since_ns))


def _fallen(rig: Rig, trial: Trial) -> list[str]:
    """Unexpected errors: only what a fault kills may end, and nothing may be logged that nobody foresaw."""
    problems = []
    for name in rig.supervisor.processes:
        path = rig.log_path(name)
        for entry in logged(path, trial.started_ns) if path.exists() else ():
            if "exception" in entry or "Traceback" in str(entry.get("event", "")):
                problems.append(f"{name} logged an unforeseen exception: {entry['event']}")
    return problems
