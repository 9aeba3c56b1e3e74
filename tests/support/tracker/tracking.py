"""A whole tracker over a simulator and a server in the aggregator's place, all in this process, on free ports."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import httpx

from crossbook.pb.v1.market_pb2 import VenueState
from crossbook.pb.v1.tracker_pb2 import GetTrackerStatsRequest, VenueStats
from crossbook.pb.v1.tracker_pb2_grpc import TrackerServiceStub
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.grpc.channel import open_channel
from crossbook.plumbing.process import Lifetime
from crossbook.plumbing.settings import Settings, load_settings
from crossbook.simulator.app import running_simulator
from crossbook.simulator.simulator import Simulator
from crossbook.simulator.world.listing import decimal_text
from crossbook.tracker import app
from tests.support.tracker.ingest_server import IngestServer, ingest_server

VENUES = ("binance", "lighter", "okx", "paradex")
DEADLINE_SECONDS = 90.0


@dataclass
class World:
    """What a test holds."""

    ingest: IngestServer
    tracker: Any  # TrackerServiceStub, whose async face the generated stubs do not type
    channel: grpc.aio.Channel
    lifetime: Lifetime
    simulator: Simulator
    simulator_url: str

    async def stats(self) -> dict[str, VenueStats]:
        """By venue."""
        answer = await self.tracker.GetTrackerStats(GetTrackerStatsRequest(), timeout=10, wait_for_ready=True)
        return {stats.venue: stats for stats in answer.venues}

    async def until(self, holds: Callable[[dict[str, VenueStats]], object]) -> dict[str, VenueStats]:
        """The stats, once something holds of them."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                stats = await self.stats()
                if holds(stats):
                    return stats
                await asyncio.sleep(0.05)

    async def until_live(self) -> dict[str, VenueStats]:
        """The stats, once every venue is LIVE."""
        return await self.until(is_all_live)

    def stand_still(self) -> None:
        """No book changes any more."""
        for instrument in self.simulator.world.instruments:
            instrument.is_paused = True

    def true_tops(self, venue: str) -> dict[str, tuple[float, float]]:
        """Asset to (best bid, best ask), as the simulator knows them."""
        tops = {}
        for instrument in self.simulator.faces[venue].instruments.values():
            bid, _, ask, _ = instrument.book.top()
            decimals = instrument.listing.price_decimals
            tops[instrument.asset] = (float(decimal_text(bid, decimals)), float(decimal_text(ask, decimals)))
        return tops

    def quoted_tops(self, venue: str) -> dict[str, tuple[float, float]]:
        """The same as the aggregator was told last; (0, 0) for a book that is not LIVE."""
        return self.ingest.streams[venue].last_tops()

    async def order(self, faults: str) -> None:
        """Faults of the simulator, counted from now."""
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(f"{self.simulator_url}/control/faults", params={"spec": faults})
            answer.raise_for_status()


def is_all_live(stats: dict[str, VenueStats]) -> bool:
    """Whether every book of every venue is LIVE."""
    return all(one.state == VenueState.VENUE_STATE_LIVE for one in stats.values())


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tracker_settings(simulator_port: int, aggregator_port: int, unlistable: str, **tracker: Any) -> Settings:
    """Four simulated venues, one of them without REST if so asked; the rest of the section may be given otherwise."""
    address = f"127.0.0.1:{simulator_port}"
    endpoints = {
        venue: {"websocket_url": f"ws://{address}/{venue}", "rest_url": f"http://{address}/{venue}"}
        for venue in tracker.get("venues", VENUES)
    }
    if unlistable:
        endpoints[unlistable]["rest_url"] = f"http://127.0.0.1:{free_port()}"
    given = {"venues": list(VENUES), "endpoints": endpoints, "metrics_port": 0, "port": free_port()}
    return load_settings(tracker=given | {"shards": {"main": f"127.0.0.1:{aggregator_port}"}} | tracker)


@asynccontextmanager
async def tracking(
    *,
    assets: int = 4,
    record_dir: Path | None = None,
    unlistable: str = "",
    clock: Clock | None = None,
    **tracker: Any,
) -> AsyncIterator[World]:
    """Runs until the end of the block, then lets the tracker end by itself and checks that it did so in order."""
    venues = list(tracker.get("venues", VENUES))
    simulated = load_settings(simulator={"port": 0, "assets": assets, "venues": venues})
    async with ingest_server() as ingest, running_simulator(simulated) as simulator:
        settings = tracker_settings(simulator.port, ingest.port, unlistable, record_dir=record_dir, **tracker)
        lifetime = Lifetime()
        run = asyncio.create_task(app.run(settings, lifetime, clock))
        async with open_channel(f"127.0.0.1:{settings.tracker.port}") as channel:
            try:
                url = f"http://127.0.0.1:{simulator.port}"
                yield World(ingest, TrackerServiceStub(channel), channel, lifetime, simulator.simulator, url)
            finally:
                lifetime.stop()
                async with asyncio.timeout(DEADLINE_SECONDS):
                    await run
