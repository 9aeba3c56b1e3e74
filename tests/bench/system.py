"""`crossbook up` as the benches run it: with the simulator at a rate, on ports of its own, in a folder that goes."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc

from crossbook.local.processes.usage import Usage, tree_usage
from crossbook.pb.v1 import tracker_pb2, tracker_pb2_grpc


@dataclass(frozen=True)
class Addresses:
    """Where the processes of a run listen, as its run.json says at the moment."""

    run_file: Path

    def of(self, prefix: str) -> list[str]:
        """Addresses of the processes whose names begin so; empty before they run."""
        with contextlib.suppress(FileNotFoundError):
            processes = json.loads(self.run_file.read_text())["processes"]
            return [entry["address"] for name, entry in sorted(processes.items()) if name.startswith(prefix)]
        return []

    def pids(self) -> dict[str, int]:
        """Of every process. One that was restarted has another."""
        processes = json.loads(self.run_file.read_text())["processes"]
        return {name: entry["pid"] for name, entry in processes.items()}

    def usages(self) -> dict[str, Usage]:
        """Of every process, with its children. One that was restarted has another pid and starts at zero."""
        pids = self.pids()
        usages = tree_usage(list(pids.values()))
        return {name: usages[pid] for name, pid in pids.items() if pid in usages}


@asynccontextmanager
async def running_up(
    settings: Mapping[str, str], options: Sequence[str], python: str = sys.executable
) -> AsyncIterator[Addresses]:
    """Yields at once; ended like Ctrl-C. The interpreter says whose `crossbook` it is."""
    with tempfile.TemporaryDirectory(prefix="crossbook-bench-") as folder:
        command = ("-m", "crossbook", "up", "--no-view", "--data-dir", folder, "--port-base", "0", *options)
        with (Path(folder) / "up.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *(python, *command), env={**os.environ, **settings}, stdout=log, stderr=log
            )
        try:
            yield Addresses(Path(folder) / "run.json")
        finally:
            process.send_signal(signal.SIGINT)
            await process.wait()


async def venue_stats(addresses: Addresses) -> list[tracker_pb2.VenueStats]:
    """Counters of every venue of every tracker."""
    found: list[tracker_pb2.VenueStats] = []
    for target in addresses.of("tracker"):
        async with grpc.aio.insecure_channel(target) as channel:
            request = tracker_pb2.GetTrackerStatsRequest()
            found += (await tracker_pb2_grpc.TrackerServiceStub(channel).GetTrackerStats(request, timeout=5)).venues
    return found


async def is_any_live(addresses: Addresses) -> bool:
    """Whether a tracker has an instrument that is LIVE."""
    with contextlib.suppress(grpc.aio.AioRpcError):
        return any(venue.live_markets for venue in await venue_stats(addresses))
    return False


async def are_all_live(addresses: Addresses) -> bool:
    """Whether every tracker answers that all its instruments are LIVE."""
    with contextlib.suppress(grpc.aio.AioRpcError):
        venues = await venue_stats(addresses)
        return bool(venues) and all(venue.markets and venue.live_markets == venue.markets for venue in venues)
    return False


async def frames(addresses: Addresses) -> int:
    """Frames that all trackers have received."""
    return sum(venue.messages_received for venue in await venue_stats(addresses))
