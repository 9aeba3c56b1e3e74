"""The whole system on this machine: latency from a frame to its opportunity, step by step, and what a frame costs.

`crossbook up` runs with the simulator at a rate; every move of a price is made an event by thresholds that everything
passes. The floor is three bare gRPC hops that carry as many messages a second as the trackers send: at few messages a
second every process wakes from sleep for each, which alone costs more than the work.
"""

import time
from collections.abc import Iterable

import uvloop

from crossbook._core import venue_profiles
from tests.bench.floor import floor_latencies_us
from tests.bench.replayed import frames_replayed_per_second
from tests.bench.report import Row
from tests.bench.stages import Ages, Told, listen, told
from tests.bench.system import are_all_live, frames, is_any_live, running_up
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
RATES = {"1k_frames": 1_000, "20k_frames": 20_000, "100k_frames": 100_000}
# Everything is an opportunity, and every change of its profit an event.
OPEN_TO_ALL = {
    "CROSSBOOK_ARBITRAGE__OPEN_NET_PERCENT": "-20",
    "CROSSBOOK_ARBITRAGE__CLOSE_NET_PERCENT": "-30",
    "CROSSBOOK_ARBITRAGE__UPDATE_STEP_PERCENT": "0.0000001",
    "CROSSBOOK_ARBITRAGE__MIN_LIFE_MS": "0",
    "CROSSBOOK_ARBITRAGE__MIN_NOTIONAL": "0",
}
OURS = ("tracker", "aggregator", "arbitrage", "alerts")
EVENT_TARGETS = {50.0: "<= 1.6x floor", 99.0: "<= 2x floor"}


async def measure_rate(name: str, frames_per_second: int) -> list[Row]:
    """One run at a rate: ages at every step, the floor beside them, the processor time of a frame."""
    settings = {**OPEN_TO_ALL, "CROSSBOOK_SIMULATOR__RATE": str(frames_per_second / FRAMES_OF_A_VENUE / len(PAIR))}
    started = time.monotonic()
    async with running_up(settings, ["--venues", ",".join(PAIR)]) as addresses:
        await eventually(lambda: is_any_live(addresses), START_DEADLINE_SECONDS)
        first_live_seconds = time.monotonic() - started
        await eventually(lambda: are_all_live(addresses), START_DEADLINE_SECONDS)
        frames_before, batches_before = await frames(addresses), (await told(addresses)).batches
        usages_before, began = addresses.usages(), time.monotonic()
        ages = await listen(addresses, WATCHED_ASSETS, WARM_UP_SECONDS, MEASURED_SECONDS)
        seconds, usages = time.monotonic() - began, addresses.usages()
        taken, seen = await frames(addresses) - frames_before, await told(addresses)
    cpu_s = sum(usages[one].cpu_s - usages_before[one].cpu_s for one in usages if one.startswith(OURS))
    batches_per_second = (seen.batches - batches_before) / seconds
    floor_us = await floor_latencies_us(batches_per_second, MEASURED_SECONDS)
    note = f"{taken / seconds:,.0f} frames/s, {batches_per_second:,.0f} batches/s"
    rows = [*_event_rows(name, ages, floor_us, note), *_stage_rows(name, ages, seen)]
    rows.append(Row(f"cpu_us_per_frame_{name}", 1e6 * cpu_s / max(1, taken), "us in all four services"))
    if name == "1k_frames":
        rows.append(Row("startup_to_first_live_s", first_live_seconds, "s, servers and simulator included"))
    return rows


def _event_rows(name: str, ages: Ages, floor_us: list[float], note: str) -> Iterable[Row]:
    for percent in (50.0, 90.0, 99.0, 99.9):
        yield Row(
            key=f"frame_to_opportunity_us_{name}_p{percent:g}",
            value=ages.event.get_value_at_percentile(percent) / 1000,
            unit=f"us ({note})",
            baseline=percentile(floor_us, percent / 100),
            baseline_name="bare three-hop gRPC",
            target=EVENT_TARGETS.get(percent, ""),
        )


def _stage_rows(name: str, ages: Ages, seen: Told) -> Iterable[Row]:
    """What each step adds to the median. The hops are what is left between the steps."""
    quote_us, event_us = (one.get_value_at_percentile(50.0) / 1000 for one in (ages.quote, ages.event))
    steps = {
        "1_socket": ages.socket.get_value_at_percentile(50.0) / 1000,
        "2_decode": seen.frame_to_batch_us,
        "3_hop": seen.batch_to_aggregator_us,
        "4_windows": seen.windows_us,
        "5_hop": quote_us - seen.frame_to_batch_us - seen.batch_to_aggregator_us - seen.windows_us,
        "6_scan": seen.frame_to_scanned_us - quote_us,
        "7_hop": event_us - seen.frame_to_scanned_us,
    }
    units = {"1_socket": "us from the venue's stamp, of whole ms for most"}
    return (Row(f"stage_us_{name}_{step}", value, units.get(step, "us")) for step, value in steps.items())


def percentile(values: list[float], share: float) -> float:
    """The value below which that share lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


async def measure() -> list[Row]:
    rows = [row for name, rate in RATES.items() for row in await measure_rate(name, rate)]
    target = ">= 100 k frames/s"
    rate = await frames_replayed_per_second()
    return [
        *rows,
        Row("frames_to_windows_per_s", rate, "frames/s, recorded and replayed on one core", None, "", True, target),
    ]


def run() -> list[Row]:
    """The rows of this bench."""
    return uvloop.run(measure())
