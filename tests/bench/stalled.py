"""`make stalled`: clients that stop reading, and one that subscribes to everything 200 times, while quotes pour in.

python -m tests.bench.stalled [--minutes 10] [--alone 60] [--rate 50000] [--subscriptions 200]

A control client reads all four streams, first alone and then beside the stalled ones: it must notice nothing. Memory of
each service is sampled throughout. At the end the quotes stop, the stalled ones read, and are told what they missed.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import uvloop

from crossbook.local.options import UpOptions
from crossbook.local.processes.probes import answers_grpc
from crossbook.local.processes.supervisor import Supervisor
from crossbook.local.processes.usage import tree_usage
from crossbook.local.run.environments import Places, Setup, environment_of
from crossbook.local.run.ports import choose_ports
from crossbook.local.servers.postgres import embedded_postgres
from crossbook.local.servers.redis import embedded_redis
from crossbook.local.services import service_named
from crossbook.pb.v1 import alerts_pb2
from crossbook.pb.v1.aggregator_pb2 import GetAggregatorStatsRequest, GetAggregatorStatsResponse
from crossbook.pb.v1.aggregator_pb2_grpc import AggregatorServiceStub
from crossbook.pb.v1.alerts_pb2_grpc import AlertServiceStub
from crossbook.plumbing.data.migrate import migrate
from crossbook.plumbing.grpc.channel import open_channel
from crossbook.plumbing.settings import load_settings
from tests.bench.feeder import VENUES as MADE_UP
from tests.bench.processes import python_process
from tests.bench.soak import SAMPLE_SECONDS, History
from tests.bench.streams import STREAMS, Control, Stalled, stall
from tests.support.waiting import eventually

HOST = "127.0.0.1"
SERVICES = ("aggregator", "arbitrage", "alerts")
STALLED_OPTIONS = (("grpc.http2.bdp_probe", 0),)  # else their own end takes in some megabytes without being asked
OTHER_SUBSCRIBERS = 5  # arbitrage, the control's two streams of the aggregator, and the stalled one of either kind
PHASES = ALONE, BESIDE = "alone", "beside them"


@dataclass(frozen=True)
class System:
    """The three services."""

    supervisor: Supervisor
    targets: dict[str, str]

    async def stats(self) -> GetAggregatorStatsResponse:
        """The aggregator's."""
        async with open_channel(self.targets["aggregator"]) as channel:
            answer: GetAggregatorStatsResponse = await AggregatorServiceStub(channel).GetAggregatorStats(
                GetAggregatorStatsRequest(), timeout=30
            )
            return answer

    async def watch(self, histories: dict[str, History], seconds: float) -> None:
        """Samples memory and processor time for so long."""
        started = time.monotonic()
        while (second := time.monotonic() - started) < seconds:
            pids = {name: self.supervisor.processes[name].child.pid for name in SERVICES}
            usages = tree_usage(list(pids.values()))
            for name, pid in pids.items():
                histories[name].add(second, usages[pid])
            await asyncio.sleep(SAMPLE_SECONDS)


@asynccontextmanager
async def running_system(folder: Path) -> AsyncIterator[System]:
    """Ready, with a rule that makes an alert of every opportunity."""
    async with AsyncExitStack() as stack:
        dsn = await stack.enter_async_context(embedded_postgres(folder / "postgres"))
        redis_url = await stack.enter_async_context(embedded_redis(folder / "redis"))
        await migrate(dsn)
        options = UpOptions(data_dir=folder, port_base=0)
        ports = choose_ports(load_settings(), options)
        places = Places(truth_file=folder / "truth.jsonl", record_dir=None)
        setup = Setup(options, HOST, ports, places, {"postgres": dsn, "redis": redis_url})
        supervisor = await stack.enter_async_context(Supervisor(folder / "logs"))
        targets = {name: ports.one(name).target(HOST) for name in SERVICES}
        made_up = {"CROSSBOOK_AGGREGATOR__EXTRA_VENUES": ",".join(MADE_UP)}
        for name in SERVICES:
            command = [sys.executable, "-m", "crossbook", name]
            environment = environment_of(setup, service_named(name), ports.one(name)) | made_up
            await supervisor.start(name, command, answers_grpc(targets[name]), environment)
        await supervisor.wait_ready(*SERVICES)
        await _add_rule(targets["alerts"])
        yield System(supervisor, targets)


async def _add_rule(target: str) -> None:
    channel = alerts_pb2.AlertChannel(id="console", console=alerts_pb2.ConsoleChannel(format="CONSOLE_FORMAT_JSON"))
    rule = alerts_pb2.AlertRule(display_name="all", is_enabled=True, channels=[channel])
    rule.cooldown.SetInParent()
    async with open_channel(target) as alerts:
        request = alerts_pb2.CreateAlertRuleRequest(alert_rule_id="all", alert_rule=rule)
        await AlertServiceStub(alerts).CreateAlertRule(request, timeout=30, wait_for_ready=True)


@dataclass
class Measured:
    """What a run comes to."""

    control: Control
    histories: dict[str, History]
    quotes_per_second: float
    stalled: list[Stalled]
    restarts: int


