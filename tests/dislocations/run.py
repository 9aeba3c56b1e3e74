"""Runs everything on simulated venues, one of which is off against all others ten times, and counts what is told.

Two rules hear of the same: one that groups by asset and dislocated venue, and one whose every match is a message, as it
was before there were groups. Both are laid beside what the simulator planted.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1.alerts_pb2_grpc import AlertServiceStub
from crossbook.plumbing.grpc.channel import open_channel
from crossbook.plumbing.timestamps import SECOND_NS
from crossbook.simulator.world.score import read_truth
from tests.support.alerts.alerts_process import INHIBITIONS
from tests.support.alerts.receiver import Received, Receiver, receiving
from tests.support.local.system import ALL_VENUES, System

SECRET = "whsec_" + "c3RhbmRhcmQtd2ViaG9va3MtdGVzdC1rZXk="
GROUPED, EACH = "grouped", "each"
VENUES = 14
DISLOCATIONS = 10
QUIET_SECONDS = 15.0
START_SECONDS = 300.0
SETTLE_SECONDS = 25.0  # the last group closes, and its message is delivered
LATE_NS = 2 * SECOND_NS  # that an opportunity may open after its episode was planted, or ended
LEAST_SECONDS = 1.0  # an episode that is shorter need not be found
WAIT_SECONDS, INTERVAL_SECONDS = 1.0, 5.0  # of the rule that groups
OPEN_NS = 12 * SECOND_NS  # a group stays open for so long after its last member, and takes the next one in


@dataclass
class Planted:
    """One dislocation, and what was told of it."""

    asset: str
    from_ns: int
    to_ns: int
    each: set[str] = field(default_factory=set)  # messages of the rule without groups
    kinds: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # by group
    named: set[str] = field(default_factory=set)  # the venues that its groups call dislocated

    @property
    def length_ns(self) -> int:
        return self.to_ns - self.from_ns

    @property
    def must_be_told(self) -> bool:
        return self.length_ns > LEAST_SECONDS * SECOND_NS


@dataclass
class Result:
    """Of a run."""

    venue: str
    planted: list[Planted]
    end_ns: int
    false: list[str] = field(default_factory=list)

    def findings(self) -> list[str]:
        """What is wrong."""
        told = [one for one in self.planted if one.must_be_told]
        found = [f"{one.asset} at {one.from_ns} was not told" for one in told if not self._is_told(one)]
        found += [f"{one.asset} was told as {len(one.kinds)} groups" for one in told if len(one.kinds) > 1]
        found += [f"{one.asset} is called off at {one.named}" for one in self.planted if one.named - {self.venue}]
        for one in self.planted:
            for kinds in one.kinds.values():
                has_end = one.to_ns > self.end_ns - SETTLE_SECONDS * SECOND_NS or kinds.count("closed") == 1
                if not has_end or kinds.count("opened") != 1:
                    found.append(f"{one.asset} was told as {kinds}")
        return [*found, *self.false]

    def _is_told(self, one: Planted) -> bool:
        """By a group of its own, or by that of the one before."""
        before = (other for other in self.planted if other.asset == one.asset and other.kinds)
        return bool(one.kinds) or any(0 <= one.from_ns - other.from_ns < OPEN_NS + other.length_ns for other in before)

    def lines(self) -> list[str]:
        """For people."""
        kinds = Counter(kind for one in self.planted for group in one.kinds.values() for kind in group)
        told = [one for one in self.planted if one.kinds or one.each]
        count = max(1, len(told))
        first = sum(len(one.kinds) for one in told) / count
        return [
            f"{len(self.planted)} dislocations of {self.venue}, {len(told)} told",
            f"without groups: {sum(len(one.each) for one in told) / count:.1f} messages a dislocation, "
            f"{max((len(one.each) for one in told), default=0)} at most",
            f"with groups: {first:.1f} a dislocation, and {kinds['updated'] / count:.1f} updates and "
            f"{kinds['closed'] / count:.1f} ends of the same ({dict(kinds)})",
        ]


async def run(minutes: float, folder: Path, dislocations: int = DISLOCATIONS, venues: int = VENUES) -> Result:
    """As long as said, and a little more."""
    seconds, options, environment = arranged(minutes, dislocations, venues)
    async with receiving() as receiver, System(folder, *options, **environment) as system:
        await system.until(lambda: any(name.startswith("tracker") for name in system.processes()), START_SECONDS)
        for name in (GROUPED, EACH):
            await add_rule(system, receiver, name)
        code = await system.ended(seconds + 240)
        if code != 0:
            raise RuntimeError(f"the run ended with {code}: {system.output()[-2000:]}")
    return laid_beside(read_truth(folder / "truth.jsonl"), receiver.received, dislocated_venue())


def arranged(minutes: float, dislocations: int, venues: int) -> tuple[float, list[str], dict[str, str]]:
    """Seconds of the run, and options and environment of a run with about so many dislocations."""
    seconds = minutes * 60
    interval = (seconds - QUIET_SECONDS - 12) / dislocations
    environment = {
        "CROSSBOOK_ALERTS__ALLOW_PRIVATE_TARGETS": "true",
        "CROSSBOOK_SIMULATOR__EPISODE_INTERVAL_SECONDS": str(interval),
        "CROSSBOOK_SIMULATOR__QUIET_SECONDS": str(QUIET_SECONDS),
        "CROSSBOOK_SIMULATOR__DISLOCATED_VENUE": dislocated_venue(),
        "CROSSBOOK_SIMULATOR__ASSETS": "3",
    }
    whole = seconds + SETTLE_SECONDS
    return whole, ["--duration", f"{whole:.0f}s", "--venues", ",".join(ALL_VENUES[:venues])], environment


def dislocated_venue() -> str:
    """The one that is off."""
    return ALL_VENUES[0]


async def add_rule(system: System, receiver: Receiver, name: str) -> None:
    """GROUPED or EACH, to a path of its name."""
    hook = pb.WebhookChannel(url=receiver.url(f"/{name}"), secrets=[SECRET])
    rule = pb.AlertRule(display_name=name, is_enabled=True, channels=[pb.AlertChannel(id="hook", webhook=hook)])
    rule.cooldown.SetInParent()
    rule.ignored_inhibitions.extend(INHIBITIONS)
    if name == EACH:
        rule.grouping.by.append(pb.ALERT_GROUP_BY_NONE)
    else:
        rule.grouping.wait.FromMilliseconds(round(WAIT_SECONDS * 1000))
        rule.grouping.interval.FromMilliseconds(round(INTERVAL_SECONDS * 1000))
    request = pb.CreateAlertRuleRequest(alert_rule_id=name, alert_rule=rule)
    async with open_channel(system.address("alerts")) as channel:
        await AlertServiceStub(channel).CreateAlertRule(request, timeout=30, wait_for_ready=True)


def laid_beside(truth: Sequence[dict[str, Any]], received: Sequence[Received], venue: str) -> Result:
    """Each message beside the dislocation that it is about."""
    result = Result(venue, planted_in(truth), truth[-1]["at_ns"])
    for one in received:
        _lay(one, result)
    return result


def planted_in(truth: Sequence[dict[str, Any]]) -> list[Planted]:
    """The dislocations, in the order in which they began."""
    episodes = {
        line["id"]: Planted(line["asset"], line["at_ns"], line["planned_end_ns"])
        for line in truth
        if line["kind"] == "episode_started"
    }
    for line in truth:
        if line["kind"] == "episode_ended":
            episodes[line["id"]].to_ns = line["at_ns"]
    return list(episodes.values())


def _lay(received: Received, result: Result) -> None:
    data = received.json["data"]
    group = data.get("group") or None
    about = group if isinstance(group, dict) else data["opportunity"]
    opened_ns = int(datetime.fromisoformat(about["open_time"]).timestamp() * SECOND_NS)
    meant = [
        one
        for one in result.planted
        if one.asset == about["asset"] and one.from_ns - LATE_NS <= opened_ns <= one.to_ns + LATE_NS
    ]
    if not meant:
        result.false.append(f"{received.path} told of {about['asset']}, where nothing was planted")
    elif isinstance(group, dict):
        meant[0].kinds[data["group_key"]].append(received.json["type"].rpartition(".")[2])
        meant[0].named.add(group["dislocated_venue"])
    else:
        meant[0].each.add(received.headers["webhook-id"])


def play(minutes: float, folder: Path) -> Result:
    """In a loop of its own."""
    return asyncio.run(run(minutes, folder))
