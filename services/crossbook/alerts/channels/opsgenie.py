"""Opsgenie's Alert API, and what speaks it: an alert a key, a note for each change, closed when it closes.

https://docs.opsgenie.com/docs/alert-api: message 130 characters, alias 512, description 15,000, note 25,000, tags 20 of
50; 202 "Request will be processed"; 422 for what is wrong, with the fields.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

from crossbook.alerts.channels.answer import Answer, outcome_of
from crossbook.alerts.channels.content import as_json
from crossbook.alerts.channels.errand import Errand
from crossbook.alerts.channels.http_sender import HttpSender, Request
from crossbook.alerts.channels.outcome import Outcome
from crossbook.alerts.channels.pagerduty import dedup_key
from crossbook.alerts.channels.parts import cut
from crossbook.alerts.channels.sealed import Sealed, base_of, check_base, check_secrets
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.channels.text import Text
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import FieldViolation

USUAL = "https://api.opsgenie.com"
PRIORITIES = ("P1", "P2", "P3", "P4", "P5")
MAX_MESSAGE, MAX_DESCRIPTION, MAX_NOTE = 130, 15_000, 25_000
MAX_TAGS, MAX_TAG = 20, 50


class Opsgenie(Sealed[pb.OpsgenieChannel]):
    """For machines that wake people: each alert its own."""

    address: ClassVar[tuple[str, ...]] = ("url", "api_key")
    secrets: ClassVar[tuple[str, ...]] = ("api_key",)

    def check(self, config: pb.OpsgenieChannel, path: str, policy: TargetPolicy) -> Iterator[FieldViolation]:
        yield from check_base(config.url, path, policy)
        yield from check_secrets(config, ("api_key",), path)
        if config.priority and config.priority not in PRIORITIES:
            yield FieldViolation(f"{path}.priority", "must be P1 to P5")
        if len(config.tags) > MAX_TAGS or not all(1 <= len(tag) <= MAX_TAG for tag in config.tags):
            yield FieldViolation(f"{path}.tags", f"must be at most {MAX_TAGS}, each of 1 to {MAX_TAG} characters")

    async def send(self, config: pb.OpsgenieChannel, errand: Errand, http: HttpSender) -> Outcome:
        path, body = _call(config, errand.text)
        url = f"{base_of(config.url, USUAL)}/v2/alerts{path}"
        headers = {"authorization": f"GenieKey {config.api_key}"}
        return await http.call(Request("POST", url, as_json(body).encode(), headers), _read)


def _call(config: pb.OpsgenieChannel, text: Text) -> tuple[str, dict[str, Any]]:
    alias = dedup_key(text.key)
    note = {"source": "crossbook", "note": cut(text.whole, MAX_NOTE)}
    if text.kind == pb.ALERT_MESSAGE_KIND_CLOSED:
        return f"/{alias}/close?identifierType=alias", note
    if text.kind == pb.ALERT_MESSAGE_KIND_UPDATED:
        return f"/{alias}/notes?identifierType=alias", note
    description = text.whole + (f"\nAcknowledge: {text.ack_url}" if text.ack_url else "")
    return "", {
        "message": cut(text.title, MAX_MESSAGE),
        "alias": alias,
        "description": cut(description, MAX_DESCRIPTION),
        "priority": config.priority or "P3",
        "tags": list(config.tags),
        "source": "crossbook",
    }


def _read(answer: Answer) -> Outcome:
    said = answer.json
    return outcome_of(answer, lambda _: "" if "requestId" in said else "no requestId", said.get("message", ""))
