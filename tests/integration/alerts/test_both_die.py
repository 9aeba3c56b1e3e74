"""Arbitrage and alerts killed together, as processes of their own: whoever returns first and whenever, what paid is
told, each under one id. What paid is known from what the stand-in aggregator sent, not from the dead.
"""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
import pytest

from crossbook.pb.v1.alerts_pb2_grpc import AlertServiceStub
from crossbook.plumbing.grpc.channel import open_channel
from crossbook.plumbing.timestamps import now_ns, to_timestamp
from tests.support.aggregator.fanout import Fanout, Tick, running_fanout
from tests.support.alerts.alert_replicas import hook, ids_told, knows
from tests.support.alerts.alerts_process import RunningAlerts
from tests.support.alerts.receiver import Receiver
from tests.support.alerts.replica_process import ServiceProcess, quick_environment
from tests.support.waiting import eventually

PAUSE_SECONDS = 0.02
LATE_ASSETS = 50  # sent within the last second before a kill: one of them may not have come to the log


@dataclass
class Market:
    """One asset after the other pays between two venues, and then no longer."""

    fanout: Fanout
    assets: list[str] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=count)

    @asynccontextmanager
    async def trading(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._trade())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _trade(self) -> None:
        for number in self._numbers:
            self.pay(f"COIN{number}")
            await asyncio.sleep(PAUSE_SECONDS)
            self.fanout.send(Tick("okx", 99.9, 100.0, f"COIN{number}"))

    def pay(self, asset: str) -> None:
        """It opens."""
        self.fanout.send(Tick("binance", 99.9, 100.0, asset), Tick("okx", 101.0, 101.1, asset))
        self.assets.append(asset)

    async def goes_on(self, more: int = 60) -> None:
        """Returns once there was more of it."""
        target = len(self.assets) + more
        await eventually(lambda: len(self.assets) >= target)


@dataclass
class Pair:
    """Both services, and a client of alerts."""

    arbitrage: ServiceProcess
    alerts: ServiceProcess
    client: RunningAlerts
    fanout: Fanout

    async def start(self, *processes: ServiceProcess) -> None:
        """In this order, each serving before the next begins, arbitrage with the stream of quotes."""
        for process in processes:
            await process.start()
            if process is self.arbitrage:
                await eventually(lambda: self.fanout.connected == 1)

    async def kill(self, *processes: ServiceProcess) -> None:
        """kill -9, all of them before any is waited for."""
        for process in processes:
            process.send(signal.SIGKILL)
        for process in processes:
            await process.end(signal.SIGKILL)
        if self.arbitrage in processes:
            await eventually(lambda: self.fanout.connected == 0)


@asynccontextmanager
async def pair(dsn: str, redis_url: str, receiver: Receiver, folder: Path) -> AsyncIterator[tuple[Pair, Market]]:
    """Both serving, with one rule that tells everything."""
    async with running_fanout() as fanout:
        environment = quick_environment(dsn, redis_url, fanout.port, delivery_lease_seconds=2)
        arbitrage = ServiceProcess("arbitrage", folder / "arbitrage.log", environment)
        target = {"CROSSBOOK_ALERTS__ARBITRAGE_TARGETS": arbitrage.target}
        alerts = ServiceProcess("alerts", folder / "alerts.log", environment | target)
        async with open_channel(alerts.target) as channel:
            both = Pair(arbitrage, alerts, RunningAlerts(AlertServiceStub(channel), channel, alerts.port), fanout)
            try:
                await both.start(arbitrage, alerts)
                await eventually(both.client.is_serving)
                await hook(both.client, receiver)
                await eventually(lambda: knows(both.client))
                yield both, Market(fanout)
            finally:
                await arbitrage.end(signal.SIGKILL)
                await alerts.end(signal.SIGKILL)


def told_assets(receiver: Receiver) -> set[str]:
    return {received.json["data"]["opportunity"]["asset"] for received in receiver.received}


async def logged_assets(dsn: str) -> set[str]:
    """Whose opening is in the log."""
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        rows = await (await connection.execute("SELECT asset FROM opportunity_events WHERE kind = 1")).fetchall()
    return {row[0] for row in rows}


async def has_a_position(dsn: str) -> bool:
    """Whether alerts has saved how far it is: without that it is new, and begins with what is open."""
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        query = "SELECT count(*) FROM alert_positions WHERE name LIKE 'opportunities/%'"
        row = await (await connection.execute(query)).fetchone()
    return row == (64,)


@pytest.mark.parametrize("is_alerts_first", [False, True], ids=["arbitrage returns first", "alerts returns first"])
async def test_both_killed_at_once_under_load_lose_nothing(
    is_alerts_first: bool, postgres_dsn: str, redis_url: str, receiver: Receiver, tmp_path: Path
) -> None:
    """What was in force at the kill, what had closed, and what comes afterwards is told, each under one id."""
    async with pair(postgres_dsn, redis_url, receiver, tmp_path) as (both, market):
        async with market.trading():
            await eventually(lambda: len(receiver.received) >= 20)
            await eventually(lambda: has_a_position(postgres_dsn))
            market.pay("INFORCE")
            await market.goes_on()
            await both.kill(both.arbitrage, both.alerts)
        sent = list(market.assets)
        logged = await logged_assets(postgres_dsn)
        order = (both.alerts, both.arbitrage) if is_alerts_first else (both.arbitrage, both.alerts)
        await both.start(*order)
        async with market.trading():
            before = len(market.assets)
            await market.goes_on()
        after = market.assets[before:]
        await eventually(lambda: logged | set(after) <= told_assets(receiver))
    assert set(sent[:-LATE_ASSETS]) <= logged, "what was told longer ago than a second was safe"
    assert {opportunity: len(ids) for opportunity, ids in ids_told(receiver).items() if len(ids) > 1} == {}


async def test_what_opened_and_closed_while_alerts_was_dead_is_told_though_arbitrage_died_too(
    postgres_dsn: str, redis_url: str, receiver: Receiver, tmp_path: Path
) -> None:
    """Alerts dies first, misses many, and then arbitrage's memory of them dies as well."""
    async with pair(postgres_dsn, redis_url, receiver, tmp_path) as (both, market):
        async with market.trading():
            await eventually(lambda: len(receiver.received) >= 20)
            await eventually(lambda: has_a_position(postgres_dsn))
            await both.kill(both.alerts)
            await market.goes_on(200)
        market.pay("INFORCE")

        async def is_safe() -> bool:
            return set(market.assets) <= await logged_assets(postgres_dsn)

        await eventually(is_safe)
        await both.kill(both.arbitrage)
        since = to_timestamp(now_ns()).ToJsonString()
        await both.start(both.arbitrage, both.alerts)
        await eventually(lambda: set(market.assets) <= told_assets(receiver))
    told = [received.json["data"] for received in receiver.received]
    late = [alert for alert in told if alert["fire_time"] > since and alert["opportunity"]["asset"] != "INFORCE"]
    assert len(late) >= 200
    assert [alert["name"] for alert in late if "close_time" not in alert] == [], "each says that it is over"
    assert {opportunity: len(ids) for opportunity, ids in ids_told(receiver).items() if len(ids) > 1} == {}
