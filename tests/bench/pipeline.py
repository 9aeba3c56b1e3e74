"""The whole system on this machine: latency from a frame to its opportunity, and how many frames it carries.

`crossbook up` runs with the simulator at a rate; every move of a price is made an event by thresholds that everything
passes. Latency is from the tracker's receive time to the arrival of the event at a client of the arbitrage service.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import uvloop

from crossbook._core import venue_profiles
from crossbook.pb.v1 import arbitrage_pb2, arbitrage_pb2_grpc, tracker_pb2, tracker_pb2_grpc
from tests.bench.floor import floor_latencies_us
from tests.bench.report import Row
from tests.support.waiting import eventually

# Frames a second of one simulated venue at rate 1, with its twenty instruments.
FRAMES_OF_A_VENUE = 400
ALL_VENUES = [profile.id for profile in venue_profiles() if profile.unavailable_reason is None]
# Latency is of a pair of venues: every quote then makes at most two events, not a dozen that queue behind each other.
PAIR = ALL_VENUES[:2]
WARM_UP_SECONDS = 4.0
MEASURED_SECONDS = 10.0
START_DEADLINE_SECONDS = 90.0
WATCHED_ASSETS = ["BTC", "ETH"]
FLOODING_RATE = 100.0
# Everything is an opportunity, and every change of its profit an event.
OPEN_TO_ALL = {
    "CROSSBOOK_ARBITRAGE__OPEN_NET_PERCENT": "-20",
    "CROSSBOOK_ARBITRAGE__CLOSE_NET_PERCENT": "-30",
    "CROSSBOOK_ARBITRAGE__UPDATE_STEP_PERCENT": "0.0000001",
    "CROSSBOOK_ARBITRAGE__MIN_LIFE_MS": "0",
    "CROSSBOOK_ARBITRAGE__MIN_NOTIONAL": "0",
}


@dataclass(frozen=True)
class Measured:
    """Ages of events in microseconds, and the frames a second that the trackers took meanwhile."""

    ages_us: list[float]
    frames_per_second: float


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


@asynccontextmanager
async def running_system(rate: float, venues: Sequence[str]) -> AsyncIterator[Addresses]:
    """`crossbook up` with the simulator at a rate; yields once every instrument is LIVE."""
    environment = {**os.environ, **OPEN_TO_ALL, "CROSSBOOK_SIMULATOR__RATE": str(rate)}
    with tempfile.TemporaryDirectory(prefix="crossbook-bench-") as folder:
        addresses = Addresses(Path(folder) / "run.json")
        options = ["--no-view", "--data-dir", folder, "--port-base", "0", "--venues", ",".join(venues)]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "crossbook", "up", *options),
            env=environment,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            await eventually(lambda: are_all_live(addresses), START_DEADLINE_SECONDS)
            yield addresses
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


async def are_all_live(addresses: Addresses) -> bool:
    """Whether every tracker answers that all its instruments are LIVE."""
    with contextlib.suppress(grpc.aio.AioRpcError):
        venues = await venue_stats(addresses)
        return bool(venues) and all(venue.markets and venue.live_markets == venue.markets for venue in venues)
    return False


async def frames(addresses: Addresses) -> int:
    """Frames that all trackers have received."""
    return sum(venue.messages_received for venue in await venue_stats(addresses))


async def measure_rate(rate: float, venues: Sequence[str]) -> Measured:
    """Runs the system at a rate and watches two assets' opportunities."""
    async with running_system(rate, venues) as addresses:
        before, started = await frames(addresses), time.monotonic()
        ages = await event_ages_us(addresses.of("arbitrage")[0])
        return Measured(ages, (await frames(addresses) - before) / (time.monotonic() - started))


async def event_ages_us(target: str) -> list[float]:
    """Ages on arrival of the events after the warm-up."""
    ages: list[float] = []
    async with grpc.aio.insecure_channel(target) as channel:
        request = arbitrage_pb2.WatchOpportunitiesRequest(assets=WATCHED_ASSETS)
        call = arbitrage_pb2_grpc.ArbitrageServiceStub(channel).WatchOpportunities(request, wait_for_ready=True)
        warm = time.monotonic() + WARM_UP_SECONDS
        try:
            async with asyncio.timeout(WARM_UP_SECONDS + MEASURED_SECONDS):
                async for event in call:
                    now_ns = time.time_ns()
                    if time.monotonic() >= warm and event.kind == arbitrage_pb2.OPPORTUNITY_EVENT_KIND_UPDATED:
                        ages.append((now_ns - event.cause_time.ToNanoseconds()) / 1000)
        except TimeoutError:
            return ages
        finally:
            call.cancel()
    return ages


def percentile(values: list[float], share: float) -> float:
    """The value below which that share lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


async def latency_rows(name: str, frames_per_second: int) -> list[Row]:
    """p50 and p99 at a rate, each beside the floor at the same rate."""
    measured = await measure_rate(frames_per_second / FRAMES_OF_A_VENUE / len(PAIR), PAIR)
    floor = await floor_latencies_us(frames_per_second, MEASURED_SECONDS)
    return [
        Row(
            key=f"frame_to_opportunity_us_{name}_{label}",
            value=percentile(measured.ages_us, share),
            unit=f"us ({measured.frames_per_second:,.0f} frames/s)",
            baseline=percentile(floor, share),
            baseline_name="bare three-hop gRPC",
            target=target,
        )
        for label, share, target in (("p50", 0.50, "<= 1.6x floor"), ("p99", 0.99, "<= 2x floor"))
    ]


async def throughput_row() -> Row:
    """Frames a second with the simulator sending all that it can."""
    measured = await measure_rate(FLOODING_RATE, ALL_VENUES)
    target = ">= 100 k frames/s"
    return Row("frames_to_windows_per_s", measured.frames_per_second, "frames/s", None, "", True, target)


async def measure() -> list[Row]:
    return [
        *await latency_rows("1k_frames", 1_000),
        *await latency_rows("20k_frames", 20_000),
        await throughput_row(),
    ]


def run() -> list[Row]:
    """The rows of this bench."""
    return uvloop.run(measure())
