"""People beside the processes that die: they silence assets and acknowledge groups, and remember what was answered.

Whoever gets no answer asks another replica, and so on: what was answered must hold, whoever dies afterwards.
"""

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import grpc

from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.timestamps import SECOND_NS, to_timestamp
from tests.faults.alert_kills.market import OnStage
from tests.support.alerts.alerts_process import RunningAlerts
from tests.support.alerts.receiver import Received

SILENCED, ACKNOWLEDGED = 0.15, 0.4  # of all dislocations, of all groups
CALL_SECONDS = 5.0
AGAIN_SECONDS = 0.2
SILENCE_SECONDS = (3.0, 9.0)
HOLD_SECONDS = (3, 20)

T = TypeVar("T")


class People:
    """Times are since `began`, as those of verdict.py are."""

    def __init__(
        self, clients: Sequence[RunningAlerts], chance: random.Random, began: float, on_stage: OnStage
    ) -> None:
        self.silences: list[tuple[str, float, float]] = []  # asset, from when it must hold, until when
        self.named: set[str] = set()  # silences that were answered for
        self.acknowledged: list[tuple[str, str, float, float]] = []  # group, author, from, to
        self._clients = clients
        self._chance = chance
        self._began = began
        self._on_stage = on_stage
        self._asked: set[str] = set()
        self._work: set[asyncio.Task[None]] = set()

    def hear_of(self, asset: str) -> None:
        """It is about to be dislocated."""
        if self._chance.random() < SILENCED:
            self._begin(self._silence(asset, self._chance.uniform(*SILENCE_SECONDS)))

    def read(self, received: Received) -> None:
        """A message of a group: some are taken up, each once."""
        data = received.json["data"]
        if data["group_key"] in self._asked or data["kind"] == "CLOSED":
            return
        self._asked.add(data["group_key"])
        if self._chance.random() < ACKNOWLEDGED:
            self._begin(self._acknowledge(data["acknowledge_token"], self._chance.randint(*HOLD_SECONDS)))

    async def finish(self) -> None:
        """Returns when whatever they asked for was answered."""
        while self._work:
            await asyncio.wait(list(self._work))

    async def _silence(self, asset: str, seconds: float) -> None:
        place, to = len(self.silences), time.time() + seconds
        self.silences.append((asset, math.inf, to - self._began))  # until it is answered it may hold or not
        silence = pb.Silence(assets=[asset], author="desk", comment="known", to_time=to_timestamp(int(to * SECOND_NS)))
        request = pb.CreateSilenceRequest(silence=silence)
        self._on_stage("silencing")
        try:
            made = await self._clients[0].stub.CreateSilence(request, timeout=CALL_SECONDS)
        except grpc.aio.AioRpcError:
            return  # one that was not answered is asked for no more: a second one would be another silence
        self.silences[place] = (asset, self._now(), to - self._began)
        self.named.add(made.silence.name)

    async def _acknowledge(self, token: str, seconds: int) -> None:
        author = f"desk {len(self._asked)}"
        request = pb.AcknowledgeAlertGroupRequest(token=token, author=author, valid_for={"seconds": seconds})
        self._on_stage("acknowledging")
        asked = time.time()
        group = await self._of_anybody(lambda one: one.stub.AcknowledgeAlertGroup(request, timeout=CALL_SECONDS))
        if group is not None:
            name = group.group.name.rpartition("/")[2]
            self.acknowledged.append((name, author, self._now(), asked + seconds - self._began))

    async def _of_anybody(self, ask: Callable[[RunningAlerts], Awaitable[T]]) -> T | None:
        """None when it was refused: the group is closed."""
        for number in range(1_000):
            try:
                return await ask(self._clients[number % len(self._clients)])
            except grpc.aio.AioRpcError as error:
                if error.code() in (grpc.StatusCode.ABORTED, grpc.StatusCode.NOT_FOUND):
                    return None
                await asyncio.sleep(AGAIN_SECONDS)
        raise TimeoutError("no replica answered")

    def _now(self) -> float:
        return time.time() - self._began

    def _begin(self, work: "Awaitable[None]") -> None:
        task = asyncio.ensure_future(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)
