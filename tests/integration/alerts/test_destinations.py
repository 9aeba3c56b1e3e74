"""What a receiver does to its own deliveries it does to no other's: limits, slowness, absence, errors behind a 200."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import psycopg
import pytest
from google.protobuf.duration_pb2 import Duration

from crossbook.alerts import outbox, pacing
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.data.cooldown import Claim, CooldownStore
from crossbook.plumbing.data.redis import open_redis
from tests.support.alerts.alerts_process import RunningAlerts, running_alerts
from tests.support.alerts.receiver import Answer, Received, Receiver
from tests.support.alerts.stand_in_arbitrage import CLOSED, OPENED, StandInArbitrage, event, opportunity
from tests.support.waiting import eventually

SECRETS = ["whsec_" + "c3Nz" * 10]


@pytest.fixture
async def replica(postgres_dsn: str, redis_url: str, arbitrage: StandInArbitrage) -> AsyncIterator[RunningAlerts]:
    """Without the default rule."""
    async with running_alerts(postgres_dsn, redis_url, arbitrage.port, delivery_attempts=1, delivery_seconds=0) as it:
        await it.drop_default()
        yield it


def hook(identifier: str, url: str) -> pb.AlertChannel:
    return pb.AlertChannel(id=identifier, webhook=pb.WebhookChannel(url=url, secrets=SECRETS))


def rule(*channels: pb.AlertChannel) -> pb.AlertRule:
    """Tells every opportunity."""
    return pb.AlertRule(is_enabled=True, cooldown=Duration(), channels=channels)


async def tell(arbitrage: StandInArbitrage, count: int) -> None:
    await arbitrage.tell(*(event(OPENED, opportunity(f"o-{number}", f"COIN{number}")) for number in range(count)))


@dataclass
class Limit:
    """Takes `count` requests within `seconds`, and says to the millisecond when to come again."""

    count: int
    seconds: float
    taken: list[float] = field(default_factory=list)
    turned_away: int = 0

    def __call__(self, received: Received) -> Answer:
        now = asyncio.get_running_loop().time()
        self.taken = [at for at in self.taken if at > now - self.seconds]
        if len(self.taken) < self.count:
            self.taken.append(now)
            return Answer(204)
        self.turned_away += 1
        left = self.taken[0] + self.seconds - now
        return Answer(429, {"retry-after": f"{left:.3f}"}, b'{"retry_after": 1, "global": false}')


async def is_told(replica: RunningAlerts, count: int, channel: str = "hook") -> bool:
    """Whether so many deliveries of the channel are done."""
    deliveries = [one for alert in await replica.alerts(page_size=1000) for one in alert.deliveries]
    return [one.state for one in deliveries if one.channel_id == channel] == [pb.DELIVERY_STATE_DELIVERED] * count


async def test_everything_arrives_at_a_receiver_that_limits_and_nothing_counts_as_a_try(
    replica: RunningAlerts, arbitrage: StandInArbitrage, receiver: Receiver
) -> None:
    """With a single try allowed, thirty alerts come through a limit of five a second, most of them at their first."""
    receiver.answer = limit = Limit(5, 1.0)
    await replica.create(rule(pb.AlertChannel(id="hook", discord=pb.DiscordChannel(url=receiver.url()))))
    await tell(arbitrage, 30)
    await eventually(lambda: is_told(replica, 30))
    attempts = [one.attempts for alert in await replica.alerts(page_size=1000) for one in alert.deliveries]
    assert attempts == [1] * 30
    assert limit.turned_away < 30, "the destination is paused, not tried over and over"


async def test_a_limited_destination_is_paused_for_all_its_deliveries_and_for_no_other(
    replica: RunningAlerts, arbitrage: StandInArbitrage, receiver: Receiver
) -> None:
    """Once it has said for how long, nothing more goes there, whichever rule or alert it is of."""
    answers = {"/limited": Answer(429, {"retry-after": "3600"})}
    receiver.answer = lambda received: answers.get(received.path, Answer())
    await replica.create(rule(hook("limited", receiver.url("/limited")), hook("hook", receiver.url("/other"))), "a")
    await tell(arbitrage, 1)
    await eventually(lambda: is_told(replica, 1))

    async def is_paused() -> bool:
        alerts = await replica.alerts()
        return any(one.last_error == "HTTP 429" for alert in alerts for one in alert.deliveries)

    await eventually(is_paused)
    before = [received.path for received in receiver.received].count("/limited")
    await arbitrage.tell(*(event(OPENED, opportunity(f"p-{number}", f"PAIR{number}")) for number in range(10)))
    await eventually(lambda: is_told(replica, 11))
    assert [received.path for received in receiver.received].count("/limited") == before
    states = [one.state for alert in await replica.alerts() for one in alert.deliveries if one.channel_id == "limited"]
    assert states == [pb.DELIVERY_STATE_PENDING] * 11


async def test_a_receiver_that_never_answers_takes_only_its_own_places(
    replica: RunningAlerts, arbitrage: StandInArbitrage, receiver: Receiver
) -> None:
    """While many wait for it, those of another receiver are all told."""
    receiver.answer = lambda received: Answer(0 if received.path == "/slow" else 200)
    await replica.create(rule(hook("slow", receiver.url("/slow")), hook("hook", receiver.url("/quick"))))
    await tell(arbitrage, 100)
    await eventually(lambda: is_told(replica, 100))
    slow = [received.path for received in receiver.received].count("/slow")
    assert slow % pacing.PLACES_EACH == 0
    assert not await is_told(replica, 100, "slow")


async def test_an_error_behind_a_200_is_no_delivery(
    replica: RunningAlerts, arbitrage: StandInArbitrage, receiver: Receiver
) -> None:
    """For a chat service, and for a template that says what it expects; a webhook looks at the status alone."""
    body = b'{"ok":false,"error":"channel_is_archived"}'
    receiver.answer = lambda received: Answer(200, body=body)
    template = pb.TemplateChannel(url=receiver.url("/t"), template="1", expected_answer='{"ok": true}')
    await replica.create(
        rule(
            hook("hook", receiver.url("/w")),
            pb.AlertChannel(id="slack", slack=pb.SlackChannel(url=receiver.url("/s"))),
            pb.AlertChannel(id="template", template=template),
        )
    )
    await tell(arbitrage, 1)

    async def errors() -> dict[str, str]:
        (alert,) = await replica.alerts() or [pb.Alert()]
        return {one.channel_id: one.last_error for one in alert.deliveries if one.state == pb.DELIVERY_STATE_FAILED}

    async def are_both_refused() -> bool:
        return set(await errors()) == {"slack", "template"}

    await eventually(are_both_refused)
    assert {"channel_is_archived" in error for error in (await errors()).values()} == {True}
    assert await is_told(replica, 1)


async def test_a_delivery_is_tried_until_its_time_is_over_and_its_tries_are_used_up(
    postgres_dsn: str,
    redis_url: str,
    arbitrage: StandInArbitrage,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By default for a day: neither the tries alone nor the time alone end it."""
    monkeypatch.setattr(outbox, "RETRY_CAP_SECONDS", 0.01)
    receiver.answer = lambda _: Answer(500)
    async with running_alerts(postgres_dsn, redis_url, arbitrage.port, delivery_attempts=2) as replica:
        await replica.drop_default()
        await replica.create(rule(hook("hook", receiver.url())))
        await tell(arbitrage, 1)
        await eventually(lambda: len(receiver.received) > 5)
        async with await psycopg.AsyncConnection.connect(postgres_dsn, autocommit=True) as connection:
            row = await (await connection.execute("SELECT tries_until - clock_timestamp() FROM deliveries")).fetchone()
            await connection.execute("UPDATE deliveries SET tries_until = now()")
        assert row is not None
        assert row[0].total_seconds() == pytest.approx(86_400, abs=600)

        async def is_given_up() -> bool:
            (alert,) = await replica.alerts()
            return alert.deliveries[0].state == pb.DELIVERY_STATE_FAILED

        await eventually(is_given_up)


