"""PagerDuty's Events API v2: an incident a key, which repeats and changes keep one, resolved when it closes.

https://developer.pagerduty.com/docs/events-api-v2-overview: dedup_key 255 characters, summary 1024, an event 512 KB;
202 with "success"; 400 for an event that is wrong; 429 for too many.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar

from crossbook.alerts.channels.answer import Answer, outcome_of, words
from crossbook.alerts.channels.content import as_json
from crossbook.alerts.channels.errand import Errand
from crossbook.alerts.channels.http_sender import HttpSender, Request
from crossbook.alerts.channels.outcome import Outcome
from crossbook.alerts.channels.parts import cut
from crossbook.alerts.channels.sealed import Sealed, base_of, check_base, check_secrets
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.channels.text import Text
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import FieldViolation
from crossbook.plumbing.timestamps import SECOND_NS

USUAL = "https://events.pagerduty.com"
SEVERITIES = ("critical", "error", "warning", "info")
MAX_SUMMARY = 1024
MAX_DETAILS = 20_000  # characters


class PagerDuty(Sealed[pb.PagerDutyChannel]):
    """For machines that wake people: each alert its own event."""

    address: ClassVar[tuple[str, ...]] = ("url", "routing_key")
    secrets: ClassVar[tuple[str, ...]] = ("routing_key",)

    def check(self, config: pb.PagerDutyChannel, path: str, policy: TargetPolicy) -> Iterator[FieldViolation]:
        yield from check_base(config.url, path, policy)
        yield from check_secrets(config, ("routing_key",), path)
        if config.severity and config.severity not in SEVERITIES:
            yield FieldViolation(f"{path}.severity", f"must be one of {', '.join(SEVERITIES)}")

    async def send(self, config: pb.PagerDutyChannel, errand: Errand, http: HttpSender) -> Outcome:
        text = errand.text
        body: dict[str, Any] = {"routing_key": config.routing_key, "dedup_key": dedup_key(text.key)}
        if text.kind == pb.ALERT_MESSAGE_KIND_CLOSED:
            body["event_action"] = "resolve"
        else:
            body |= {"event_action": "trigger", "client": "Crossbook", "payload": _payload(config, errand)}
            if text.ack_url:
                body["links"] = [{"href": text.ack_url, "text": "Acknowledge"}]
        url = f"{base_of(config.url, USUAL)}/v2/enqueue"
        return await http.call(Request("POST", url, as_json(body).encode()), _read)


def dedup_key(key: str) -> str:
    """One that is short enough whatever the group is called."""
    return f"crossbook-{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def _payload(config: pb.PagerDutyChannel, errand: Errand) -> dict[str, Any]:
    text = errand.text
    return {
        "summary": cut(text.title, MAX_SUMMARY),
        "source": "crossbook",
        "severity": config.severity or "warning",
        "timestamp": _moment(text),
        "component": _asset(errand.message),
        "group": errand.message.rule.rpartition("/")[2],
        "custom_details": {"text": cut("\n".join(text.lines), MAX_DETAILS)},
    }


def _moment(text: Text) -> str:
    return datetime.fromtimestamp(text.at_ns / SECOND_NS, UTC).isoformat(timespec="milliseconds")


def _read(answer: Answer) -> Outcome:
    said = answer.json
    errors = said.get("errors")
    reason = errors[0] if isinstance(errors, list) and errors else said.get("message", "")
    return outcome_of(
        answer, lambda _: "" if said.get("status") == "success" else words(reason or "no success"), reason
    )


def _asset(message: pb.AlertMessage) -> str:
    return message.group.asset if message.HasField("group") else message.alert.opportunity.asset
