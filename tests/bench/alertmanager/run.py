"""One run on simulated venues with an Alertmanager beside alerts; both die once, and their receiver is away.

Both group by asset and dislocated venue, wait as long for the first message and between messages, and post to the same
receiver. What happens to them: at the second dislocation, when its first message has gone out, both are killed with -9
and started again; from the fourth on the receiver answers 503 for a minute.
"""

import asyncio
import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

from crossbook.simulator.world.score import read_truth
from tests.bench.alertmanager.bridge import Bridge
from tests.bench.alertmanager.server import Alertmanager
from tests.bench.alertmanager.tally import Case, Message, laid_out, of_alertmanager, of_crossbook
from tests.dislocations.run import (
    GROUPED,
    INTERVAL_SECONDS,
    START_SECONDS,
    WAIT_SECONDS,
    add_rule,
    arranged,
    planted_in,
)
from tests.support.alerts.receiver import Answer, Received, receiving
from tests.support.local.system import System
from tests.support.waiting import eventually

BESIDE = "alertmanager"
KILLED_AT, AWAY_AT = 2, 4  # the number of the dislocation
AWAY_SECONDS = 60.0
RUN_SECONDS = 3600.0
QUIET_SECONDS = 8.0  # events so far apart are of two dislocations
OURS, THEIRS = "Crossbook", "Alertmanager"


@dataclass
class Post:
    """The receiver, for both: what it took, and how many requests it turned away."""

    is_away: bool = False
    taken: list[tuple[float, Received]] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)

    def take(self, received: Received) -> Answer:
        """By its mood."""
        if self.is_away:
            self.refused[received.path] = self.refused.get(received.path, 0) + 1
            return Answer(503)
        self.taken.append((time.time(), received))
        return Answer()


@dataclass
class Outcome:
    """Cases of each side, and what happened when."""

    cases: dict[str, list[Case]]
    notes: list[str]


async def run(binary: Path, minutes: float, dislocations: int, venues: int, folder: Path) -> Outcome:
    """Raises RuntimeError when the run itself ended otherwise than well."""
    seconds, options, environment = arranged(minutes, dislocations, venues)
    post = Post()
    async with receiving() as receiver, System(folder / "system", *options, **environment) as system:
        receiver.answer = post.take
        await system.until(lambda: any(name.startswith("tracker") for name in system.processes()), START_SECONDS)
        await add_rule(system, receiver, GROUPED)
        beside = Alertmanager(binary, folder / BESIDE, receiver.url(f"/{BESIDE}"), WAIT_SECONDS, INTERVAL_SECONDS)
        async with beside, asyncio.TaskGroup() as tasks:
            bridge = Bridge(system.address("arbitrage"), beside.url)
            running = tasks.create_task(bridge.run())
            notes: list[str] = []
            incidents = tasks.create_task(_incidents(system, beside, bridge, post, notes))
            code = await system.ended(seconds + 240)
            running.cancel()
            incidents.cancel()
        if code != 0:
            raise RuntimeError(f"the run ended with {code}: {system.output()[-2000:]}")
    planted = planted_in(read_truth(folder / "system" / "truth.jsonl"))
    notes.append(f"turned away while the receiver was away: {post.refused}")
    told = _told(post)
    return Outcome({side: laid_out(planted, bridge.opened, messages) for side, messages in told.items()}, notes)


async def _incidents(system: System, beside: Alertmanager, bridge: Bridge, post: Post, notes: list[str]) -> None:
    """Each at its dislocation."""
    await _until_dislocation(bridge, KILLED_AT)
    await _until_told(post, after=bridge.opened[-1][0])
    os.kill(system.pid("alerts"), signal.SIGKILL)
    await beside.kill()
    notes.append(f"both killed {time.time() - bridge.opened[-1][0]:.1f} s after dislocation {KILLED_AT} was heard of")
    await _until_dislocation(bridge, AWAY_AT)
    post.is_away = True
    await asyncio.sleep(AWAY_SECONDS)
    post.is_away = False
    notes.append(f"the receiver was away for {AWAY_SECONDS:.0f} s from dislocation {AWAY_AT} on")


async def _until_dislocation(bridge: Bridge, number: int) -> None:
    """The events of one come together."""

    def has_begun() -> bool:
        times = [at for at, _ in bridge.opened]
        begun = [at for place, at in enumerate(times) if place == 0 or at - times[place - 1] > QUIET_SECONDS]
        return len(begun) >= number

    await eventually(has_begun, RUN_SECONDS)


async def _until_told(post: Post, after: float) -> None:
    """Both have told of it."""

    def have_told() -> bool:
        return {received.path for at, received in post.taken if at > after} == {f"/{GROUPED}", f"/{BESIDE}"}

    await eventually(have_told)


def _told(post: Post) -> dict[str, list[Message]]:
    open_groups: set[str] = set()
    ours, theirs = [], []
    for at, received in post.taken:
        if received.path == f"/{GROUPED}":
            ours.append(of_crossbook(at, received.json, received.headers["webhook-id"]))
        else:
            theirs.append(of_alertmanager(at, received.json, open_groups))
    return {OURS: ours, THEIRS: theirs}
