"""The alerts service with its real server, in the test's own event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from crossbook.alerts import app
from crossbook.alerts.service import SERVICE_NAME
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1.alerts_pb2_grpc import AlertServiceStub
from crossbook.plumbing.grpc.channel import open_channel
from crossbook.plumbing.process import Lifetime
from crossbook.plumbing.settings import load_settings
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from crossbook.pb.v1.alerts_pb2_grpc import AlertServiceAsyncStub

CALL_SECONDS = 30.0
INHIBITIONS = [one for one in pb.AlertInhibition.values() if one != pb.ALERT_INHIBITION_UNSPECIFIED]


@dataclass
class RunningAlerts:
    """A client of a running replica."""

    stub: "AlertServiceAsyncStub"
    channel: grpc.aio.Channel
    port: int

    async def is_serving(self) -> bool:
        """What health says of the service."""
        stub = health_pb2_grpc.HealthStub(self.channel)
        try:
            answer = await stub.Check(health_pb2.HealthCheckRequest(service=SERVICE_NAME), timeout=CALL_SECONDS)
        except grpc.aio.AioRpcError:
            return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    async def stats(self) -> pb.GetAlertStatsResponse:
        """Its counters."""
        return await self.stub.GetAlertStats(pb.GetAlertStatsRequest(), timeout=CALL_SECONDS)

    async def is_connected(self) -> bool:
        """Whether it follows arbitrage."""
        return (await self.stats()).connected

    async def alerts(self, **query: Any) -> list[pb.Alert]:
        """Its history."""
        answer = await self.stub.ListAlerts(pb.ListAlertsRequest(**query), timeout=CALL_SECONDS)
        return list(answer.alerts)

    async def create(self, rule: pb.AlertRule, identifier: str = "") -> pb.AlertRule:
        """A rule; unless it says how to group, each match is a message of its own."""
        if not rule.HasField("grouping"):
            rule.grouping.by.append(pb.ALERT_GROUP_BY_NONE)
            rule.ignored_inhibitions.extend(INHIBITIONS)
        request = pb.CreateAlertRuleRequest(alert_rule_id=identifier, alert_rule=rule)
        return (await self.stub.CreateAlertRule(request, timeout=CALL_SECONDS)).alert_rule

    async def drop_default(self) -> None:
        """Removes the first rule, so that only the test's own fire."""
        await self.stub.DeleteAlertRule(pb.DeleteAlertRuleRequest(name="alertRules/default"), timeout=CALL_SECONDS)


@asynccontextmanager
async def running_alerts(
    postgres_dsn: str, redis_url: str, arbitrage_port: int, *, is_ready: bool = True, **alerts: Any
) -> AsyncIterator[RunningAlerts]:
    """Runs a replica until the end of the block; local receivers are allowed unless told otherwise."""
    port = alerts.pop("port", None) or _free_port()
    own = {
        "port": port,
        "metrics_port": 0,
        "arbitrage_targets": [f"127.0.0.1:{arbitrage_port}"],
        "allow_private_targets": True,
        "check_interval_seconds": 3600,
        **alerts,
    }
    settings = load_settings(postgres_dsn=postgres_dsn, redis_url=redis_url, alerts=own)
    lifetime = Lifetime()
    service = asyncio.ensure_future(app.run(settings, lifetime))
    async with open_channel(f"127.0.0.1:{port}") as channel:
        running = RunningAlerts(AlertServiceStub(channel), channel, port)
        try:
            if is_ready:
                await eventually(lambda: service.done() or running.is_serving())
                await eventually(lambda: service.done() or running.is_connected())
            if service.done():
                service.result()  # raises what ended it
            yield running
        finally:
            lifetime.stop()
            await asyncio.wait_for(service, 60)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
