"""One group of faults through one run of the system, with everything checked at its end."""

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import grpc
import psycopg

from crossbook.pb.v1 import alerts_pb2
from crossbook.pb.v1.alerts_pb2_grpc import AlertServiceStub
from crossbook.simulator.world.score import read_truth
from tests.faults import clock
from tests.faults.check_alerts import backlog, check_alerts, check_opportunities, unfired
from tests.faults.check_windows import Finding, check_windows
from tests.faults.health import HealthLog
from tests.faults.rig import SERVICES, VENUES_OF, WINDOW_SECONDS, Rig, running_rig
from tests.faults.scenarios import Fault, Group, Oracle
from tests.faults.trial import Trial, run_trial
from tests.histories.witness import SECOND_NS, judge_order, judge_venue, read_ledger
from tests.support.waiting import eventually

SETTLE_SECONDS = 180.0  # eight tries with their pauses
AFTER_SECONDS = 2.5 * WINDOW_SECONDS  # at least one whole window comes after the last fault, and must be as ever
SETTLE_POLL_SECONDS = 0.5
OUTSTANDING = "SELECT count(*) FROM deliveries WHERE state = 1"
GIVEN_UP_FOR_NOW = "SELECT count(*) FROM deliveries WHERE state = 3 AND last_error LIKE 'HTTP 302%'"


EVIDENCE = """
    SELECT (SELECT count(*) FROM snapshots), (SELECT count(*) FROM snapshots WHERE NOT is_complete),
        (SELECT count(*) FROM minutes), (SELECT count(*) FROM alerts)
"""


@dataclass(frozen=True)
class Evidence:
    """What the checks had to look at: a verdict on nothing would be worth nothing."""

    snapshots: int
    incomplete_snapshots: int
    minutes: int
    alerts: int
    opportunities: int
    planted_episodes: int
    repeated_deliveries: int


@dataclass(frozen=True)
class Outcome:
    """One run: the trials, and the findings that belong to none of them."""

    trials: list[Trial]
    findings: list[Finding]
    evidence: Evidence


async def run_group(group: Group, times: int, seed: int, data_dir: Path, tell: Callable[[Trial], None]) -> Outcome:
    """Everything the group asks for, on one running system."""
    chance = random.Random(f"{seed} {group.name}")
    trials: list[Trial] = []
    async with running_rig(data_dir, seed, group.wanted) as rig:
        health = HealthLog(rig.channels)
        async with health.running():
            await eventually(lambda: rig.observer.sightings)  # from here on there is always something to lose
            for fault in _in_turn(group.faults, times):
                trials.append(await run_trial(rig, health, fault, chance, partial(backlog, rig)))
                tell(trials[-1])
            await asyncio.sleep(AFTER_SECONDS + 2 * _shift_seconds(group))
        await settle(rig)
        findings = await stop_services(rig)
        findings += await asyncio.to_thread(lambda: list(_check_rows(rig, group, trials)))
        findings += check_opportunities(rig, trials, _shift_seconds(group))
        findings += check_alerts(rig, trials)
        evidence = _evidence(rig)
    return Outcome(trials, _attribute(trials, findings), evidence)


def _shift_seconds(group: Group) -> float:
    """By how much the times are wrong of what is found while a clock is wrong."""
    return clock.STEP_SECONDS if group.wanted.has_clock else 0.0


def _check_rows(rig: Rig, group: Group, trials: Sequence[Trial]) -> Iterator[Finding]:
    """By the group's oracle."""
    if group.oracle is Oracle.RECORDINGS:
        yield from check_windows(rig, trials, group.wanted.buffer_bytes is not None)
        return
    books, window_ns = read_ledger(rig.ledger_path), WINDOW_SECONDS * SECOND_NS
    for tracker, venue in ((tracker, venue) for tracker, venues in VENUES_OF.items() for venue in venues):
        if group.oracle is Oracle.LEDGER:
            found = judge_venue(rig.postgres.dsn, venue, window_ns, books, rig.absences, tracker)
        else:
            found = judge_order(rig.postgres.dsn, venue, window_ns)
        yield from ((0, text) for text in found)


def _in_turn(faults: Sequence[Fault], times: int) -> Iterator[Fault]:
    """Every fault once, then all again: so the supervisor's patience with each process recovers."""
    for _ in range(times):
        yield from faults


async def settle(rig: Rig) -> None:
    """What was found is closed, told and delivered; what a wrong answer made alerts give up is redriven."""
    await rig.stop_planting()
    await _redrive(rig.channels["alerts"], rig)

    async def is_settled() -> bool:
        await asyncio.sleep(SETTLE_POLL_SECONDS)
        is_told = await asyncio.to_thread(lambda: not (unfired(rig) or _count(rig, OUTSTANDING)))
        return is_told and not rig.observer.arbitrage.open_now

    try:
        await eventually(is_settled, SETTLE_SECONDS)
    except TimeoutError:
        return  # the checks say what is outstanding


async def _redrive(alerts: grpc.aio.Channel, rig: Rig) -> None:
    if _count(rig, GIVEN_UP_FOR_NOW):
        request = alerts_pb2.RedriveDeliveriesRequest()
        await AlertServiceStub(alerts).RedriveDeliveries(request, timeout=30)


def _count(rig: Rig, query: str) -> int:
    with psycopg.connect(rig.postgres.dsn) as connection:
        row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return int(row[0])


async def stop_services(rig: Rig) -> list[Finding]:
    """In the order of `crossbook up`: sources first."""
    for name in reversed(list(rig.supervisor.processes)):
        await rig.supervisor.stop(name)
    codes = {name: rig.supervisor.processes[name].final_exit_code for name in SERVICES}
    return [(0, f"{name} ended with exit code {code}") for name, code in codes.items() if code]


def _evidence(rig: Rig) -> Evidence:
    with psycopg.connect(rig.postgres.dsn) as connection:
        row = connection.execute(EVIDENCE).fetchone()
    assert row is not None
    accepted = [sum(one.status == 200 for one in requests) for requests in rig.hook.taken.values()]
    return Evidence(
        **dict(zip(("snapshots", "incomplete_snapshots", "minutes", "alerts"), row, strict=True)),
        opportunities=len(rig.observer.sightings),
        planted_episodes=sum(line["kind"] == "episode_started" for line in read_truth(rig.truth_path)),
        repeated_deliveries=sum(max(0, times - 1) for times in accepted),
    )


def _attribute(trials: Sequence[Trial], findings: Sequence[Finding]) -> list[Finding]:
    """Gives each finding to the last trial before it; those without a time stay with the group."""
    rest = []
    for at_ns, text in findings:
        earlier = [trial for trial in trials if trial.started_ns - 10_000_000_000 <= at_ns]
        if at_ns and earlier:
            earlier[-1].problems.append(text)
        else:
            rest.append((at_ns, text))
    return rest