async def test_what_is_told_late_says_that_it_has_closed(
    postgres_dsn: str, redis_url: str, arbitrage: StandInArbitrage, receiver: Receiver
) -> None:
    """Whether the replica was away, or the receiver: the text says since when it is over."""
    receiver.answer = lambda received: Answer(503 if len(receiver.received) == 1 else 200, body=b"ok")
    async with running_alerts(postgres_dsn, redis_url, arbitrage.port) as replica:
        await replica.drop_default()
        await replica.create(rule(pb.AlertChannel(id="hook", slack=pb.SlackChannel(url=receiver.url()))))
        first = opportunity("o-1", "AWAY")
        await arbitrage.tell(event(OPENED, first))
        await eventually(lambda: len(receiver.received) == 1)
        await arbitrage.tell(event(CLOSED, first, after_seconds=1))
        await eventually(lambda: len(receiver.received) == 2)
        await eventually(lambda: is_told(replica, 1))
        (alert,) = await replica.alerts()
        assert alert.HasField("close_time")
    missed = opportunity("o-2", "MISSED", open_ns=first.open_time.seconds * 10**9 - 60 * 10**9)
    await arbitrage.tell(event(OPENED, missed), event(CLOSED, missed, after_seconds=1))
    async with running_alerts(postgres_dsn, redis_url, arbitrage.port):
        await eventually(lambda: len(receiver.received) == 3)
    texts = [received.json["text"] for received in receiver.received]
    assert ["CLOSED since" in text for text in texts] == [False, True, True]


