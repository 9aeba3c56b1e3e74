"""Stores that answer with an error that nobody listed, and code that breaks: nothing is lost, and health says so."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
import redis

from crossbook.alerts import outbox
from crossbook.alerts.channels.registry import send
from crossbook.alerts.evaluation.owned_slots import OwnedSlots
from crossbook.alerts.rulebook import Rulebook
from crossbook.pb.v1 import alerts_pb2 as pb
from tests.support.alerts.alerts_process import RunningAlerts, running_alerts
from tests.support.alerts.receiver import Receiver
from tests.support.alerts.stand_in_arbitrage import OPENED, StandInArbitrage, event, opportunity
from tests.support.waiting import eventually

ASSETS = [f"COIN{number}" for number in range(25)]
RAISE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE 'the moon is full' USING ERRCODE = 'ZZ123'; END $$;
CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse();
"""


async def hook(replica: RunningAlerts, receiver: Receiver) -> None:
    """One rule that posts everything to the receiver."""
    await replica.drop_default()
    webhook = pb.WebhookChannel(url=receiver.url(), secrets=["whsec_" + "c3Nz" * 10])  # for machines: one each
    await replica.create(pb.AlertRule(is_enabled=True, channels=[pb.AlertChannel(id="chat", webhook=webhook)]), "all")


async def tell(arbitrage: StandInArbitrage, assets: list[str]) -> None:
    await arbitrage.tell(*(event(OPENED, opportunity(f"o-{asset}", asset)) for asset in assets))


def told_assets(receiver: Receiver) -> list[str]:
    return sorted(received.json["data"]["opportunity"]["asset"] for received in receiver.received)


async def is_not_serving(replica: RunningAlerts) -> bool:
    return not await replica.is_serving()


@contextmanager
def redis_saying(url: str, command: str, undo: str) -> Iterator[None]:
    with redis.Redis.from_url(url) as operator:
        operator.execute_command(*command.split())
        try:
            yield
        finally:
            operator.execute_command(*undo.split())


@contextmanager
def postgres_raising(dsn: str, table: str) -> Iterator[None]:
    with psycopg.connect(dsn, autocommit=True) as operator:
        operator.execute(RAISE.format(table=table).encode())
        try:
            yield
        finally:
            operator.execute(b"DROP FUNCTION refuse CASCADE")


async def check_that_nothing_is_lost(
    trouble: Callable[[], Any], replica: RunningAlerts, arbitrage: StandInArbitrage, receiver: Receiver
) -> None:
    """Told in the midst of it, each alert comes once it is over, and once."""
    await hook(replica, receiver)
    await eventually(replica.is_serving)
    with trouble():
        await tell(arbitrage, ASSETS)
        await eventually(lambda: is_not_serving(replica))
        assert receiver.received == []
    await eventually(lambda: len(receiver.received) >= len(ASSETS))
    await eventually(replica.is_serving)
    assert told_assets(receiver) == sorted(ASSETS)


@pytest.mark.parametrize(
    ("command", "undo"),
    [
        ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE"),
        ("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0"),
        ("ACL SETUSER default -eval -evalsha", "ACL SETUSER default +eval +evalsha"),
        ("CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0"),
    ],
)
async def test_a_redis_that_answers_with_errors_is_told_and_loses_nothing(
    postgres_dsn: str, redis_url: str, arbitrage: StandInArbitrage, receiver: Receiver, command: str, undo: str
) -> None:
    async with running_alerts(postgres_dsn, redis_url, arbitrage.port) as replica:
        await check_that_nothing_is_lost(lambda: redis_saying(redis_url, command, undo), replica, arbitrage, receiver)


@pytest.mark.parametrize("table", ["alerts", "deliveries"])
async def test_a_postgres_that_answers_with_an_unknown_code_is_told_and_loses_nothing(
    postgres_dsn: str, redis_url: str, arbitrage: StandInArbitrage, receiver: Receiver, table: str
) -> None:
    async with running_alerts(postgres_dsn, redis_url, arbitrage.port) as replica:
        await check_that_nothing_is_lost(lambda: postgres_raising(postgres_dsn, table), replica, arbitrage, receiver)


async def test_a_channel_that_breaks_takes_none_of_a_deliverys_tries(
    postgres_dsn: str,
    redis_url: str,
    arbitrage: StandInArbitrage,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It breaks twice, and there is one try: the alert comes all the same."""
    broken = [RuntimeError("the handler is closed"), KeyError("x")]

    async def breaking(*arguments: Any) -> Any:
        if broken:
            raise broken.pop()
        return await send(*arguments)

    monkeypatch.setattr(outbox, "send", breaking)
    monkeypatch.setattr(outbox, "RETRY_CAP_SECONDS", 0.1)
    async with running_alerts(postgres_dsn, redis_url, arbitrage.port, delivery_attempts=1) as replica:
        await hook(replica, receiver)
        await tell(arbitrage, ASSETS[:1])
        await eventually(lambda: receiver.received)
        await eventually(lambda: is_delivered(replica))
    assert broken == []


async def is_delivered(replica: RunningAlerts) -> bool:
    return [one.state for alert in await replica.alerts() for one in alert.deliveries] == [pb.DELIVERY_STATE_DELIVERED]


@pytest.mark.parametrize(("owner", "method"), [(OwnedSlots, "on_event"), (Rulebook, "refresh")])
async def test_a_task_that_dies_is_begun_again_inside_the_service(
    postgres_dsn: str,
    redis_url: str,
    arbitrage: StandInArbitrage,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    owner: type,
    method: str,
) -> None:
    """What it had in hand comes once more."""
    broken = [ValueError("nobody foresaw this")]
    whole: Callable[..., Any] = getattr(owner, method)

    def breaking(*arguments: Any) -> Any:
        if broken and is_told:
            raise broken.pop()
        return whole(*arguments)

    is_told: list[bool] = []
    monkeypatch.setattr(owner, method, breaking)
    async with running_alerts(postgres_dsn, redis_url, arbitrage.port) as replica:
        await hook(replica, receiver)
        is_told.append(True)
        await tell(arbitrage, ASSETS)
        await eventually(lambda: not broken)
        await eventually(lambda: len(receiver.received) >= len(ASSETS))
        await eventually(replica.is_serving)
    assert told_assets(receiver) == sorted(ASSETS)
