"""People beside a history's processes: they silence assets and acknowledge groups, and remember what was answered."""

import math
from contextlib import suppress
from typing import Protocol

from crossbook.alerts.store.stores import Stores
from crossbook.pb.v1 import alerts_pb2
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.timestamps import SECOND_NS, to_timestamp
from tests.histories.inprocess.loop import VirtualLoop
from tests.histories.inprocess.servers import Servers


class World(Protocol):
    """What they live in."""

    loop: VirtualLoop
    servers: Servers
    began: float

    def wall_ns(self, name: str) -> int:
        """A server's clock."""

    def stores(self) -> Stores:
        """Of somebody who never dies."""

    def next_number(self) -> int:
        """That nobody has had."""


class People:
    """Times are by the loop, since the beginning: from when it was answered until it ends."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.silences: list[tuple[str, float, float]] = []
        self.acknowledged: list[tuple[str, str, float, float]] = []

    async def silence(self, asset: str, seconds: float) -> None:
        """From when it is answered until it ends."""
        to_ns = self._world.wall_ns("postgres") + round(seconds * SECOND_NS)
        silence = alerts_pb2.Silence(assets=[asset], author="maker", comment="known", to_time=to_timestamp(to_ns))
        if self._world.servers.moods.get("postgres"):
            return
        began = self._world.loop.time() - self._world.began
        answered = math.inf  # while the answer is lost it may hold or not, and excuses what is not told
        with suppress(UnavailableError):
            await self._world.stores().silences.create(silence)
            answered = self._world.loop.time() - self._world.began
        self.silences.append((asset, answered, began + seconds))

    async def acknowledge(self, seconds: float) -> None:
        """Each group that is open, under a name of its own."""
        if self._world.servers.moods.get("postgres"):
            return
        open_now = await self._world.servers.rows("SELECT id FROM alert_groups WHERE state = 1")
        for (group_id,) in open_now:
            author = f"maker {self._world.next_number()}"
            began = self._world.loop.time() - self._world.began
            until = to_timestamp(self._world.wall_ns("postgres") + round(seconds * SECOND_NS))
            said = alerts_pb2.AlertAcknowledgement(author=author, expire_time=until)
            group = None
            with suppress(UnavailableError):  # the answer was lost: nobody has said anything that must hold
                group = await self._world.stores().groups.acknowledge(group_id, said)
            if group is not None:
                now = self._world.loop.time() - self._world.began
                self.acknowledged.append((group_id, author, now, began + seconds))
