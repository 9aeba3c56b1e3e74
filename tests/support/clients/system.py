"""One running system for clients of all languages: two simulated venues, short windows, several episodes a second."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc

from crossbook.pb.v1 import aggregator_pb2, aggregator_pb2_grpc
from crossbook.plumbing.grpc.channel import open_channel
from tests.support.local.system import System
from tests.support.waiting import eventually

PROCESSES = ("tracker", "aggregator", "arbitrage", "alerts")
VENUES = ("binance", "okx")
OPTIONS = ["--venues", ",".join(VENUES), "--window-seconds", "1", "--tracker-processes", "1"]
START_SECONDS = 180.0  # all tests of the module have this one
EPISODES = {  # so that whoever waits for an opportunity, its changes or an alert waits a moment
    "CROSSBOOK_SIMULATOR__EPISODE_INTERVAL_SECONDS": "0.2",
    "CROSSBOOK_SIMULATOR__QUIET_SECONDS": "1",
    "CROSSBOOK_ARBITRAGE__MIN_LIFE_MS": "0",
    "CROSSBOOK_ARBITRAGE__UPDATE_STEP_PERCENT": "0.005",
}


@asynccontextmanager
async def system_for_clients(folder: Path) -> AsyncIterator[dict[str, str]]:
    """The services' addresses by process, once windows of every venue are written. Whatever a client does to them, each
    still runs at the end and has met nothing that it took for a defect of its own.
    """
    async with System(folder, *OPTIONS, **EPISODES) as system:
        await system.until(lambda: set(PROCESSES) <= system.processes().keys(), START_SECONDS)
        async with open_channel(system.address("aggregator")) as channel:
            await eventually(lambda: _has_windows(channel), START_SECONDS)
        yield {process: system.address(process) for process in PROCESSES}
        assert await system.interrupt() == 0, system.output()
        assert {process["restarts"] for process in system.summary()["processes"].values()} == {0}
        assert "Traceback" not in system.output()


async def _has_windows(channel: grpc.aio.Channel) -> bool:
    try:
        found = await aggregator_pb2_grpc.AggregatorServiceStub(channel).ListSnapshots(
            aggregator_pb2.ListSnapshotsRequest(venues=VENUES), timeout=30
        )
    except grpc.aio.AioRpcError:
        return False  # not listening yet, or Postgres is not there yet
    return {row.venue for row in found.snapshots if row.tick_count} == set(VENUES)