async def measure(system: System, arguments: argparse.Namespace) -> Measured:
    """The control alone, then the stalled ones beside it, then what they are told."""
    control, histories = Control(ALONE), defaultdict[str, History](History)
    async with AsyncExitStack() as stack:
        channels = {name: await stack.enter_async_context(open_channel(system.targets[name])) for name in SERVICES}
        async with python_process("tests.bench.feeder", system.targets["aggregator"], str(arguments.rate)):
            following = [asyncio.create_task(control.follow(one, channels[one.service])) for one in STREAMS]
            stack.callback(lambda: [task.cancel() for task in following])
            await eventually(lambda: len(control.ages_ms) == len(STREAMS))
            await asyncio.sleep(arguments.alone)
            stalled = [one async for one in _stalled(stack, system, arguments.subscriptions)]
            await eventually(lambda: _has_subscribers(system, OTHER_SUBSCRIBERS + arguments.subscriptions))
            control.phase, before, started = BESIDE, (await system.stats()).quotes_ingested, time.monotonic()
            await system.watch(histories, arguments.minutes * 60)
            quotes = (await system.stats()).quotes_ingested - before
            rate = quotes / (time.monotonic() - started)
        control.phase = "after"
        await asyncio.gather(*(one.read_out() for one in stalled))
    restarts = sum(process.restarts for process in system.supervisor.processes.values())
    return Measured(control, dict(histories), rate, stalled, restarts)


async def _stalled(stack: AsyncExitStack, system: System, subscriptions: int) -> AsyncIterator[Stalled]:
    """One of each kind, each with a connection of its own, and the greedy client's."""
    for stream, times in (*((stream, 1) for stream in STREAMS), (STREAMS[0], subscriptions)):
        channel = grpc.aio.insecure_channel(system.targets[stream.service], options=STALLED_OPTIONS)
        await stack.enter_async_context(channel)
        for one in stall(stream, channel, times):
            yield one


async def _has_subscribers(system: System, count: int) -> bool:
    return (await system.stats()).subscribers == count


def print_measured(measured: Measured, subscriptions: int) -> None:
    """Three tables: memory, the control's ages, what the stalled were told."""
    print(f"{measured.quotes_per_second:,.0f} quotes/s beside {len(measured.stalled)} stalled streams")
    print(f"{'process':<14}{'cpu %':>8}{'rss MB first':>14}{'last':>8}{'slope kB/min':>14}")
    for name, history in measured.histories.items():
        print(
            f"{name:<14}{history.cpu_percent():>8.1f}{history.rss_mb[0]:>14.1f}{history.rss_mb[-1]:>8.1f}"
            f"{history.slope_kb_per_minute():>14.1f}"
        )
    for phase in PHASES:
        print(f"{'control ' + phase:<36}{'messages':>10}{'p50 ms':>9}{'p99 ms':>9}{'longest':>9}")
        for stream in STREAMS:
            print(f"  {stream.name:<34}{_ages(measured.control.ages_ms[phase, stream.name])}")
    print(f"{'control missed':<36}{measured.control.missed}")
    print(f"{'stalled':<36}{'received':>10}{'told it missed':>16}")
    for one in measured.stalled[: len(STREAMS)]:
        print(f"  {one.stream.name:<34}{one.received:>10,}{one.missed:>16,}")
    if greedy := measured.stalled[len(STREAMS) :]:
        missed = sorted(one.missed for one in greedy)
        print(f"  each of {subscriptions} subscriptions{'':<14}{missed[0]:>16,} to {missed[-1]:,}")


def _ages(ages_ms: Sequence[float]) -> str:
    if len(ages_ms) < 2:
        return f"{len(ages_ms):>10}"
    cuts = statistics.quantiles(ages_ms, n=100)
    return f"{len(ages_ms):>10,}{cuts[49]:>9.1f}{cuts[98]:>9.1f}{max(ages_ms):>9.1f}"


async def run(arguments: argparse.Namespace) -> int:
    """1 when a stalled client lost something and was not told, or a process was restarted."""
    with tempfile.TemporaryDirectory(prefix="crossbook-stalled-") as folder:
        async with running_system(Path(folder)) as system:
            measured = await measure(system, arguments)
    print_measured(measured, arguments.subscriptions)
    return 1 if measured.restarts or not all(is_true_to(one, measured.control) for one in measured.stalled) else 0


def is_true_to(one: Stalled, control: Control) -> bool:
    """Whether it was told of a loss, or has all that the control had: a short run has few alerts, and none is lost."""
    return bool(one.missed) or one.received >= len(control.ages_ms[BESIDE, one.stream.name])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.stalled")
    parser.add_argument("--minutes", type=float, default=10.0, help="beside the stalled ones")
    parser.add_argument("--alone", type=float, default=60.0, help="seconds before")
    parser.add_argument("--rate", type=float, default=50_000.0, help="quotes a second")
    parser.add_argument("--subscriptions", type=int, default=200, help="of the greedy client")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(uvloop.run(run(_arguments())))
