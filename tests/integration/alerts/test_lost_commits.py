"""Postgres comes back without alerts that it had committed, as after a failover to a replica that was behind."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.data.postgres import connect
from tests.support.alerts.alert_replicas import ids_told
from tests.support.alerts.alerts_process import RunningAlerts, running_alerts
from tests.support.alerts.receiver import Answer, Receiver
from tests.support.alerts.stand_in_arbitrage import OPENED, StandInArbitrage, event, opportunity
from tests.support.waiting import eventually

ROLL_BACK = "DELETE FROM alerts; DELETE FROM alert_positions WHERE name LIKE 'opportunities/%'"


async def _rule(alerts: RunningAlerts, receiver: Receiver, cooldown_seconds: int) -> None:
    hook = pb.WebhookChannel(url=receiver.url(), secrets=["whsec_" + "c3Nz" * 10])
    rule = pb.AlertRule(is_enabled=True, channels=[pb.AlertChannel(id="hook", webhook=hook)])
    rule.cooldown.FromSeconds(cooldown_seconds)
    await alerts.drop_default()
    await alerts.create(rule, "all")


@asynccontextmanager
async def _failed_over(
    dsn: str, redis_url: str, arbitrage: StandInArbitrage, receiver: Receiver, cooldown_seconds: int
) -> AsyncIterator[RunningAlerts]:
    """A replica that has fired for o-1, and lost that before the receiver took it."""
    receiver.answer = lambda _: Answer(500)
    async with running_alerts(dsn, redis_url, arbitrage.port) as alerts:
        await _rule(alerts, receiver, cooldown_seconds)
        await arbitrage.tell(event(OPENED, opportunity("o-1", "BTC")))
        await eventually(lambda: bool(receiver.received))
        async with await connect(dsn) as connection:
            await connection.execute(ROLL_BACK)
        receiver.received.clear()
        receiver.answer = lambda _: Answer()
        yield alerts


async def _tells(arbitrage: StandInArbitrage, receiver: Receiver, identifier: str) -> None:
    await arbitrage.tell(event(OPENED, opportunity(identifier, identifier)))
    await eventually(lambda: identifier in ids_told(receiver))


@pytest.mark.parametrize("cooldown_seconds", [0, 3600])
async def test_who_lives_goes_on_and_takes_what_it_fired_for_told(
    postgres_dsn: str, redis_url: str, arbitrage: StandInArbitrage, receiver: Receiver, cooldown_seconds: int
) -> None:
    """What comes after the failover is told; the alert that was lost is not, and the history does not have it."""
    async with _failed_over(postgres_dsn, redis_url, arbitrage, receiver, cooldown_seconds) as alerts:
        await _tells(arbitrage, receiver, "o-2")
        assert [alert.opportunity.id for alert in await alerts.alerts()] == ["o-2"]
    assert set(ids_told(receiver)) == {"o-2"}


@pytest.mark.parametrize(("cooldown_seconds", "told"), [(0, {"o-1", "o-2"}), (3600, {"o-2"})])
async def test_who_begins_anew_tells_what_was_lost_unless_redis_says_that_it_was_told(
    postgres_dsn: str,
    redis_url: str,
    arbitrage: StandInArbitrage,
    receiver: Receiver,
    cooldown_seconds: int,
    told: set[str],
) -> None:
    """Its positions were lost with the alert, so the stream tells the event again; Redis has kept the cooldown."""
    async with _failed_over(postgres_dsn, redis_url, arbitrage, receiver, cooldown_seconds):
        pass
    async with await connect(postgres_dsn) as connection:
        await connection.execute("DELETE FROM alert_positions WHERE name LIKE 'opportunities/%'")
    async with running_alerts(postgres_dsn, redis_url, arbitrage.port):
        await _tells(arbitrage, receiver, "o-2")
        await eventually(lambda: told <= set(ids_told(receiver)))
    assert set(ids_told(receiver)) == told
