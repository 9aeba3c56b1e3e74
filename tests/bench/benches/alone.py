"""The three services from a frame to its opportunity, alone: how old it is at a client, and what a frame costs each."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tests.bench.aged import LOADS, SECONDS, ages_of, floor_of, rows_of
from tests.bench.alone import running_alone
from tests.bench.fed import SERVICES, Fed, Load, fed
from tests.bench.native_floor import NativeFloor, native_floor
from tests.bench.product import Bench, Product
from tests.bench.readers import native_reader
from tests.bench.rows import Figures, Row, at_most

SYSTEM, WORDS = "alone", "three services alone"
LIMITS_US = {
    ("1k", 50): 300.0,
    ("1k", 99): 700.0,
    ("1k_tens", 50): 550.0,
    ("1k_tens", 99): 1_100.0,
    ("20k_tens", 50): 300.0,
    ("20k_tens", 99): 700.0,
}
COSTS = {"cost_1k": Load(1_000, 1), "cost_10k": Load(10_000, 10), "cost_50k": Load(50_000, 50)}
COST_LIMITS_US = {"cost_1k": 60.0, "cost_10k": 10.0, "cost_50k": 5.0}
ALL = "all"


def _cost_key(part: str, service: str) -> str:
    return f"service_cpu_us_per_frame_{part.removeprefix('cost_')}_{service}"


def _cost_rows(part: str) -> list[Row]:
    load = COSTS[part]
    at = f"at {load.rate:,.0f} frames/s, those of a millisecond at once"
    services = (
        Row(_cost_key(part, service), "us", f"Processor time of the {service} by frames that were due, {at}.")
        for service in SERVICES
    )
    together = Row(
        _cost_key(part, ALL),
        "us",
        f"The same of all three services together, {at}.",
        targets=(at_most(COST_LIMITS_US[part]),),
    )
    return [*services, together]


PARTS = {
    **{load: rows_of(SYSTEM, WORDS, LIMITS_US, load) for load in LOADS},
    **{part: _cost_rows(part) for part in COSTS},
}
ROWS = tuple(row for rows in PARTS.values() for row in rows)


class Alone:
    """Its parts are the loads of the ages, and those of the costs."""

    def __init__(self, system: Fed, floor: NativeFloor, parts: Sequence[str]) -> None:
        self.parts = parts
        self._system = system
        self._floor = floor

    async def ours(self, part: str) -> Figures:
        """One load."""
        if part in LOADS:
            return await ages_of(SYSTEM, self._system, part)
        cpu_us = (await self._system.play(COSTS[part], native_reader, SECONDS)).cpu_us_per_frame
        return {_cost_key(part, service): us for service, us in (cpu_us | {ALL: sum(cpu_us.values())}).items()}

    async def beside(self, part: str) -> Figures:
        """The floor, for ages."""
        return await floor_of(SYSTEM, self._floor, part) if part in LOADS else {}


@asynccontextmanager
async def opened(product: Product, rows: Sequence[Row]) -> AsyncIterator[Alone]:
    """Started once."""
    parts = [part for part, own in PARTS.items() if any(row in rows for row in own)]
    async with fed(lambda settings: running_alone(settings, product.python)) as system, native_floor() as floor:
        yield Alone(system, floor, parts)


BENCH = Bench(
    "alone",
    "Tracker, aggregator and arbitrage without alerts and view: how old an opportunity is, what a frame costs each.",
    ROWS,
    opened,
    rounds=3,
    limits="An open loop: an age counts from when the frame was due, the source's own lateness included, and a frame "
    "that was conflated is as old as the one that stood in for it. At most 1,000 frames a second show another price, "
    "the others another size; the client watches four of twenty assets. Source, client, floor and services share the "
    "cores; while the floor is measured the services idle beside it.",
    is_warmed_up=False,
)
