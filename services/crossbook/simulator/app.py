"""`crossbook simulator`: builds the world from the settings, listens, and keeps its time."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from crossbook.plumbing.process import Lifetime
from crossbook.plumbing.settings import Settings
from crossbook.plumbing.targets import target_of
from crossbook.plumbing.timestamps import SECOND_NS
from crossbook.simulator.play.player import Player
from crossbook.simulator.serve.server import serve_venues
from crossbook.simulator.simulator import Simulator

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RunningSimulator:
    """What somebody who started one in-process wants to hold."""

    simulator: Simulator
    port: int


async def run(settings: Settings, lifetime: Lifetime) -> None:
    """Serves until the service is told to stop."""
    async with running_simulator(settings):
        await lifetime.stopping.wait()


@asynccontextmanager
async def running_simulator(settings: Settings) -> AsyncIterator[RunningSimulator]:
    """A simulator that lives as long as the context; its truth file is complete afterwards."""
    player = Player(settings.simulator.play, settings.simulator.speed) if settings.simulator.play else None
    simulator = Simulator(settings.simulator, time.time_ns(), player.face if player else None)
    try:
        async with (
            serve_venues(simulator, player, settings.host, settings.simulator.port) as port,
            asyncio.TaskGroup() as tasks,
        ):
            clock = tasks.create_task(_keep_time(simulator))
            log.info("simulator_ready", address=target_of(settings.host, port), venues=list(simulator.faces))
            try:
                yield RunningSimulator(simulator, port)
            finally:
                clock.cancel()
    finally:
        simulator.close(time.time_ns())


async def _keep_time(simulator: Simulator) -> None:
    """Ticks when ticks are due; between late ticks it only lets the sockets breathe."""
    while True:
        now_ns = time.time_ns()
        simulator.advance(now_ns)
        wait_ns = simulator.next_tick_ns - time.time_ns()
        await asyncio.sleep(max(0, wait_ns) / SECOND_NS)
