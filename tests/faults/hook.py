"""The webhook's receiver: answers as a fault wants it to, and remembers what it took, by webhook-id."""

import time
from collections import defaultdict
from dataclasses import dataclass

import grpc

from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1.alerts_pb2_grpc import AlertServiceStub
from tests.support.alerts.alerts_process import INHIBITIONS
from tests.support.alerts.receiver import Answer, Received, Receiver

RULE_ID = "hook"
RULE = f"alertRules/{RULE_ID}"
SECRET = "whsec_YSBzZWNyZXQgb2YgdGhlIHRlc3RzIDAwMQ=="
STOLEN_PATH = "/stolen"
CALL_SECONDS = 30.0


@dataclass(frozen=True)
class Taken:
    """One request and what it was told."""

    at_ns: int
    status: int
    opportunity_id: str


class Hook:
    """`answer` is what every request is told until it is changed."""

    def __init__(self, receiver: Receiver, url: str) -> None:
        self.answer = Answer()
        self.taken: defaultdict[str, list[Taken]] = defaultdict(list)
        self.stolen = 0
        self.url = url
        self.stolen_url = receiver.url(STOLEN_PATH)
        assert receiver.door is not None
        self.door = receiver.door
        receiver.answer = self._take

    def _take(self, received: Received) -> Answer:
        if received.path == STOLEN_PATH:
            self.stolen += 1
            return Answer()
        opportunity_id = received.json["data"]["opportunity"]["id"]
        taken = Taken(time.time_ns(), self.answer.status, opportunity_id)
        self.taken[received.headers["webhook-id"]].append(taken)
        return self.answer

    async def add_rule(self, channel: grpc.aio.Channel) -> None:
        """Without cooldown: one alert for every opportunity, so that each can be accounted for."""
        webhook = pb.WebhookChannel(url=self.url, secrets=[SECRET])
        hook = pb.AlertChannel(id=RULE_ID, webhook=webhook)
        rule = pb.AlertRule(display_name=RULE_ID, is_enabled=True, channels=[hook])
        rule.cooldown.SetInParent()
        rule.grouping.by.append(pb.ALERT_GROUP_BY_NONE)
        rule.ignored_inhibitions.extend(INHIBITIONS)
        request = pb.CreateAlertRuleRequest(alert_rule_id=RULE_ID, alert_rule=rule)
        await AlertServiceStub(channel).CreateAlertRule(request, timeout=CALL_SECONDS, wait_for_ready=True)
