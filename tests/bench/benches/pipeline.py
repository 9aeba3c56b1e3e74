"""The whole system on this machine: from a frame to its opportunity, stage by stage, and what a frame costs.

`crossbook up` runs with the sender in the place of a pair of venues, at several rates one after the other; every change
of a price is made an event by thresholds that everything passes. In turn with each: three bare gRPC hops that carry as
many messages a second as the trackers just sent.
"""

import statistics
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tests.bench.floor import Floor, floor
from tests.bench.product import Bench, Product
from tests.bench.rig import Rig, Slice, rig
from tests.bench.rows import Figures, Row, Target, times_worse
from tests.bench.stamps import STAGES, ClockError

RATES = {"1k": 1_000, "20k": 20_000, "100k": 100_000}  # frames a second, of both venues together
MOVES = 200.0  # of them change a price, which makes events; the others change a size, which makes quotes
SECONDS = 3.0
PERCENTS = (50, 90, 99)
TARGETS: dict[tuple[str, int], tuple[Target, ...]] = {("1k", 50): (times_worse(1.6),), ("1k", 99): (times_worse(2),)}
FLOOR = "three bare gRPC hops, a floor that cannot be beaten"
STAGE_WORDS = {
    "1_socket": "from the sender's write to the tracker's read",
    "2_to_scan": "from the tracker's read to the scan's decision: book, batch, hop, windows, hop, scan",
    "3_to_client": "from the scan's decision to a client: event, hop",
}


def _rows_of(name: str, rate: int) -> list[Row]:
    at = f"at {rate:,} frames/s"
    return [
        *(
            Row(
                f"frame_to_opportunity_us_{name}_p{percent}",
                "us",
                f"From a frame's receipt to a client that has its opportunity, {at}; percentile {percent} of events.",
                beside=FLOOR,
                targets=TARGETS.get((name, percent), ()),
            )
            for percent in PERCENTS
        ),
        *(
            Row(f"stage_us_{name}_{stage}", "us", f"Median over events, {at}, {STAGE_WORDS[stage]}.")
            for stage in STAGES
        ),
        Row(
            f"stage_us_{name}_2a_tracker",
            "us",
            f"Part of 2, {at}: from a frame to its batch, as the trackers sample it.",
        ),
        Row(
            f"frames_taken_per_s_{name}",
            "frames/s",
            f"What the trackers really took while {rate:,} frames/s were asked of the sender.",
            is_higher_better=True,
        ),
        Row(f"cpu_us_per_frame_{name}", "us", f"Processor time of all four services by frames taken, {at}."),
    ]


ROWS = tuple(row for name, rate in RATES.items() for row in _rows_of(name, rate))


class Pipeline:
    """Its parts are the names of the rates."""

    def __init__(self, system: Rig, hops: Floor, parts: Sequence[str]) -> None:
        self.parts = parts
        self._system = system
        self._hops = hops
        self._messages_per_second = dict.fromkeys(parts, 0.0)

    async def ours(self, part: str) -> Figures:
        """One slice at the rate."""
        told = await self._system.slice(RATES[part], MOVES, SECONDS)
        self._messages_per_second[part] = told.batches / told.seconds
        return figures(part, told)

    async def beside(self, part: str) -> Figures:
        """The floor at as many messages."""
        ages_us = await self._hops.latencies_us(self._messages_per_second[part], SECONDS)
        return _percentiles(part, ages_us)


def figures(name: str, told: Slice) -> Figures:
    """Rows of one slice; those that have no event are left out. Raises ClockError for a negative stage."""
    found = {f"cpu_us_per_frame_{name}": 1e6 * told.cpu_s / max(1, told.frames)}
    found[f"frames_taken_per_s_{name}"] = told.frames / told.seconds
    found[f"stage_us_{name}_2a_tracker"] = told.tracker_us
    found |= _percentiles(name, [one.frame_to_opportunity_us for one in told.stamps])
    columns = zip(*(one.stages_us for one in told.stamps), strict=True)
    for stage, values in zip(STAGES, columns, strict=False):
        found[f"stage_us_{name}_{stage}"] = statistics.median(values)
    return found


def _percentiles(name: str, values: Sequence[float]) -> dict[str, float]:
    if values and min(values) < 0:
        raise ClockError(f"an age of {min(values)} us")
    ordered = sorted(values)
    return {
        f"frame_to_opportunity_us_{name}_p{percent}": ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
        for percent in PERCENTS
        if ordered
    }


@asynccontextmanager
async def opened(product: Product, rows: Sequence[Row]) -> AsyncIterator[Pipeline]:
    """Everything is started once and fed at each rate in turn."""
    keys = {row.key for row in rows}
    parts = [name for name, rate in RATES.items() if keys & {row.key for row in _rows_of(name, rate)}]
    async with rig(product) as system, floor() as hops:
        yield Pipeline(system, hops, parts)


BENCH = Bench(
    "pipeline",
    "The whole system, fed at three rates: latency from frame to opportunity in turn with a floor, stages, and cost.",
    ROWS,
    opened,
    rounds=5,
    limits="Sender, system, client and floor share the cores; while the floor is measured the system idles beside it, "
    "with a hundred frames a second. 200 prices a second move at every rate. The aggregator puts no stamp on a "
    "quote: stage 2 is one. A venue's network is not in it.",
    is_warmed_up=False,
)
