"""Carries a history out on a running system, and keeps when which tracker heard nothing."""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import redis

from tests.faults.inflict import postgres_read_only
from tests.faults.rig import Rig
from tests.histories.history import STORES, Blow, History
from tests.support.waiting import eventually

_NO_CHANCE = random.Random(0)  # what a fault takes and this one does not use


@dataclass
class Log:
    """Wall-clock nanoseconds, from first blow to last mending."""

    began_ns: int = 0
    ended_ns: int = 0


class Strike:
    """One history on one rig. Blows on one process or store wait for each other; all else overlaps."""

    def __init__(self, rig: Rig) -> None:
        self.log = Log()
        self._rig = rig
        self._stores = {name: asyncio.Lock() for name in STORES}
        self._pauses: Counter[int] = Counter()  # that have not ended, by process

    async def run(self, history: History) -> Log:
        """Returns when everything that was broken has been mended."""
        self.log.began_ns = time.time_ns()
        async with asyncio.TaskGroup() as tasks:
            for blow in history:
                tasks.create_task(self._at_its_time(blow))
        self.log.ended_ns = time.time_ns()
        return self.log

    async def _at_its_time(self, blow: Blow) -> None:
        await asyncio.sleep(blow.at)
        if blow.kind == "kill":
            await asyncio.gather(*map(self._kill, blow.targets))
        elif blow.kind == "pause":
            await asyncio.gather(*(self._pause(name, blow.hold) for name in blow.targets))
        else:
            (name,) = blow.targets
            async with self._stores[name]:
                since_ns = time.time_ns()
                async with _away(self._rig, name, blow.kind):
                    await asyncio.sleep(blow.hold)
                self._rig.absences.away[name].append((since_ns, time.time_ns()))

    async def _kill(self, name: str) -> None:
        """Also one that is paused, or that has only just been started again."""
        pid, died_ns = self._rig.pid(name), time.time_ns()
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        await eventually(lambda: self._rig.pid(name) != pid, 60.0)
        self._rig.absences.dead[name].append((died_ns, time.time_ns()))

    async def _pause(self, name: str, seconds: float) -> None:
        """Pauses overlap: the last to end wakes the process. Whoever is killed meanwhile comes back unpaused."""
        pid, stopped_ns = self._rig.pid(name), time.time_ns()
        self._pauses[pid] += 1
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
            await asyncio.sleep(seconds)
            self._pauses[pid] -= 1
            if not self._pauses[pid]:
                os.kill(pid, signal.SIGCONT)
            elif self._rig.pid(name) != pid:
                return
            self._rig.absences.paused[name].append((stopped_ns, time.time_ns()))


@asynccontextmanager
async def _away(rig: Rig, name: str, kind: str) -> AsyncIterator[None]:
    if (name, kind) == ("postgres", "refuse"):
        async with postgres_read_only(rig, _NO_CHANCE):
            yield
    elif (name, kind) == ("redis", "refuse"):
        async with _redis_refuses(rig.redis.url):
            yield
    else:
        server = rig.postgres if name == "postgres" else rig.redis
        await server.stop()
        try:
            yield
        finally:
            await server.start()


@asynccontextmanager
async def _redis_refuses(url: str) -> AsyncIterator[None]:
    """As one that is a replica does after a failover: it answers, and takes no writes."""
    with redis.Redis.from_url(url) as client:
        await asyncio.to_thread(client.replicaof, "127.0.0.1", "1")
        await asyncio.to_thread(client.config_set, "replica-serve-stale-data", "yes")
        try:
            yield
        finally:
            await asyncio.to_thread(client.replicaof, "NO", "ONE")
