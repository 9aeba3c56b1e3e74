"""Every opportunity and every alert of a run, against the simulator's ground truth and what the receiver took."""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import psycopg

from crossbook.simulator.world.score import Detected, read_truth, score
from tests.faults.check_windows import Finding
from tests.faults.health import logged
from tests.faults.hook import RULE
from tests.faults.rig import VENUES_OF, Rig
from tests.faults.trial import Trial
from tests.support.aggregator.window_oracle import SECOND_NS

AFTERMATH_SECONDS = 2.0  # a detection may be so late after everything is well
UNTOLD_NS = 2 * SECOND_NS  # what opened so shortly before arbitrage was killed may die with it
LEASE_SECONDS = 45.0  # a delivery cut off in the middle comes again after its lease
DEFAULT_COOLDOWN_SECONDS = 300.0

ALERTS = "SELECT id, rule, cause, asset, buy_venue, sell_venue, fired_at, group_id FROM alerts ORDER BY fired_at"
FIRED = "SELECT cause FROM alerts WHERE rule = %s"
DELIVERIES = "SELECT message_id, channel_id, state, last_error FROM deliveries WHERE state <> 2"


@dataclass(frozen=True)
class Alert:
    """A row of table alerts."""

    id: str
    rule: str
    cause: str
    asset: str
    buy_venue: str
    sell_venue: str
    fired_at: datetime
    group_id: str | None = None

    @property
    def fired_ns(self) -> int:
        return int(self.fired_at.timestamp() * 1e9)


def check_opportunities(rig: Rig, trials: Sequence[Trial], shift_seconds: float = 0.0) -> Iterator[Finding]:
    """None invented; none missed that no fault touched.

    `shift_seconds`: how wrong the times are of what is found while a fault goes on. Such finds cannot be laid beside
    the truth, and are left out.
    """
    shift_ns = int(shift_seconds * SECOND_NS)
    shifted = [(trial.started_ns - shift_ns, trial.recovered_ns + shift_ns) for trial in trials if shift_ns]
    seen = rig.observer.sightings.values()
    found = [
        Detected(one.asset, one.buy_venue, one.sell_venue, one.opened_ns, one.closed_ns)
        for one in seen
        if not any(from_ns <= one.opened_ns <= to_ns for from_ns, to_ns in shifted)
    ]
    truth = [*read_truth(rig.truth_path), *_as_truth(trials, shift_ns)]
    verdict = score(truth, found, recovery_seconds=AFTERMATH_SECONDS)
    for one in verdict.false:
        yield one.open_ns, f"false opportunity: {one.asset} from {one.buy_venue} to {one.sell_venue}"
    for missed in verdict.missed:
        yield 0, f"missed: {missed}"
    if not verdict.planted:
        yield 0, "nothing was planted, so no detection was tested"


def check_alerts(rig: Rig, trials: Sequence[Trial]) -> Iterator[Finding]:
    """Each opportunity told once to a receiver that honours webhook-id."""
    with psycopg.connect(rig.postgres.dsn) as connection:
        alerts = [Alert(*row) for row in connection.execute(ALERTS)]
        for alert_id, channel_id, state, error in connection.execute(DELIVERIES):
            yield 0, f"delivery of {alert_id} to {channel_id} ended in state {state}: {error}"
    own = [alert for alert in alerts if alert.rule == RULE]
    opened = _opened(rig)
    for opportunity_id in unfired(rig):
        yield opened[opportunity_id], f"no alert for opportunity {opportunity_id}"
    for alert in own:
        if alert.cause not in opened:
            yield alert.fired_ns, f"alert {alert.id} for an opportunity that nobody saw"
    yield from _check_taken(rig, own, trials)
    yield from _check_cooldown([alert for alert in alerts if alert.rule != RULE])
    if rig.hook.stolen:
        yield 0, f"{rig.hook.stolen} requests followed a redirect"


def backlog(rig: Rig, trial: Trial) -> str:
    """Opportunities of the trial that still have no alert: they would be lost if arbitrage were killed now."""
    late_ns = time.time_ns() - UNTOLD_NS
    candidates = unfired(rig)
    opened = _opened(rig)  # after it, for the log grows
    waiting = [one for one in candidates if trial.started_ns <= opened[one] <= late_ns]
    return f"alerts has {len(waiting)} opportunities to catch up with" if waiting else ""


