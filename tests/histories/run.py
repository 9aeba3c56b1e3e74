"""One history on a system of its own, from its start to the judgement."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.faults.check_alerts import check_alerts, check_opportunities, died_unlogged
from tests.faults.health import illness
from tests.faults.inflict import killed
from tests.faults.rig import VENUES_OF, WINDOW_SECONDS, Rig, Wanted, running_rig
from tests.faults.run import settle, stop_services
from tests.faults.scenarios import Fault
from tests.faults.trial import Trial
from tests.histories.history import History
from tests.histories.strike import Log, Strike
from tests.histories.witness import SECOND_NS, judge_venue, read_ledger
from tests.support.waiting import eventually

WELL_SECONDS = 90.0
AFTER_SECONDS = 2.5 * WINDOW_SECONDS
COUNTS = "SELECT (SELECT count(*) FROM snapshots), (SELECT count(*) FROM snapshots WHERE NOT is_complete)"


@dataclass
class Verdict:
    """What became of a history; `rows` and `incomplete` say how much there was to judge."""

    history: History
    findings: list[str] = field(default_factory=list)
    rows: int = 0
    incomplete: int = 0
    opportunities: int = 0
    unlogged_ms: list[int] = field(default_factory=list)  # opened so long before arbitrage was killed, and not told


async def run_history(history: History, seed: int, data_dir: Path) -> Verdict:
    """Never raises for what the system does: that is among the findings. Every other system has spools."""
    verdict = Verdict(history)
    async with running_rig(data_dir, seed, Wanted(has_spool=seed % 2 == 1)) as rig:
        await eventually(lambda: rig.observer.sightings)
        await asyncio.sleep(WINDOW_SECONDS)
        log = await Strike(rig).run(history)
        if still := await _until_well(rig):
            verdict.findings.append(f"not well {WELL_SECONDS:.0f} s after the last mending: {still}")
        await asyncio.sleep(AFTER_SECONDS)
        trial = Trial(Fault("history", killed()), log.began_ns, log.ended_ns, _now_well(log))
        await settle(rig)
        verdict.findings += [text for _, text in await stop_services(rig)]
        verdict.findings += await asyncio.to_thread(lambda: list(_judge(rig, trial)))
        verdict.opportunities = len(rig.observer.sightings)
        verdict.unlogged_ms = sorted(one // 1_000_000 for one in died_unlogged(rig))
        with psycopg.connect(rig.postgres.dsn) as connection:
            verdict.rows, verdict.incomplete = connection.execute(COUNTS).fetchone() or (0, 0)
    return verdict


async def _until_well(rig: Rig) -> str:
    deadline = asyncio.get_running_loop().time() + WELL_SECONDS
    while wrong := await illness(rig):
        if asyncio.get_running_loop().time() > deadline:
            return wrong
        await asyncio.sleep(0.2)
    return ""


def _now_well(log: Log) -> int:
    """Opportunities may be missed until a little after the last mending, and invented never."""
    return log.ended_ns + int(WELL_SECONDS) * SECOND_NS


def _judge(rig: Rig, trial: Trial) -> Iterator[str]:
    books = read_ledger(rig.ledger_path)
    for tracker, venues in VENUES_OF.items():
        for venue in venues:
            yield from judge_venue(rig.postgres.dsn, venue, WINDOW_SECONDS * SECOND_NS, books, rig.absences, tracker)
    yield from (text for _, text in check_opportunities(rig, [trial]))
    yield from (text for _, text in check_alerts(rig, [trial]))
