"""The history, the live stream of alerts, and the rules that run on a schedule."""

import asyncio
from collections.abc import AsyncIterator

import grpc
import pytest

from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.plumbing.timestamps import from_timestamp, to_timestamp
from tests.support.alerts.alerts_process import CALL_SECONDS, RunningAlerts, running_alerts
from tests.support.alerts.stand_in_arbitrage import OPENED, StandInArbitrage, event, opportunity
from tests.support.waiting import eventually


@pytest.fixture
async def replica(postgres_dsn: str, redis_url: str, arbitrage: StandInArbitrage) -> AsyncIterator[RunningAlerts]:
    async with running_alerts(postgres_dsn, redis_url, arbitrage.port) as running:
        yield running


async def fire(replica: RunningAlerts, arbitrage: StandInArbitrage, count: int) -> None:
    """So many alerts of the default rule, of COIN0, COIN1 and so on, in this order."""
    for number in range(count):
        buy = "binance" if number % 2 else "paradex"
        await arbitrage.tell(event(OPENED, opportunity(f"o-{number}", f"COIN{number}", buy)))
        await eventually(lambda wanted=number + 1: has_fired(replica, wanted))  # type: ignore[misc]


async def has_fired(replica: RunningAlerts, count: int) -> bool:
    return (await replica.stats()).fired == count


def assets(alerts: list[pb.Alert]) -> list[str]:
    return [alert.opportunity.asset for alert in alerts]


async def test_history_is_newest_first_and_filtered(replica: RunningAlerts, arbitrage: StandInArbitrage) -> None:
    await fire(replica, arbitrage, 4)
    alerts = await replica.alerts()
    assert assets(alerts) == ["COIN3", "COIN2", "COIN1", "COIN0"]
    assert assets(await replica.alerts(assets=["COIN1", "COIN2"])) == ["COIN2", "COIN1"]
    assert assets(await replica.alerts(venues=["paradex"])) == ["COIN2", "COIN0"]
    assert assets(await replica.alerts(rule="alertRules/default", page_size=1)) == ["COIN3"]
    assert await replica.alerts(rule="alertRules/other") == []
    bounds = {"from_time": alerts[2].fire_time, "to_time": alerts[0].fire_time}
    assert assets(await replica.alerts(**bounds)) == ["COIN2", "COIN1"]
    just_after = to_timestamp(from_timestamp(alerts[2].fire_time) + 1)
    assert assets(await replica.alerts(from_time=just_after)) == ["COIN3", "COIN2"]


async def test_pages_follow_one_another_and_belong_to_their_query(
    replica: RunningAlerts, arbitrage: StandInArbitrage
) -> None:
    await fire(replica, arbitrage, 5)
    seen: list[pb.Alert] = []
    token = ""
    while True:
        page = await replica.stub.ListAlerts(pb.ListAlertsRequest(page_size=2, page_token=token), timeout=CALL_SECONDS)
        seen += page.alerts
        if not page.next_page_token:
            break
        token = page.next_page_token
    assert assets(seen) == ["COIN4", "COIN3", "COIN2", "COIN1", "COIN0"]
    with pytest.raises(grpc.aio.AioRpcError, match="another query"):
        await replica.alerts(assets=["COIN1"], page_token=token)


async def test_watchers_see_what_any_replica_fires(
    replica: RunningAlerts, arbitrage: StandInArbitrage, postgres_dsn: str, redis_url: str, free_port: int
) -> None:
    async with running_alerts(postgres_dsn, redis_url, free_port, is_ready=False) as idle:
        await eventually(lambda: has_database(idle))
        watched = [it.stub.WatchAlerts(pb.WatchAlertsRequest()) for it in (replica, idle)]
        other = replica.stub.WatchAlerts(pb.WatchAlertsRequest(rule="alertRules/other"))
        for call in (*watched, other):
            await call.initial_metadata()
        await fire(replica, arbitrage, 1)
        async with asyncio.timeout(CALL_SECONDS):
            messages = [await call.read() for call in watched]
        assert [message.alert.opportunity.asset for message in messages] == ["COIN0", "COIN0"]
        await replica.create(
            pb.AlertRule(is_enabled=True, channels=[pb.AlertChannel(id="out", console=pb.ConsoleChannel())]), "other"
        )
        await arbitrage.tell(event(OPENED, opportunity("o-last", "LAST")))
        async with asyncio.timeout(CALL_SECONDS):
            assert (await other.read()).alert.rule == "alertRules/other"
        for call in (*watched, other):
            call.cancel()


async def has_database(replica: RunningAlerts) -> bool:
    return (await replica.stats()).database_available


def scheduled(trigger: pb.AlertTrigger.ValueType) -> pb.AlertRule:
    return pb.AlertRule(
        is_enabled=True,
        trigger=trigger,
        min_net_percent=0.2,
        min_gross_percent=0.3,
        assets=["BTC", "ETH"],
        channels=[pb.AlertChannel(id="out", console=pb.ConsoleChannel())],
    )


@pytest.mark.parametrize(
    ("trigger", "source"),
    [
        (pb.ALERT_TRIGGER_SNAPSHOT, arbitrage_pb2.PRICE_SOURCE_SNAPSHOT),
        (pb.ALERT_TRIGGER_MINUTE, arbitrage_pb2.PRICE_SOURCE_MINUTE),
    ],
)
async def test_a_check_fires_scheduled_rules_once_and_counts_what_a_cooldown_holds_back(
    replica: RunningAlerts,
    arbitrage: StandInArbitrage,
    trigger: pb.AlertTrigger.ValueType,
    source: arbitrage_pb2.PriceSource.ValueType,
) -> None:
    rule = await replica.create(scheduled(trigger))
    window = opportunity("")
    window.buy.receive_time.seconds = window.sell.receive_time.seconds = 60
    arbitrage.listed = [window]

    async def check() -> pb.CheckAlertsResponse:
        return await replica.stub.CheckAlerts(pb.CheckAlertsRequest(rule=rule.name), timeout=CALL_SECONDS)

    first, again = await check(), await check()
    window.buy.receive_time.seconds = 120
    later = await check()
    assert [alert.rule for alert in first.alerts] == [rule.name]
    assert (len(again.alerts), again.suppressed) == (0, 0)
    assert (len(later.alerts), later.suppressed, later.rules_evaluated) == (0, 1, 1)
    request = arbitrage.list_requests[0]
    assert (request.price_source, list(request.assets)) == (source, ["BTC", "ETH"])
    assert (request.min_net_percent, request.min_gross_percent) == (0.2, 0.3)


async def test_the_schedule_checks_by_itself(postgres_dsn: str, redis_url: str, arbitrage: StandInArbitrage) -> None:
    arbitrage.listed = [opportunity("")]
    async with running_alerts(postgres_dsn, redis_url, arbitrage.port, check_interval_seconds=0.1) as replica:
        await replica.create(scheduled(pb.ALERT_TRIGGER_MINUTE))
        await eventually(lambda: has_fired(replica, 1))


async def test_a_check_while_arbitrage_is_away_is_unavailable(
    postgres_dsn: str, redis_url: str, free_port: int
) -> None:
    async with running_alerts(postgres_dsn, redis_url, free_port, is_ready=False) as replica:
        await replica.channel.channel_ready()
        await replica.create(scheduled(pb.ALERT_TRIGGER_MINUTE))
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await replica.stub.CheckAlerts(pb.CheckAlertsRequest(), timeout=CALL_SECONDS)
    assert raised.value.code() == grpc.StatusCode.UNAVAILABLE
    assert "arbitrage" in str(raised.value.details())
