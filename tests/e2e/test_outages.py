"""Redis and Postgres gone for twenty seconds each, under two alert replicas: nothing is lost, nothing comes twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import httpx

from crossbook.pb.v1 import aggregator_pb2, alerts_pb2, arbitrage_pb2
from crossbook.pb.v1.aggregator_pb2_grpc import AggregatorServiceStub
from crossbook.pb.v1.alerts_pb2_grpc import AlertServiceStub
from crossbook.pb.v1.arbitrage_pb2_grpc import ArbitrageServiceStub
from crossbook.plumbing.grpc.channel import open_channel
from tests.support.alerts.alerts_process import RunningAlerts, running_alerts
from tests.support.alerts.receiver import Received, Receiver, receiving
from tests.support.arbitrage.opportunity_events import EventReader
from tests.support.local.system import VENUES, System
from tests.support.servers.stoppable_postgres import StoppablePostgres, stoppable_postgres
from tests.support.servers.stoppable_redis import StoppableRedis, stoppable_redis
from tests.support.tracker.recordings import assert_windows_equal
from tests.support.waiting import eventually

WINDOW_SECONDS = 5
OUTAGE_SECONDS = 20.0
HOOK = "hook"
SECRET = "whsec_YSBzZWNyZXQgb2YgdGhlIHRlc3RzIDAwMQ=="

Key = tuple[str, str, str]


async def test_outages_lose_no_alert_and_no_window(tmp_path: Path) -> None:
    """The services say what is missing meanwhile, and go on by themselves."""
    async with (
        stoppable_postgres(tmp_path / "postgres") as postgres,
        stoppable_redis(tmp_path / "redis") as redis,
        receiving() as receiver,
    ):
        environment = {
            "CROSSBOOK_POSTGRES_DSN": postgres.dsn,
            "CROSSBOOK_REDIS_URL": redis.url,
            "CROSSBOOK_ALERTS__ALLOW_PRIVATE_TARGETS": "true",
        }
        options = ["--record", "--window-seconds", str(WINDOW_SECONDS)]
        async with System(tmp_path / "run", *options, **environment) as system:
            await system.until(lambda: any(name.startswith("tracker") for name in system.processes()))
            opened = await _run(system, postgres, redis, receiver)
            assert await system.interrupt() == 0
        fired = Counter(_key(received) for received in receiver.received)
        assert set(fired) == opened
        assert set(fired.values()) == {1}
        ids = [received.headers["webhook-id"] for received in receiver.received]
        assert len(ids) == len(set(ids))
        for venue in VENUES:
            rows = assert_windows_equal(postgres.dsn, tmp_path / "run", venue, WINDOW_SECONDS)
            assert all(row.is_complete for row in rows)
        assert system.summary()["windows"]["incomplete"] == 0


async def _run(system: System, postgres: StoppablePostgres, redis: StoppableRedis, receiver: Receiver) -> set[Key]:
    """The outages, one after the other; gives the keys of everything that opened while the hook's rule was there."""
    arbitrage_port = int(system.address("arbitrage").rpartition(":")[2])
    async with (
        running_alerts(postgres.dsn, redis.url, arbitrage_port) as second,
        open_channel(system.address("alerts")) as alerts,
        open_channel(system.address("aggregator")) as aggregator,
        open_channel(system.address("arbitrage")) as arbitrage,
        _watching(arbitrage) as opened,
    ):
        first = RunningAlerts(AlertServiceStub(alerts), alerts, 0)
        assert not opened, "nothing is planted so early"
        await _add_hook(first, receiver)
        await system.until(lambda: len(receiver.received) >= 3)
        await _without_redis(redis, [first, second])
        await _without_postgres(postgres, [first, second], aggregator)
        await eventually(lambda: _all_told(opened, receiver))
        await _stop_planting(system)
        await eventually(lambda: _all_told(opened, receiver))
        return opened


async def _without_redis(redis: StoppableRedis, replicas: list[RunningAlerts]) -> None:
    await redis.stop()
    for replica in replicas:
        await eventually(lambda replica=replica: _lacks(replica, "cooldown_available"))
    await asyncio.sleep(OUTAGE_SECONDS)  # how long it lasts is what is tested
    await redis.start()
    for replica in replicas:
        await eventually(lambda replica=replica: _has_everything(replica))


async def _without_postgres(
    postgres: StoppablePostgres, replicas: list[RunningAlerts], aggregator: grpc.aio.Channel
) -> None:
    await postgres.stop()
    for replica in replicas:
        await eventually(lambda replica=replica: _lacks(replica, "database_available"))
    await eventually(lambda: _database_is(aggregator, available=False))
    await asyncio.sleep(OUTAGE_SECONDS)  # how long it lasts is what is tested
    await postgres.start()
    for replica in replicas:
        await eventually(lambda replica=replica: _has_everything(replica))
    await eventually(lambda: _database_is(aggregator, available=True))


async def _lacks(replica: RunningAlerts, what: str) -> bool:
    return not getattr(await replica.stats(), what)


async def _has_everything(replica: RunningAlerts) -> bool:
    stats = await replica.stats()
    return stats.cooldown_available and stats.database_available and stats.connected


async def _database_is(aggregator: grpc.aio.Channel, *, available: bool) -> bool:
    stub = AggregatorServiceStub(aggregator)
    answer = await stub.GetAggregatorStats(aggregator_pb2.GetAggregatorStatsRequest(), timeout=10)
    return bool(answer.database_available) is available


@asynccontextmanager
async def _watching(arbitrage: grpc.aio.Channel) -> AsyncIterator[set[Key]]:
    """The keys of all that opens, as arbitrage tells it."""
    opened: set[Key] = set()

    async def follow() -> None:
        call = ArbitrageServiceStub(arbitrage).WatchOpportunities(arbitrage_pb2.WatchOpportunitiesRequest())
        try:
            async for event in EventReader(aiter(call)):
                opened.add((event.opportunity.asset, event.opportunity.buy.venue, event.opportunity.sell.venue))
        finally:
            call.cancel()

    task = asyncio.create_task(follow())
    try:
        yield opened
    finally:
        task.cancel()
        await asyncio.wait((task,))


def _all_told(opened: set[Key], receiver: Receiver) -> bool:
    return {_key(received) for received in receiver.received} == opened


def _key(received: Received) -> Key:
    found = received.json["data"]["opportunity"]
    return found["asset"], found["buy"]["venue"], found["sell"]["venue"]


async def _stop_planting(system: System) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(f"http://{system.address('simulator')}/control/stop", timeout=10)
        assert answer.is_success


async def _add_hook(alerts: RunningAlerts, receiver: Receiver) -> None:
    """Its cooldown outlasts the test: one alert for each asset, buy venue and sell venue."""
    webhook = alerts_pb2.WebhookChannel(url=receiver.url(), secrets=[SECRET])
    channel = alerts_pb2.AlertChannel(id=HOOK, webhook=webhook)
    rule = alerts_pb2.AlertRule(display_name=HOOK, is_enabled=True, channels=[channel])
    rule.cooldown.seconds = 3600
    await alerts.create(rule, HOOK)
