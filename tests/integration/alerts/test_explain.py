"""Whatever is not told, or not yet, answers ExplainAlert: every reason that there is, on real Postgres and Redis."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.plumbing.timestamps import SECOND_NS, now_ns, to_timestamp
from tests.support.alerts.alerts_process import CALL_SECONDS, RunningAlerts, running_alerts
from tests.support.alerts.receiver import Answer, Receiver
from tests.support.alerts.stand_in_arbitrage import CLOSED, OPENED, StandInArbitrage, event, opportunity
from tests.support.waiting import eventually

SECRET = "whsec_" + "c3Nz" * 10
FIRST, LATER = "o-first", "o-later"
REASONS = {name.removeprefix("SUPPRESSION_REASON_"): number for name, number in pb.SuppressionReason.items() if number}


class Scene:
    """A replica with one rule, to which two opportunities of one pair are told."""

    def __init__(self, replica: RunningAlerts, arbitrage: StandInArbitrage, receiver: Receiver) -> None:
        self.replica, self.arbitrage, self.receiver = replica, arbitrage, receiver

    async def rule(self, *, is_grouped: bool = True, **fields: Any) -> None:
        hook = pb.WebhookChannel(url=self.receiver.url(), secrets=[SECRET])
        rule = pb.AlertRule(is_enabled=True, channels=[pb.AlertChannel(id="hook", webhook=hook)], **fields)
        if not rule.HasField("cooldown"):
            rule.cooldown.SetInParent()
        if is_grouped:
            for field in ("wait", "interval", "close_wait", "repeat_interval"):
                getattr(rule.grouping, field).FromMilliseconds(200)
        await self.replica.create(rule, "r")

    async def opens(self, identifier: str = FIRST) -> arbitrage_pb2.Opportunity:
        found = opportunity(identifier)
        await self.arbitrage.tell(event(OPENED, found))
        return found

    async def silence(self, **fields: Any) -> None:
        to_time = to_timestamp(now_ns() + 3600 * SECOND_NS)
        silence = pb.Silence(venues=["okx"], author="ann", comment="known", to_time=to_time, **fields)
        await self.replica.stub.CreateSilence(pb.CreateSilenceRequest(silence=silence), timeout=CALL_SECONDS)


async def threshold(scene: Scene) -> str:
    await scene.rule(min_net_percent=5.0)
    await scene.arbitrage.tell(event(CLOSED, await scene.opens(), after_seconds=1))
    return FIRST


async def cooldown(scene: Scene) -> str:
    await scene.rule(is_grouped=False, cooldown={"seconds": 3600})
    await scene.opens()
    await eventually(lambda: len(scene.receiver.received) == 1)
    await scene.opens(LATER)
    return LATER


async def silence(scene: Scene) -> str:
    await scene.rule()
    await scene.silence()
    await scene.opens()
    return FIRST


async def mute_time(scene: Scene) -> str:
    await scene.rule(is_grouped=False, mute_times=[pb.AlertMuteTime()])
    await scene.opens()
    return FIRST


async def inhibition(scene: Scene) -> str:
    await scene.rule()
    await scene.silence(is_maintenance=True)
    await scene.opens()
    return FIRST


async def grouping(scene: Scene) -> str:
    await scene.rule()
    await scene.opens()
    await scene.opens(LATER)
    return LATER


async def acknowledged(scene: Scene) -> str:
    await scene.rule()
    await scene.opens()
    await eventually(lambda: len(scene.receiver.received) >= 1)
    token = scene.receiver.received[0].json["data"]["acknowledge_token"]
    request = pb.AcknowledgeAlertGroupRequest(token=token, author="ann")
    await scene.replica.stub.AcknowledgeAlertGroup(request, timeout=CALL_SECONDS)
    return FIRST


async def budget(scene: Scene) -> str:
    scene.receiver.answer = lambda _: Answer(429, {"retry-after": "60"})
    await scene.rule()
    await scene.opens()
    return FIRST


async def failed_delivery(scene: Scene) -> str:
    scene.receiver.answer = lambda _: Answer(302)
    await scene.rule(is_grouped=False)
    await scene.opens()
    return FIRST


SCENES: dict[str, Callable[[Scene], Awaitable[str]]] = {
    "THRESHOLD": threshold,
    "COOLDOWN": cooldown,
    "SILENCE": silence,
    "MUTE_TIME": mute_time,
    "INHIBITION": inhibition,
    "GROUPING": grouping,
    "ACKNOWLEDGED": acknowledged,
    "BUDGET": budget,
    "FAILED_DELIVERY": failed_delivery,
}


def test_every_reason_has_its_scene() -> None:
    """A new one is not forgotten here."""
    assert set(SCENES) == set(REASONS)


@pytest.mark.parametrize("reason", REASONS)
async def test_every_suppression_answers_explain_alert(
    reason: str, postgres_dsn: str, redis_url: str, arbitrage: StandInArbitrage, receiver: Receiver
) -> None:
    """With its details, for the opportunity and its rule; and it is listed."""
    async with running_alerts(postgres_dsn, redis_url, arbitrage.port) as replica:
        await replica.drop_default()
        cause = await SCENES[reason](Scene(replica, arbitrage, receiver))

        async def explained() -> bool:
            request = pb.ExplainAlertRequest(opportunity=cause, rule="alertRules/r")
            try:
                answer = await replica.stub.ExplainAlert(request, timeout=CALL_SECONDS)
            except Exception:  # it has not come there yet
                return False
            found = [one for one in answer.suppressions if one.reason == REASONS[reason]]
            return bool(answer.explanation and found and found[0].detail)

        await eventually(explained)

        async def listed() -> bool:
            request = pb.ListSuppressionsRequest(reasons=[REASONS[reason]], rule="alertRules/r")
            found = (await replica.stub.ListSuppressions(request, timeout=CALL_SECONDS)).suppressions
            return [one.reason for one in found] == [REASONS[reason]]

        await eventually(listed)  # what memory explains is written a moment later
