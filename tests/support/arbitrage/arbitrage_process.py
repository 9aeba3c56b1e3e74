"""The arbitrage service with its real server, in the test's own event loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from crossbook.arbitrage import app
from crossbook.arbitrage.service import SERVICE_NAME
from crossbook.pb.v1.arbitrage_pb2_grpc import ArbitrageServiceStub
from crossbook.plumbing.grpc.channel import open_channel
from crossbook.plumbing.process import Lifetime
from crossbook.plumbing.settings import load_settings
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from crossbook.pb.v1.arbitrage_pb2_grpc import ArbitrageServiceAsyncStub


@dataclass
class RunningArbitrage:
    """A client of a running service."""

    stub: "ArbitrageServiceAsyncStub"
    channel: grpc.aio.Channel
    port: int

    async def is_serving(self) -> bool:
        """What health says of the service."""
        health = health_pb2_grpc.HealthStub(self.channel)
        request = health_pb2.HealthCheckRequest(service=SERVICE_NAME)
        try:
            answer = await health.Check(request, timeout=5)
        except grpc.aio.AioRpcError:
            return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


@asynccontextmanager
async def running_arbitrage(
    port: int, aggregator_port: int, *, is_ready: bool = True, **overrides: Any
) -> AsyncIterator[RunningArbitrage]:
    """Runs it until the end of the block; what pays opens at once unless the overrides say otherwise."""
    own = {
        "port": port,
        "metrics_port": 0,
        "shards": {"main": f"127.0.0.1:{aggregator_port}"},
        "min_life_ms": 0,
        **overrides.pop("arbitrage", {}),
    }
    lifetime = Lifetime()
    service = asyncio.ensure_future(app.run(load_settings(arbitrage=own, **overrides), lifetime))
    async with open_channel(f"127.0.0.1:{port}") as channel:
        running = RunningArbitrage(ArbitrageServiceStub(channel), channel, port)
        try:
            await eventually(lambda: running.is_serving() if is_ready else channel_is_ready(channel))
            yield running
        finally:
            lifetime.stop()
            await asyncio.wait_for(service, 30)


async def channel_is_ready(channel: grpc.aio.Channel) -> bool:
    """Whether the server accepts connections."""
    async with asyncio.timeout(30):
        await channel.channel_ready()
    return True
