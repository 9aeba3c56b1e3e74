"""Who dies when: SIGKILL to one process or to several at once, within a stage that something has just reached.

| stage | what is under way when it strikes |
|---|---|
| at rest | whatever there is |
| starting | the process has only just been started |
| opening | arbitrage finds it, its members are written, the group waits for its first message |
| delivering | the receiver has the message and has not answered |
| answered | the receiver has answered; that it did is on its way to Postgres |
| closing | the members' ends are told and written, the group waits to close |
| acknowledging | somebody waits to hear that it is acknowledged |
| silencing | somebody waits to hear that it is silenced |
"""

import asyncio
import random
import signal
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.support.alerts.replica_process import ServiceProcess
from tests.support.waiting import eventually

# To the kill, from when the stage was reached.
STAGES = {
    "at rest": 2.0,
    "starting": 2.0,
    "opening": 0.9,
    "delivering": 0.0,
    "answered": 0.03,
    "closing": 1.8,
    "acknowledging": 0.03,
    "silencing": 0.03,
}
VICTIMS = ((9, ("alerts",)), (4, ("alerts", "alerts")), (3, ("arbitrage",)), (1, ("arbitrage", "arbitrage")),
           (3, ("alerts", "arbitrage")))  # fmt: skip
SETTLED = {"at rest", "starting"}  # nothing has to happen for these
STAGE_SECONDS = 15.0  # silences are not so frequent
SERVING_SECONDS = 300.0  # on a machine that does much else


@dataclass
class Life:
    """Of a process; times as time.time() has them."""

    serving: float = float("inf")
    died: float = float("inf")


@dataclass(eq=False)
class Victim:
    """A replica, and all its lives."""

    service: str
    process: ServiceProcess
    channel: grpc.aio.Channel
    lives: list[Life] = field(default_factory=list)

    @property
    def is_serving(self) -> bool:
        return bool(self.lives) and self.lives[-1].serving < float("inf") == self.lives[-1].died

    async def start(self) -> None:
        self.lives.append(Life())
        await self.process.start()

    async def look(self) -> None:
        """Notes that it serves, when it does."""
        life = self.lives[-1]
        if life.serving < float("inf") or life.died < float("inf"):
            return
        with suppress(grpc.aio.AioRpcError):
            answer = await health_pb2_grpc.HealthStub(self.channel).Check(health_pb2.HealthCheckRequest(), timeout=2)
            if answer.status == health_pb2.HealthCheckResponse.SERVING:
                life.serving = time.time()


class Killer:
    """`reach` is how it hears of stages; `kills` counts processes, by stage."""

    def __init__(self, victims: list[Victim], chance: random.Random) -> None:
        self.kills: Counter[str] = Counter()
        self.dead: list[tuple[float, str]] = []  # when, and which service
        self._victims = victims
        self._chance = chance
        self._wanted = ""
        self._chosen: list[Victim] = []
        self._is_reached = asyncio.Event()

    def reach(self, stage: str) -> None:
        """Something is in it now. A stage without delay is struck before this returns."""
        if stage != self._wanted:
            return
        if STAGES[stage] == 0.0:
            self._strike(stage)
        self._wanted = ""
        self._is_reached.set()

    async def run(self, kills: int) -> None:
        """Until so many processes have been killed, each started again at once."""
        order: list[str] = []
        while self.kills.total() < kills:
            order = order or self._chance.sample(list(STAGES), len(STAGES))
            await self._kill_in(order.pop())

    async def watch(self) -> None:
        """Notes who serves, until cancelled."""
        while True:
            await asyncio.gather(*(one.look() for one in self._victims))
            await asyncio.sleep(0.1)

    async def until_serving(self, *, all_of_them: bool) -> None:
        """All, or one of each service at least."""
        wanted = len(self._victims) if all_of_them else len({one.service for one in self._victims})

        def are_there() -> bool:
            serving = [one for one in self._victims if one.is_serving]
            return len(serving if all_of_them else {one.service for one in serving}) == wanted

        await eventually(are_there, SERVING_SECONDS)

    async def _kill_in(self, stage: str) -> None:
        if stage != "starting":
            await self.until_serving(all_of_them=False)
        elif all(one.is_serving for one in self._victims):
            stage = "at rest"
        self._chosen = self._choose(stage)
        if stage not in SETTLED:
            self._is_reached.clear()
            self._wanted = stage
            with suppress(TimeoutError):
                await asyncio.wait_for(self._is_reached.wait(), STAGE_SECONDS)
            if self._wanted:
                self._wanted = ""
                return
        if STAGES[stage]:
            await asyncio.sleep(self._chance.uniform(0.0, STAGES[stage]))
            self._strike(stage)
        for one in self._chosen:
            await one.process.end(signal.SIGKILL)
            await one.start()

    def _choose(self, stage: str) -> list[Victim]:
        """Of those that serve; in the stage "starting" of all, so that one that does not yet may be hit."""
        weights = [weight for weight, _ in VICTIMS]
        ((_, services),) = self._chance.choices(VICTIMS, weights)
        chosen: list[Victim] = []
        for service in services:
            free = [one for one in self._victims if one.service == service and one not in chosen]
            serving = [one for one in free if one.is_serving]
            starting = [one for one in free if not one.is_serving]
            chosen.append(self._chance.choice((starting if stage == "starting" else serving) or free))
        return chosen

    def _strike(self, stage: str) -> None:
        for one in self._chosen:
            with suppress(ProcessLookupError):
                one.process.send(signal.SIGKILL)
            one.lives[-1].died = time.time()
            self.dead.append((one.lives[-1].died, one.service))
            self.kills[stage] += 1
        print(f"  {self.kills.total()}: {' and '.join(one.service for one in self._chosen)}, {stage}", file=sys.stderr)
