"""From an opportunity event to a receiver: once, retried, given up, redriven."""

import asyncio
import base64
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest
from google.protobuf.duration_pb2 import Duration
from standardwebhooks import Webhook

from crossbook.alerts import outbox
from crossbook.pb.v1 import alerts_pb2 as pb
from tests.support.alerts.alerts_process import CALL_SECONDS, RunningAlerts, running_alerts
from tests.support.alerts.receiver import Answer, Receiver
from tests.support.alerts.stand_in_arbitrage import (
    CLOSED,
    OPENED,
    UPDATED,
    StandInArbitrage,
    event,
    opportunity,
)
from tests.support.waiting import eventually

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
OLD_SECRET = "whsec_" + base64.b64encode(b"o" * 32).decode()

Start = Callable[..., AbstractAsyncContextManager[RunningAlerts]]


@pytest.fixture
def start(postgres_dsn: str, redis_url: str, arbitrage: StandInArbitrage) -> Start:
    return lambda **alerts: running_alerts(postgres_dsn, redis_url, arbitrage.port, **alerts)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "RETRY_BASE_SECONDS", 0.01)
    monkeypatch.setattr(outbox, "RETRY_CAP_SECONDS", 0.01)


def rule(receiver: Receiver, *, cooldown_seconds: int = 300, **fields: object) -> pb.AlertRule:
    webhook = pb.WebhookChannel(url=receiver.url(), secrets=[SECRET, OLD_SECRET])
    return pb.AlertRule(
        is_enabled=True,
        cooldown=Duration(seconds=cooldown_seconds),
        channels=[pb.AlertChannel(id="hook", webhook=webhook)],
        **fields,  # type: ignore[arg-type]
    )


def state(alert: pb.Alert) -> tuple[int, int]:
    (delivery,) = alert.deliveries
    return delivery.state, delivery.attempts


async def is_state(replica: RunningAlerts, wanted: int) -> bool:
    alerts = await replica.alerts()
    states = [delivery.state for alert in alerts for delivery in alert.deliveries]
    return bool(states) and set(states) == {wanted}


async def test_a_new_installation_has_the_default_rule_and_fires_on_the_console(
    start: Start, arbitrage: StandInArbitrage, capsys: pytest.CaptureFixture[str]
) -> None:
    async with start() as replica:
        await arbitrage.tell(event(OPENED, opportunity(net=0.09)), event(OPENED, opportunity("o-2", net=0.11)))
        await eventually(lambda: is_state(replica, pb.DELIVERY_STATE_DELIVERED))
        (alert,) = await replica.alerts()
        stats = await replica.stats()
    assert (alert.rule, alert.opportunity.id) == ("alertRules/default", "o-2")
    assert (stats.fired, stats.delivered, stats.suppressed) == (1, 1, 0)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("ALERT ")]
    assert len(lines) == 1
    assert "BTC binance/okx · buy binance" in lines[0]


async def test_a_deleted_default_rule_stays_deleted_after_a_restart(start: Start) -> None:
    async with start() as replica:
        await replica.drop_default()
    async with start() as replica:
        answer = await replica.stub.ListAlertRules(pb.ListAlertRulesRequest(), timeout=CALL_SECONDS)
    assert not answer.alert_rules


async def test_a_webhook_is_signed_with_every_secret_and_bears_the_alerts_id(
    start: Start, arbitrage: StandInArbitrage, receiver: Receiver
) -> None:
    async with start() as replica:
        await replica.create(rule(receiver), "hooked")
        await arbitrage.tell(event(OPENED, opportunity()))
        await eventually(lambda: receiver.received)
        (alert,) = await replica.alerts(rule="alertRules/hooked")
    (received,) = receiver.received
    assert alert.name == "alerts/" + received.headers["webhook-id"]
    for secret in (SECRET, OLD_SECRET):
        payload = Webhook(secret).verify(received.body, received.headers)
        assert payload["type"] == "alert.fired"
        assert payload["data"]["opportunity"]["buy"]["venue"] == "binance"


