"""What pays and when: one cheap venue against all others, of one asset after the other, told as a shard tells it.

Every quote is told again and again, so that whoever has only just been started knows the market in a moment.
"""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.support.aggregator.fanout import Fanout, Tick

CHEAP, OTHERS = "cheap", ("dear1", "dear2", "dear3", "dear4")
ASSETS = 40  # one after the other, so that two dislocations of one asset are far apart
TELL_SECONDS = 0.25
PAUSE_SECONDS = (0.5, 1.4)  # between two that begin
LENGTH_SECONDS = (1.5, 6.0)

OnStage = Callable[[str], None]


@dataclass
class Dislocation:
    """Times as time.time() has them; `until` is infinite while it goes on."""

    asset: str
    since: float
    until: float = float("inf")


class Market:
    """Tells `on_stage` when one begins and when one ends."""

    def __init__(self, fanout: Fanout, chance: random.Random, on_stage: OnStage) -> None:
        self.past: list[Dislocation] = []
        self._fanout = fanout
        self._chance = chance
        self._on_stage = on_stage
        self._off: set[str] = set()
        self._assets = [f"COIN{number}" for number in range(ASSETS)]

    async def run(self, before: Callable[[str], object]) -> None:
        """Dislocates until cancelled, then no longer; `before` hears of an asset in time to silence it."""
        async with asyncio.TaskGroup() as tasks:
            telling = tasks.create_task(self._tell_again())
            number = 0
            try:
                while True:
                    asset = self._assets[number % ASSETS]
                    before(asset)
                    await asyncio.sleep(self._chance.uniform(*PAUSE_SECONDS))
                    tasks.create_task(self._dislocate(asset))
                    number += 1
            finally:
                telling.cancel()

    async def stand_still(self) -> None:
        """Tells what there is, none of which pays, until cancelled."""
        for one in self.past:
            one.until = min(one.until, time.time())
        self._off.clear()
        await self._tell_again()

    async def _dislocate(self, asset: str) -> None:
        one = Dislocation(asset, time.time())
        self.past.append(one)
        self._off.add(asset)
        self._tell(asset)
        self._on_stage("opening")
        await asyncio.sleep(self._chance.uniform(*LENGTH_SECONDS))
        one.until = time.time()
        self._off.discard(asset)
        self._tell(asset)
        self._on_stage("closing")

    async def _tell_again(self) -> None:
        while True:
            self._tell(*self._assets)
            await asyncio.sleep(TELL_SECONDS)

    def _tell(self, *assets: str) -> None:
        ticks = []
        for asset in assets:
            low = 99.9 if asset in self._off else 101.0
            ticks.append(Tick(CHEAP, low, low + 0.1, asset))
            ticks += [Tick(venue, 101.0, 101.1, asset) for venue in OTHERS]
        self._fanout.send(*ticks)