def unfired(rig: Rig) -> list[str]:
    """Opportunities without an alert, those left out that died with arbitrage before it could log them."""
    return [one for one, at_ns in _without_alert(rig).items() if _unlogged_ns(rig, at_ns) is None]


def died_unlogged(rig: Rig) -> list[int]:
    """Of each opportunity without an alert that arbitrage could not log, how long before the kill it opened, in ns."""
    times = (_unlogged_ns(rig, at_ns) for at_ns in _without_alert(rig).values())
    return [one for one in times if one is not None]


def _without_alert(rig: Rig) -> dict[str, int]:
    with psycopg.connect(rig.postgres.dsn) as connection:
        fired = {cause for (cause,) in connection.execute(FIRED, (RULE,))}
    return {one: at_ns for one, at_ns in _opened(rig).items() if one not in fired}


def _unlogged_ns(rig: Rig, opened_ns: int) -> int | None:
    """How long before a kill it opened, if that was within a commit of the log or while Postgres took none."""
    for died_ns, _ in rig.absences.dead["arbitrage"]:
        away = (since for since, until in rig.absences.away["postgres"] if since <= died_ns <= until + UNTOLD_NS)
        if min((died_ns, *away)) - UNTOLD_NS <= opened_ns <= died_ns:
            return died_ns - opened_ns
    return None


def _check_taken(rig: Rig, own: Sequence[Alert], trials: Sequence[Trial]) -> Iterator[Finding]:
    ids: defaultdict[str, set[str]] = defaultdict(set)
    for webhook_id, requests in rig.hook.taken.items():
        accepted = [request for request in requests if request.status == 200]
        for request in accepted:
            ids[request.opportunity_id].add(webhook_id)
        for request in accepted[1:]:
            if not any(trial.covers(request.at_ns, LEASE_SECONDS) for trial in trials):
                yield request.at_ns, f"{webhook_id} came again though nothing was wrong"
        for one, next_one in pairwise(requests):
            if one.status == 429 and next_one.at_ns - one.at_ns < 5 * SECOND_NS:
                yield next_one.at_ns, f"{webhook_id} came again before its Retry-After"
    for opportunity_id, webhook_ids in ids.items():
        if len(webhook_ids) > 1:
            yield 0, f"opportunity {opportunity_id} was told under {len(webhook_ids)} ids"
    for alert in own:
        if not any(request.status == 200 for request in rig.hook.taken.get(alert.id, ())):
            yield alert.fired_ns, f"alert {alert.id} was never delivered"


def _check_cooldown(alerts: Sequence[Alert]) -> Iterator[Finding]:
    """The default rule: one alert per pair and cooldown, whatever Redis forgets.

    No cooldown keeps a pair from a group that is there already.
    """
    last: dict[tuple[str, str, str, str], Alert] = {}
    groups: set[str] = set()
    for alert in alerts:
        key = (alert.rule, alert.asset, alert.buy_venue, alert.sell_venue)
        before = None if alert.group_id in groups else last.get(key)
        if alert.group_id:
            groups.add(alert.group_id)
        if before and (alert.fired_at - before.fired_at).total_seconds() < DEFAULT_COOLDOWN_SECONDS:
            yield alert.fired_ns, f"{alert.id} fired within the cooldown of {before.id}"
        last[key] = alert


def _opened(rig: Rig) -> dict[str, int]:
    """Every opportunity that arbitrage logged or told, and when it opened."""
    events = (entry for entry in logged(rig.log_path("arbitrage")) if entry["event"] == "opportunity_opened")
    opened = {entry["id"]: int(entry["at_ns"]) for entry in events}
    return opened | {one.id: one.opened_ns for one in list(rig.observer.sightings.values())}


def _as_truth(trials: Sequence[Trial], shift_ns: int) -> Iterator[dict[str, Any]]:
    """Our faults as the simulator would tell its own: they touch every venue, and what bears a wrong time of theirs."""
    for number, trial in enumerate(trials):
        for venue in (venue for venues in VENUES_OF.values() for venue in venues):
            name = f"fault-{number}-{venue}"
            yield {
                "kind": "fault_started",
                "id": name,
                "venue": venue,
                "asset": None,
                "at_ns": trial.started_ns - shift_ns,
                "fault": name,
            }
            yield {"kind": "fault_ended", "id": name, "at_ns": trial.recovered_ns + shift_ns}