async def test_a_cooldown_holds_the_pair_back_and_no_other(
    start: Start, arbitrage: StandInArbitrage, receiver: Receiver
) -> None:
    async with start() as replica:
        await replica.drop_default()
        await replica.create(rule(receiver))
        await arbitrage.tell(
            event(OPENED, opportunity("o-1")),
            event(CLOSED, opportunity("o-1"), after_seconds=1),
            event(OPENED, opportunity("o-2")),
            event(OPENED, opportunity("o-3", buy="okx", sell="binance")),
            event(OPENED, opportunity("o-4", asset="ETH")),
        )

        async def is_decided() -> bool:
            stats = await replica.stats()
            return (stats.fired, stats.suppressed, stats.delivered) == (3, 1, 3)

        await eventually(is_decided)
        fired = sorted(alert.opportunity.id for alert in await replica.alerts())
    assert fired in (["o-1", "o-3", "o-4"], ["o-2", "o-3", "o-4"])
    assert len(receiver.received) == 3


async def test_an_update_after_the_cooldown_fires_what_was_held_back(
    start: Start, arbitrage: StandInArbitrage, receiver: Receiver
) -> None:
    async with start() as replica:
        await replica.drop_default()
        await replica.create(rule(receiver, cooldown_seconds=1))
        await arbitrage.tell(event(OPENED, opportunity("o-1")))
        await eventually(lambda: len(receiver.received) == 1)
        second = opportunity("o-2")
        await arbitrage.tell(event(OPENED, second))

        async def has_fired_again() -> bool:
            await arbitrage.tell(event(UPDATED, second))
            await asyncio.sleep(0.1)
            return len(receiver.received) == 2

        await eventually(has_fired_again)
        assert {alert.opportunity.id for alert in await replica.alerts()} == {"o-1", "o-2"}


async def test_a_failing_receiver_is_tried_again_with_the_same_id(
    start: Start, arbitrage: StandInArbitrage, receiver: Receiver, quick: None
) -> None:
    receiver.answer_in_turn(Answer(500), Answer(500), Answer(200))
    async with start() as replica:
        await replica.drop_default()
        await replica.create(rule(receiver))
        await arbitrage.tell(event(OPENED, opportunity()))
        await eventually(lambda: is_state(replica, pb.DELIVERY_STATE_DELIVERED))
        (alert,) = await replica.alerts()
    assert state(alert) == (pb.DELIVERY_STATE_DELIVERED, 3)
    assert len({received.headers["webhook-id"] for received in receiver.received}) == 1
    assert len(receiver.received) == 3


async def test_retry_after_is_obeyed(
    start: Start, arbitrage: StandInArbitrage, receiver: Receiver, quick: None
) -> None:
    times: list[float] = []

    def answer(_: object) -> Answer:
        times.append(asyncio.get_running_loop().time())
        return Answer(429, {"retry-after": "1"}) if len(times) == 1 else Answer()

    receiver.answer = answer
    async with start() as replica:
        await replica.drop_default()
        await replica.create(rule(receiver))
        await arbitrage.tell(event(OPENED, opportunity()))
        await eventually(lambda: len(times) == 2)
    assert times[1] - times[0] >= 1.0


async def test_a_receiver_that_does_not_answer_is_given_up_and_redriven(
    start: Start, arbitrage: StandInArbitrage, receiver: Receiver, quick: None
) -> None:
    receiver.answer_in_turn(Answer(0))
    async with start(delivery_lease_seconds=0.4, delivery_attempts=2, delivery_seconds=0) as replica:
        await replica.drop_default()
        await replica.create(rule(receiver))
        await arbitrage.tell(event(OPENED, opportunity()))
        await eventually(lambda: is_state(replica, pb.DELIVERY_STATE_FAILED))
        (alert,) = await replica.alerts()
        assert "no answer within" in alert.deliveries[0].last_error
        assert (await replica.stats()).failed == 1
        receiver.answer_in_turn(Answer(200))
        answer = await replica.stub.RedriveDeliveries(
            pb.RedriveDeliveriesRequest(alert=alert.name), timeout=CALL_SECONDS
        )
        assert answer.redriven == 1
        await eventually(lambda: is_state(replica, pb.DELIVERY_STATE_DELIVERED))
        (redriven,) = await replica.alerts()
        assert redriven.deliveries[0].HasField("delivery_time")
        assert redriven.deliveries[0].last_error == ""


