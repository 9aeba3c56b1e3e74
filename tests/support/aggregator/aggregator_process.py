"""A real aggregator for tests: as a process of its own that can be killed, or inside the test's event loop."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc

from crossbook.aggregator.app import run
from crossbook.pb.v1.aggregator_pb2 import GetAggregatorStatsRequest, GetAggregatorStatsResponse
from crossbook.pb.v1.aggregator_pb2_grpc import AggregatorServiceStub
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.grpc.channel import open_channel
from crossbook.plumbing.process import Lifetime
from crossbook.plumbing.settings import Settings, load_settings
from tests.support.waiting import DEADLINE_SECONDS, eventually

# The streams of tests have times of their own, long ago: without this retention would delete what they wrote.
KEEP = {"snapshot_retention_seconds": 3e9, "minute_retention_seconds": 3e9}
# The venues of tests and benches that are none of the registry's.
_NAMES = (
    *("alpha", "beta", "later", "venue", "bench", "still", "swinging"),
    *("cheap", "dear", "cheap-btc", "dear-btc", "cheap-eth", "dear-eth"),
)
MADE_UP = ",".join([*_NAMES, *(f"{name}-{number}" for name in ("venue", "late") for number in range(9))])

PROGRAM = """
from crossbook.aggregator.app import run
from crossbook.plumbing.process import run_service
from crossbook.plumbing.settings import load_settings
run_service(lambda lifetime: run(load_settings(), lifetime))
"""


def aggregator_settings(dsn: str, port: int, **aggregator: Any) -> Settings:
    """Settings of one aggregator, without metrics unless they are asked for."""
    return load_settings(
        postgres_dsn=dsn, aggregator={"port": port, "metrics_port": 0, "extra_venues": MADE_UP, **KEEP, **aggregator}
    )


async def get_stats(channel: grpc.aio.Channel) -> GetAggregatorStatsResponse:
    """The counters of the process."""
    answer: GetAggregatorStatsResponse = await AggregatorServiceStub(channel).GetAggregatorStats(
        GetAggregatorStatsRequest(), timeout=DEADLINE_SECONDS, wait_for_ready=True
    )
    return answer


class AggregatorProcess:
    """One address, any number of lives."""

    def __init__(self, dsn: str, port: int, log_path: Path, **settings: object) -> None:
        self.target = f"127.0.0.1:{port}"
        self.log_path = log_path
        self._environment = {
            **os.environ,
            "CROSSBOOK_POSTGRES_DSN": dsn,
            "CROSSBOOK_AGGREGATOR__PORT": str(port),
            "CROSSBOOK_AGGREGATOR__METRICS_PORT": "0",
            **{
                f"CROSSBOOK_AGGREGATOR__{name.upper()}": str(value)
                for name, value in (KEEP | {"extra_venues": MADE_UP} | settings).items()
            },
        }
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """Of the present life."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Returns once it answers."""
        with self.log_path.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", PROGRAM, env=self._environment, stdout=log, stderr=log
            )
        async with open_channel(self.target) as channel:
            await get_stats(channel)

    async def end(self, number: signal.Signals) -> int:
        """Sends the signal and gives the exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        async with asyncio.timeout(60):
            return await self._process.wait()

    async def __aenter__(self) -> "AggregatorProcess":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None and self._process.returncode is None:
            await self.end(signal.SIGKILL)


@asynccontextmanager
async def running_aggregator(settings: Settings, clock: Clock | None = None) -> AsyncIterator[grpc.aio.Channel]:
    """An aggregator in this event loop, and a channel to it; stopped cleanly at the end."""
    lifetime = Lifetime()
    task = asyncio.create_task(run(settings, lifetime, clock))
    try:
        async with open_channel(f"{settings.host}:{settings.aggregator.port}") as channel:
            await _first_answer(task, channel)
            yield channel
    finally:
        lifetime.stop()
        await task


async def _first_answer(task: asyncio.Task[None], channel: grpc.aio.Channel) -> None:
    async def has_answered() -> bool:
        if task.done():
            await task
        try:
            await AggregatorServiceStub(channel).GetAggregatorStats(GetAggregatorStatsRequest(), timeout=5)
        except grpc.aio.AioRpcError:
            return False
        return True

    await eventually(has_answered)
