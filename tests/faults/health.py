"""What the services say of themselves while they are being hurt: health states over time, and events in their logs."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from crossbook.pb.v1 import aggregator_pb2, alerts_pb2
from crossbook.pb.v1.aggregator_pb2_grpc import AggregatorServiceStub
from crossbook.pb.v1.alerts_pb2_grpc import AlertServiceStub
from crossbook.plumbing.timestamps import from_timestamp
from crossbook.simulator.registry import TRAITS
from tests.faults.rig import SERVICES, VENUES_OF, Rig

POLL_SECONDS = 0.1
CALL_SECONDS = 1.0
FRESH_NS = 2_000_000_000
ASSETS = 20
SERVING, NOT_SERVING, SILENT = "SERVING", "NOT_SERVING", "SILENT"


class HealthLog:
    """Every change of every service's health."""

    def __init__(self, channels: dict[str, grpc.aio.Channel]) -> None:
        self._channels = channels
        self._changes: dict[str, list[tuple[int, str]]] = {name: [(0, SILENT)] for name in channels}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Looks until the end of the block."""
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(self._look(name)) for name in self._channels]
            try:
                yield
            finally:
                for task in running:
                    task.cancel()

    def seen(self, name: str, since_ns: int) -> set[str]:
        """What it said since then, what it was saying at that moment included."""
        changes = self._changes[name]
        before = [status for at_ns, status in changes if at_ns < since_ns]
        return {*before[-1:], *(status for at_ns, status in changes if at_ns >= since_ns)}

    async def _look(self, name: str) -> None:
        while True:
            status = await ask_health(self._channels[name])
            if status != self._changes[name][-1][1]:
                self._changes[name].append((time.time_ns(), status))
            await asyncio.sleep(POLL_SECONDS)


async def ask_health(channel: grpc.aio.Channel) -> str:
    """What a service says of itself now."""
    try:
        answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=CALL_SECONDS)
    except grpc.aio.AioRpcError:
        return SILENT
    return SERVING if answer.status == health_pb2.HealthCheckResponse.SERVING else NOT_SERVING


async def illness(rig: Rig) -> str:
    """What is not as it should be, in words; empty when everything works and quotes flow through all of it."""
    for name in SERVICES:
        if (status := await ask_health(rig.channels[name])) != SERVING:
            return f"{name} is {status}"
    try:
        return await _aggregator_illness(rig) or await _alerts_illness(rig)
    except grpc.aio.AioRpcError as error:
        return f"a service answers {error.code().name}"


async def _aggregator_illness(rig: Rig) -> str:
    stub = AggregatorServiceStub(rig.channels["aggregator"])
    stats = await stub.GetAggregatorStats(aggregator_pb2.GetAggregatorStatsRequest(), timeout=CALL_SECONDS)
    if not stats.database_available:
        return "aggregator has no database"
    streams = {stream.venue: stream for stream in stats.streams if stream.connected}
    for venue in (venue for venues in VENUES_OF.values() for venue in venues):
        if venue not in streams:
            return f"aggregator has no stream of {venue}"
        if streams[venue].live_instruments != ASSETS + len(TRAITS[venue].stablecoins):
            return f"aggregator has {streams[venue].live_instruments} LIVE books of {venue}"
        if time.time_ns() - from_timestamp(streams[venue].watermark) > FRESH_NS:
            return f"the stream of {venue} is late"
    return "" if stats.subscribers else "arbitrage does not follow the aggregator"


async def _alerts_illness(rig: Rig) -> str:
    stub = AlertServiceStub(rig.channels["alerts"])
    stats = await stub.GetAlertStats(alerts_pb2.GetAlertStatsRequest(), timeout=CALL_SECONDS)
    if not (stats.cooldown_available and stats.database_available and stats.connected):
        return "alerts has no " + ("Redis" if not stats.cooldown_available else "Postgres or arbitrage")
    return ""


def logged(path: Path, since_ns: int = 0) -> Iterator[dict[str, Any]]:
    """The events in a service's log, with `at_ns`; what is no event, such as a traceback, is left out."""
    for line in path.read_text(errors="replace").splitlines():
        try:
            event = json.loads(line)
            at_ns = int(datetime.fromisoformat(event["timestamp"]).timestamp() * 1e9)
        except (ValueError, KeyError, TypeError):
            continue
        if at_ns >= since_ns:
            yield event | {"at_ns": at_ns}