async def test_a_slow_receiver_does_not_hold_up_another(
    start: Start, arbitrage: StandInArbitrage, receiver: Receiver
) -> None:
    receiver.answer = lambda received: Answer(0 if received.path == "/slow" else 200)
    two = rule(receiver)
    two.channels.add(id="slow", slack=pb.SlackChannel(url=receiver.url("/slow")))
    async with start() as replica:
        await replica.drop_default()
        await replica.create(two)
        await arbitrage.tell(event(OPENED, opportunity()))
        await eventually(lambda: len(receiver.received) == 2)

        async def is_first_delivered() -> bool:
            states = {
                delivery.channel_id: delivery.state for alert in await replica.alerts() for delivery in alert.deliveries
            }
            return states == {"hook": pb.DELIVERY_STATE_DELIVERED, "slow": pb.DELIVERY_STATE_PENDING}

        await eventually(is_first_delivered)


async def test_a_redirect_is_not_followed_and_a_refusal_not_repeated(
    start: Start, arbitrage: StandInArbitrage, receiver: Receiver
) -> None:
    receiver.answer_in_turn(Answer(302, {"location": receiver.url("/elsewhere")}))
    async with start() as replica:
        await replica.drop_default()
        await replica.create(rule(receiver))
        await arbitrage.tell(event(OPENED, opportunity()))
        await eventually(lambda: is_state(replica, pb.DELIVERY_STATE_FAILED))
        (alert,) = await replica.alerts()
    assert alert.deliveries[0].last_error == "HTTP 302: redirects are not followed"
    assert [received.path for received in receiver.received] == ["/hook"]


async def test_a_name_that_resolves_to_a_private_address_is_refused_at_delivery(
    start: Start, arbitrage: StandInArbitrage, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve = asyncio.get_running_loop().getaddrinfo

    async def lying(host: str, *args: object, **options: object) -> object:
        return await resolve("127.0.0.1" if host == "public.example" else host, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lying)
    hooked = rule(receiver)
    hooked.channels[0].webhook.url = f"http://public.example:{receiver.port}/hook"
    async with start(allow_private_targets=False) as replica:
        await replica.drop_default()
        await replica.create(hooked)
        await arbitrage.tell(event(OPENED, opportunity()))
        await eventually(lambda: is_state(replica, pb.DELIVERY_STATE_FAILED))
        (alert,) = await replica.alerts()
    assert alert.deliveries[0].last_error == "the target resolves to an address that is not public"
    assert receiver.received == []


async def test_a_rule_that_is_gone_still_delivers_what_it_fired(
    start: Start, arbitrage: StandInArbitrage, receiver: Receiver, quick: None
) -> None:
    receiver.answer_in_turn(Answer(500))
    async with start(delivery_attempts=10_000) as replica:
        await replica.drop_default()
        stored = await replica.create(rule(receiver))
        await arbitrage.tell(event(OPENED, opportunity()))
        await eventually(lambda: receiver.received)
        await replica.stub.DeleteAlertRule(pb.DeleteAlertRuleRequest(name=stored.name), timeout=CALL_SECONDS)
        receiver.answer_in_turn(Answer(200))
        await eventually(lambda: is_state(replica, pb.DELIVERY_STATE_DELIVERED))


async def test_a_rule_waits_for_the_least_life_and_skips_what_closes_before(
    start: Start, arbitrage: StandInArbitrage, receiver: Receiver
) -> None:
    patient = rule(receiver, min_life=Duration(nanos=300_000_000))
    async with start() as replica:
        await replica.drop_default()
        await replica.create(patient)
        await arbitrage.tell(
            event(OPENED, opportunity("short", "ETH")),
            event(CLOSED, opportunity("short", "ETH"), after_seconds=0.1),
            event(OPENED, opportunity("long")),
        )
        await eventually(lambda: receiver.received)
        assert [alert.opportunity.id for alert in await replica.alerts()] == ["long"]
