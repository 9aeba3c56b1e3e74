"""Replicas, restarts and outages: every alert comes, and comes once."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

from crossbook.alerts.store.positions import PositionStore
from crossbook.alerts.store.tables import WriteFailures
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.data.cooldown import Claim, CooldownStore
from crossbook.plumbing.data.postgres import connect, open_pool
from crossbook.plumbing.data.redis import open_redis
from tests.support.alerts.alerts_process import RunningAlerts, running_alerts
from tests.support.alerts.receiver import Receiver
from tests.support.alerts.stand_in_arbitrage import (
    CLOSED,
    OPENED,
    StandInArbitrage,
    event,
    opportunity,
    stand_in_arbitrage,
)
from tests.support.servers.stoppable_postgres import stoppable_postgres
from tests.support.servers.stoppable_redis import stoppable_redis
from tests.support.servers.tcp_proxy import TcpProxy
from tests.support.waiting import eventually

ASSETS = [f"COIN{number}" for number in range(25)]


async def hook(replica: RunningAlerts, receiver: Receiver) -> None:
    """One rule that posts everything to the receiver."""
    await replica.drop_default()
    webhook = pb.WebhookChannel(url=receiver.url(), secrets=["whsec_" + "c3Nz" * 10])  # for machines: one each
    await replica.create(pb.AlertRule(is_enabled=True, channels=[pb.AlertChannel(id="hook", webhook=webhook)]), "all")


async def tell(arbitrage: StandInArbitrage, assets: list[str]) -> None:
    await arbitrage.tell(*(event(OPENED, opportunity(f"o-{asset}", asset)) for asset in assets))


def told_assets(receiver: Receiver) -> list[str]:
    return sorted(received.json["data"]["opportunity"]["asset"] for received in receiver.received)


async def has_nothing_pending(replica: RunningAlerts) -> bool:
    return (await replica.stats()).pending == 0


async def test_two_replicas_send_each_alert_once(
    postgres_dsn: str, redis_url: str, arbitrage: StandInArbitrage, receiver: Receiver
) -> None:
    async with (
        running_alerts(postgres_dsn, redis_url, arbitrage.port) as first,
        running_alerts(postgres_dsn, redis_url, arbitrage.port) as second,
    ):
        await hook(first, receiver)
        await eventually(lambda: knows_rules(second, ["alertRules/all"]))
        await tell(arbitrage, ASSETS)
        await eventually(lambda: len(receiver.received) >= len(ASSETS))
        await eventually(lambda: has_nothing_pending(first))
        stats = [await first.stats(), await second.stats()]
    assert told_assets(receiver) == sorted(ASSETS)
    assert sum(it.fired for it in stats) == len(ASSETS)
    assert sum(it.delivered for it in stats) == len(ASSETS)
    assert sum(it.suppressed for it in stats) == 0


async def knows_rules(replica: RunningAlerts, names: list[str]) -> bool:
    answer = await replica.stub.ListAlertRules(pb.ListAlertRulesRequest(), timeout=30)
    return [rule.name for rule in answer.alert_rules] == names


async def test_what_was_told_while_no_replica_ran_is_fired_by_the_next(
    postgres_dsn: str, redis_url: str, arbitrage: StandInArbitrage, receiver: Receiver
) -> None:
    async with running_alerts(postgres_dsn, redis_url, arbitrage.port) as replica:
        await hook(replica, receiver)
        await tell(arbitrage, ASSETS[:2])
        await eventually(lambda: len(receiver.received) == 2)
        await eventually(lambda: is_saved(postgres_dsn, "2"))
    short = opportunity("o-gone", "GONE")
    await arbitrage.tell(event(OPENED, short), event(CLOSED, short, after_seconds=1))
    async with running_alerts(postgres_dsn, redis_url, arbitrage.port) as replica:
        await eventually(lambda: len(receiver.received) == 3)
        await eventually(lambda: has_nothing_pending(replica))
    assert told_assets(receiver) == sorted([*ASSETS[:2], "GONE"])
    assert arbitrage.resumed_from[-1] == "2"


async def is_saved(dsn: str, token: str) -> bool:
    pool = await open_pool(dsn)
    try:
        positions = await PositionStore(pool, WriteFailures(Clock()), Clock()).load()
        return {position.token for position in positions.values()} == {token}
    finally:
        await pool.close()


async def test_a_replica_that_died_with_the_lease_in_hand_is_stood_in_for(
    postgres_dsn: str, redis_url: str, arbitrage: StandInArbitrage, receiver: Receiver
) -> None:
    redis = open_redis(redis_url)
    async with running_alerts(postgres_dsn, redis_url, arbitrage.port) as replica:
        await hook(replica, receiver)
        claim = await CooldownStore(redis).claim("alertRules/all", "BTC", "binance", "okx", 1.0)
        assert isinstance(claim, Claim)
        await arbitrage.tell(event(OPENED, opportunity()))
        await eventually(lambda: receiver.received)
    await redis.aclose()
    assert told_assets(receiver) == ["BTC"]


async def test_a_redis_that_forgot_everything_lets_nothing_come_twice(
    postgres_dsn: str, redis_url: str, arbitrage: StandInArbitrage, receiver: Receiver
) -> None:
    redis = open_redis(redis_url)
    async with running_alerts(postgres_dsn, redis_url, arbitrage.port) as replica:
        await hook(replica, receiver)
        await arbitrage.tell(event(OPENED, opportunity("o-1")))
        await eventually(lambda: receiver.received)
        await redis.flushall()
        await arbitrage.tell(event(OPENED, opportunity("o-2")))

        async def is_held_back() -> bool:
            return (await replica.stats()).suppressed == 1

        await eventually(is_held_back)
        cooldown = await CooldownStore(redis).state("BTC", "binance", "okx")
    await redis.aclose()
    assert len(receiver.received) == 1
    assert cooldown is not None
    assert 200_000 < cooldown.remaining_ms < 300_000


async def test_nothing_is_lost_while_redis_is_down(
    tmp_path: Path, postgres_dsn: str, arbitrage: StandInArbitrage, receiver: Receiver
) -> None:
    async with stoppable_redis(tmp_path) as redis, running_alerts(postgres_dsn, redis.url, arbitrage.port) as replica:
        await hook(replica, receiver)
        await redis.stop()
        await tell(arbitrage, ASSETS)
        await eventually(lambda: says(replica, cooldown=False, database=True))
        assert not await replica.is_serving()
        assert receiver.received == []
        await redis.start()
        await eventually(lambda: len(receiver.received) >= len(ASSETS))
        await eventually(lambda: has_nothing_pending(replica))
        await eventually(replica.is_serving)
    assert told_assets(receiver) == sorted(ASSETS)


async def test_nothing_is_lost_while_postgres_is_down(
    tmp_path: Path, redis_url: str, arbitrage: StandInArbitrage, receiver: Receiver
) -> None:
    async with (
        stoppable_postgres(tmp_path) as postgres,
        running_alerts(postgres.dsn, redis_url, arbitrage.port) as replica,
    ):
        await hook(replica, receiver)
        await postgres.stop()
        await tell(arbitrage, ASSETS)
        await eventually(lambda: says(replica, cooldown=True, database=False))
        assert not await replica.is_serving()
        await postgres.start()
        await eventually(lambda: len(receiver.received) >= len(ASSETS))
        await eventually(lambda: has_nothing_pending(replica))
        await eventually(replica.is_serving)
        async with asyncio.timeout(30):
            watched = replica.stub.WatchAlerts(pb.WatchAlertsRequest())
            await watched.initial_metadata()
            await tell(arbitrage, ["AFTER"])
            while (await watched.read()).alert.opportunity.asset != "AFTER":
                continue  # what it missed while the connection was down
            watched.cancel()
        await eventually(lambda: len(receiver.received) > len(ASSETS))
    assert told_assets(receiver) == sorted([*ASSETS, "AFTER"])


async def test_a_postgres_that_does_not_answer_is_told(
    postgres_dsn: str, redis_url: str, arbitrage: StandInArbitrage, receiver: Receiver
) -> None:
    parts = urlsplit(postgres_dsn)
    assert parts.hostname is not None
    assert parts.port is not None
    async with TcpProxy(parts.hostname, parts.port) as proxy:
        dsn = parts._replace(netloc=f"{parts.netloc.rpartition(':')[0]}:{proxy.port}").geturl()
        async with running_alerts(dsn, redis_url, arbitrage.port) as replica:
            await hook(replica, receiver)
            proxy.is_holding = True
            await eventually(lambda: says(replica, cooldown=True, database=False))
            await eventually(lambda: is_not_serving(replica))
            await tell(arbitrage, ASSETS)
            await proxy.heal()
            await eventually(replica.is_serving)
            await eventually(lambda: len(receiver.received) >= len(ASSETS))
    assert told_assets(receiver) == sorted(ASSETS)


async def test_a_postgres_that_answers_but_takes_no_writes_is_told_and_loses_nothing(
    tmp_path: Path, redis_url: str, arbitrage: StandInArbitrage, receiver: Receiver
) -> None:
    async with (
        stoppable_postgres(tmp_path) as postgres,
        running_alerts(postgres.dsn, redis_url, arbitrage.port) as replica,
    ):
        await hook(replica, receiver)
        await set_read_only(postgres.dsn, True)
        await tell(arbitrage, ASSETS)
        await eventually(lambda: says(replica, cooldown=True, database=False))
        await eventually(lambda: is_not_serving(replica))
        assert receiver.received == []
        await set_read_only(postgres.dsn, False)
        await eventually(lambda: len(receiver.received) >= len(ASSETS))
        await eventually(replica.is_serving)
    assert told_assets(receiver) == sorted(ASSETS)


async def set_read_only(dsn: str, is_read_only: bool) -> None:
    async with await connect(dsn) as connection:
        await connection.execute(f"ALTER SYSTEM SET default_transaction_read_only = {is_read_only}".encode())
        await connection.execute("SELECT pg_reload_conf()")


async def says(replica: RunningAlerts, *, cooldown: bool, database: bool) -> bool:
    stats = await replica.stats()
    return (stats.cooldown_available, stats.database_available) == (cooldown, database)


async def test_it_starts_while_everything_is_down_and_recovers(tmp_path: Path, receiver: Receiver) -> None:
    async with stoppable_redis(tmp_path / "redis") as redis, stoppable_postgres(tmp_path / "postgres") as postgres:
        await redis.stop()
        await postgres.stop()
        async with running_alerts(postgres.dsn, redis.url, 1, is_ready=False) as replica:
            await replica.channel.channel_ready()
            assert not await replica.is_serving()
            await redis.start()
            await postgres.start()
            await eventually(lambda: says(replica, cooldown=True, database=True))
            await eventually(lambda: knows_rules(replica, ["alertRules/default"]))
            assert not await replica.is_connected()
            assert not await replica.is_serving()


async def test_an_arbitrage_that_comes_back_is_followed_again(
    postgres_dsn: str, redis_url: str, receiver: Receiver
) -> None:
    async with stand_in_arbitrage() as arbitrage:
        port = arbitrage.port
        async with running_alerts(postgres_dsn, redis_url, port) as replica:
            await hook(replica, receiver)
            await tell(arbitrage, ASSETS[:1])
            await eventually(lambda: receiver.received)
            await arbitrage.close()
            await eventually(lambda: is_disconnected(replica))
            await eventually(lambda: is_not_serving(replica))
            arbitrage._is_closing = False
            await eventually(replica.is_connected)
            await eventually(replica.is_serving)
            await tell(arbitrage, ASSETS[1:2])
            await eventually(lambda: len(receiver.received) == 2)
    assert told_assets(receiver) == sorted(ASSETS[:2])


async def is_not_serving(replica: RunningAlerts) -> bool:
    return not await replica.is_serving()


async def is_disconnected(replica: RunningAlerts) -> bool:
    return not await replica.is_connected()