@pytest.mark.parametrize("hours", [1, 1000])
async def test_a_clock_that_was_set_back_holds_nothing_back(
    hours: int, replica: RunningAlerts, arbitrage: StandInArbitrage, receiver: Receiver, postgres_dsn: str
) -> None:
    """Alerts of a time to come are no cooldown, and pauses that began at one are over."""
    cooling = rule(hook("hook", receiver.url()))
    cooling.cooldown.seconds = 3600
    await replica.create(cooling)
    await arbitrage.tell(event(OPENED, opportunity("o-1")))
    await eventually(lambda: is_told(replica, 1))
    async with await psycopg.AsyncConnection.connect(postgres_dsn, autocommit=True) as connection:
        await connection.execute("UPDATE alerts SET fired_at = fired_at + %s * interval '1 hour'", (hours,))
        await connection.execute(
            "INSERT INTO delivery_pauses "
            "SELECT destination, now() + %s * interval '1 hour', now() + interval '1 minute' FROM deliveries",
            (hours,),
        )
    await arbitrage.tell(event(OPENED, opportunity("o-2", "ETH")))
    await eventually(lambda: is_told(replica, 2))


async def test_a_cooldown_that_is_longer_than_any_may_be_is_set_back(
    replica: RunningAlerts, arbitrage: StandInArbitrage, receiver: Receiver, redis_url: str
) -> None:
    """As when Redis' clock was ahead: what Postgres does not hold back is told."""
    cooling = rule(hook("hook", receiver.url()))
    cooling.cooldown.seconds = 1
    stored = await replica.create(cooling)
    redis = open_redis(redis_url)
    cooldowns = CooldownStore(redis)
    claim = await cooldowns.claim(stored.name, "BTC", "binance", "okx", 60)
    assert isinstance(claim, Claim)
    await cooldowns.extend(claim, 30 * 86_400, "o-0")
    await redis.aclose()
    await arbitrage.tell(event(OPENED, opportunity("o-1")))
    await eventually(lambda: is_told(replica, 1))
