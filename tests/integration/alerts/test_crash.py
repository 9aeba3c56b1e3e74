"""Replicas as processes of their own: a clean stop, metrics, and a kill -9 that loses nothing and doubles nothing."""

import asyncio
import os
import signal
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1.alerts_pb2_grpc import AlertServiceStub
from crossbook.plumbing.grpc.channel import open_channel
from tests.support.alerts.alerts_process import RunningAlerts
from tests.support.alerts.receiver import Receiver, receiving
from tests.support.alerts.stand_in_arbitrage import OPENED, StandInArbitrage, event, opportunity
from tests.support.waiting import eventually

ASSETS = [f"COIN{number}" for number in range(60)]


class Replica:
    """One `crossbook alerts` process."""

    def __init__(self, postgres_dsn: str, redis_url: str, arbitrage_port: int, log_path: Path) -> None:
        self.port, self.metrics_port = _free_port(), _free_port()
        self._log_path = log_path
        self._environment = {
            **os.environ,
            "CROSSBOOK_POSTGRES_DSN": postgres_dsn,
            "CROSSBOOK_REDIS_URL": redis_url,
            "CROSSBOOK_ALERTS__PORT": str(self.port),
            "CROSSBOOK_ALERTS__METRICS_PORT": str(self.metrics_port),
            "CROSSBOOK_ALERTS__ARBITRAGE_TARGETS": f"127.0.0.1:{arbitrage_port}",
            "CROSSBOOK_ALERTS__ALLOW_PRIVATE_TARGETS": "true",
            "CROSSBOOK_ALERTS__CLAIM_LEASE_SECONDS": "1",
            "CROSSBOOK_ALERTS__DELIVERY_LEASE_SECONDS": "2",
        }
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with self._log_path.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "crossbook", "alerts", env=self._environment, stdout=log, stderr=log
            )

    async def end(self, number: signal.Signals) -> int:
        """Sends the signal; the exit code."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(number)
        async with asyncio.timeout(60):
            return await self._process.wait()

    def log(self) -> str:
        return self._log_path.read_text()


@asynccontextmanager
async def client(replica: Replica) -> AsyncIterator[RunningAlerts]:
    """A client of the process, once it serves."""
    async with open_channel(f"127.0.0.1:{replica.port}") as channel:
        running = RunningAlerts(AlertServiceStub(channel), channel, replica.port)
        await eventually(running.is_serving)
        yield running


async def hook(running: RunningAlerts, receiver: Receiver) -> None:
    await running.drop_default()
    webhook = pb.WebhookChannel(url=receiver.url(), secrets=["whsec_" + "c3Nz" * 10])
    channels = [pb.AlertChannel(id="hook", webhook=webhook)]
    await running.create(pb.AlertRule(is_enabled=True, channels=channels), "all")


async def test_a_replica_shows_its_metrics_and_stops_cleanly(
    postgres_dsn: str, redis_url: str, arbitrage: StandInArbitrage, tmp_path: Path
) -> None:
    replica = Replica(postgres_dsn, redis_url, arbitrage.port, tmp_path / "log")
    await replica.start()
    try:
        async with client(replica) as running, httpx.AsyncClient(trust_env=False) as http:
            await arbitrage.tell(event(OPENED, opportunity()))
            await eventually(lambda: has_delivered(running, 1))
            text = (await http.get(f"http://127.0.0.1:{replica.metrics_port}/metrics")).text
            watched = running.stub.WatchAlerts(pb.WatchAlertsRequest())
            await watched.initial_metadata()
            assert await replica.end(signal.SIGTERM) == 0, replica.log()
            watched.cancel()
    finally:
        await replica.end(signal.SIGKILL)
    assert "crossbook_alerts_fired_total 1.0" in text
    assert "crossbook_alerts_connected 1.0" in text
    assert replica.log().count("ALERT BTC binance/okx · buy binance") == 1


async def has_delivered(running: RunningAlerts, count: int) -> bool:
    return (await running.stats()).delivered == count


async def test_a_kill_in_mid_work_loses_nothing_and_repeats_only_under_the_same_id(
    postgres_dsn: str, redis_url: str, arbitrage: StandInArbitrage, tmp_path: Path
) -> None:
    replicas = [Replica(postgres_dsn, redis_url, arbitrage.port, tmp_path / f"log{number}") for number in range(2)]
    async with receiving() as receiver:
        try:
            for replica in replicas:
                await replica.start()
            async with client(replicas[0]) as doomed, client(replicas[1]) as survivor:
                await hook(survivor, receiver)
                await eventually(lambda: arbitrage.watchers == 2)
                await eventually(lambda: knows(doomed))
                await arbitrage.tell(*(event(OPENED, opportunity(f"o-{asset}", asset)) for asset in ASSETS))
                await eventually(lambda: len(receiver.received) >= 5)
                assert await replicas[0].end(signal.SIGKILL) == -signal.SIGKILL
                await eventually(lambda: is_all_delivered(survivor))
                alerts = await survivor.alerts(page_size=1000)
        finally:
            for replica in replicas:
                await replica.end(signal.SIGKILL)
    assert Counter(alert.opportunity.asset for alert in alerts) == Counter(ASSETS)
    ids = {received.json["data"]["opportunity"]["asset"]: set[str]() for received in receiver.received}
    for received in receiver.received:
        ids[received.json["data"]["opportunity"]["asset"]].add(received.headers["webhook-id"])
    assert {asset: len(found) for asset, found in ids.items()} == dict.fromkeys(ASSETS, 1)


async def knows(running: RunningAlerts) -> bool:
    rules = await running.stub.ListAlertRules(pb.ListAlertRulesRequest(), timeout=30)
    return [rule.name for rule in rules.alert_rules] == ["alertRules/all"]


async def is_all_delivered(running: RunningAlerts) -> bool:
    alerts = await running.alerts(page_size=1000)
    states = [delivery.state for alert in alerts for delivery in alert.deliveries]
    return len(states) >= len(ASSETS) and set(states) == {pb.DELIVERY_STATE_DELIVERED}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
