"""What sharding costs: the whole system with 1, 2 and 4 aggregators at one rate, and the processor time of every part.

python -m tests.bench.shards [--rate 2] [--seconds 20] [--shards 1,2,4]

One machine has as many cores however many shards there are: this shows that the work divides and what dividing adds;
docs/capacity.md counts on from there for more machines.
"""

import argparse
import asyncio
import json
import sys
import time
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path

import grpc
import uvloop

from crossbook.pb.v1 import aggregator_pb2, aggregator_pb2_grpc
from tests.bench.system import Addresses, are_all_live, frames, running_up, venue_stats
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[2]
REPORT = ROOT / ".bench" / "shards.json"
ROLES = ("tracker", "aggregator", "arbitrage", "alerts", "postgres")
START_DEADLINE_SECONDS = 120.0
WARM_UP_SECONDS = 5.0


@dataclass(frozen=True)
class Measured:
    """One number of shards: rates a second, and percent of one processor by role."""

    shards: int
    instruments: int
    frames_per_second: float
    quotes_per_second: float
    batches_per_second: float
    quotes_share_of_shards: list[float]
    cpu_percent: dict[str, float]
    incomplete_rows: int


async def _counters(addresses: Addresses) -> list[aggregator_pb2.GetAggregatorStatsResponse]:
    answers = []
    for target in addresses.of("aggregator"):
        async with grpc.aio.insecure_channel(target) as channel:
            stub = aggregator_pb2_grpc.AggregatorServiceStub(channel)
            answers.append(await stub.GetAggregatorStats(aggregator_pb2.GetAggregatorStatsRequest(), timeout=5))
    return answers


def _cpu_by_role(addresses: Addresses) -> dict[str, float]:
    spent: dict[str, float] = defaultdict(float)
    for name, usage in addresses.usages().items():
        spent[next((role for role in ROLES if name.startswith(role)), "simulator and others")] += usage.cpu_s
    return spent


def _batches(counters: list[aggregator_pb2.GetAggregatorStatsResponse]) -> int:
    return sum(stream.received_sequence for answer in counters for stream in answer.streams)


async def measure(shards: int, rate: float, seconds: float) -> Measured:
    """Starts everything, waits until it is LIVE, and counts for a while."""
    settings = {"CROSSBOOK_SIMULATOR__RATE": str(rate)}
    async with running_up(settings, ["--venues", "all", "--shards", str(shards)]) as addresses:
        await eventually(lambda: are_all_live(addresses), START_DEADLINE_SECONDS)
        await asyncio.sleep(WARM_UP_SECONDS)
        before, frames_before, cpu_before = await _counters(addresses), await frames(addresses), _cpu_by_role(addresses)
        started = time.monotonic()
        await asyncio.sleep(seconds)
        after, taken = await _counters(addresses), await frames(addresses) - frames_before
        cpu_after, passed = _cpu_by_role(addresses), time.monotonic() - started
        instruments = sum(venue.markets for venue in await venue_stats(addresses))
    quotes = [new.quotes_ingested - old.quotes_ingested for new, old in zip(after, before, strict=True)]
    return Measured(
        shards=shards,
        instruments=instruments,
        frames_per_second=taken / passed,
        quotes_per_second=sum(quotes) / passed,
        batches_per_second=(_batches(after) - _batches(before)) / passed,
        quotes_share_of_shards=[count / max(1, sum(quotes)) for count in quotes],
        cpu_percent={role: 100 * (cpu_after[role] - cpu_before[role]) / passed for role in cpu_after},
        incomplete_rows=sum(answer.incomplete_snapshots for answer in after),
    )


def _print(one: Measured) -> None:
    shares = " ".join(f"{share:.0%}" for share in one.quotes_share_of_shards)
    cpu = ", ".join(f"{role} {percent:.0f} %" for role, percent in sorted(one.cpu_percent.items()))
    print(
        f"{one.shards} shard{'s' if one.shards > 1 else ''}: {one.instruments} instruments,"
        f" {one.frames_per_second:,.0f} frames/s, {one.quotes_per_second:,.0f} quotes/s in"
        f" {one.batches_per_second:,.0f} batches/s, {one.incomplete_rows} incomplete rows"
    )
    print(f"  quotes by shard: {shares}\n  processors: {cpu}", flush=True)


async def main(arguments: argparse.Namespace) -> int:
    """Prints a line for each, writes .bench/shards.json."""
    measured = []
    for shards in arguments.shards:
        measured.append(await measure(shards, arguments.rate, arguments.seconds))
        _print(measured[-1])
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps([asdict(one) for one in measured], indent=2) + "\n")
    print(f"written to {REPORT.relative_to(ROOT)}")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.shards")
    parser.add_argument("--rate", type=float, default=2.0, help="of the simulator; 1 is ten requotes a second")
    parser.add_argument("--seconds", type=float, default=20.0, help="counted, after a warm-up")
    parser.add_argument("--shards", type=lambda text: [int(one) for one in text.split(",")], default=[1, 2, 4])
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(uvloop.run(main(_arguments())))
