"""PagerDuty's Events API v2 and Opsgenie's Alert API: incidents by key, with the limits of each field."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.alerts.faces.face import Face, Refused, said_so
from tests.support.alerts.receiver import Answer, Received

ROUTING_KEY, API_KEY = "R0UTINGKEY0123456789ABCDEF012345", "eb243592-faa2-4ba2-a551q-1afdf565c889"
OPSGENIE_LIMITS = {"message": 130, "alias": 512, "description": 15_000, "note": 25_000, "source": 100}


@dataclass
class PagerDutyFace(Face):
    """`open` holds the incidents that are."""

    open: set[str] = field(default_factory=set)

    def take(self, received: Received) -> Answer:
        event = received.json
        errors = list(_wrong(event))
        if received.path != "/v2/enqueue" or errors or len(received.body) > 512 * 1024:
            raise Refused(400, {"status": "invalid event", "message": "Event object is invalid", "errors": errors})
        key = event["dedup_key"]
        if event["event_action"] == "resolve":
            self.open.discard(key)
            self.seen.append("resolved")
        else:
            self.open.add(key)
            payload = event["payload"]
            links = [f"[ {link['text']} ]" for link in event.get("links", [])]
            head = f"{payload['severity']}: {payload['summary']}"
            self.seen.append("\n".join([head, payload["custom_details"]["text"], *links]))
        return said_so(202, {"status": "success", "message": "Event processed", "dedup_key": key})


def pagerduty_limit() -> Refused:
    """Too many events a minute; it says no time."""
    return Refused(429, {"status": "throttle exceeded", "message": "Requests for this service are too quick"})


def _wrong(event: dict[str, Any]) -> Any:
    if event.get("routing_key") != ROUTING_KEY:
        yield "Invalid routing key"
    if event.get("event_action") not in ("trigger", "acknowledge", "resolve"):
        yield "'event_action' is missing or wrong"
    if not 1 <= len(event.get("dedup_key", "")) <= 255:
        yield "'dedup_key' is too long"
    if event.get("event_action") != "trigger":
        return
    payload = event.get("payload", {})
    if not 1 <= len(payload.get("summary", "")) <= 1024:
        yield "'payload.summary' is missing or blank"
    if payload.get("severity") not in ("critical", "error", "warning", "info") or not payload.get("source"):
        yield "'payload.severity' is invalid"


@dataclass
class OpsgenieFace(Face):
    """`open` holds the aliases of alerts that are."""

    open: set[str] = field(default_factory=set)

    def take(self, received: Received) -> Answer:
        if received.headers.get("authorization") != f"GenieKey {API_KEY}":
            raise Refused(403, {"message": "Api Key is not valid", "took": 0.01, "requestId": "r"})
        asked, url = received.json, urlsplit(received.path)
        errors = {name: "too long" for name, most in OPSGENIE_LIMITS.items() if len(asked.get(name, "")) > most}
        if errors:
            raise Refused(422, {"message": "Request body is not processable", "errors": errors, "requestId": "r"})
        parts = url.path.split("/")
        if len(parts) == 3 and parts[1:] == ["v2", "alerts"]:
            self.open.add(asked["alias"])
            self.seen.append(f"{asked['priority']}: {asked['message']}\n{asked['description']}")
        elif parse_qs(url.query).get("identifierType") == ["alias"] and parts[4] in ("close", "notes"):
            self.seen.append(f"{'closed' if parts[4] == 'close' else 'note'}: {asked['note']}")
            if parts[4] == "close":
                self.open.discard(parts[3])
        else:
            raise Refused(404, {"message": "no such call", "requestId": "r"})
        return said_so(202, {"result": "Request will be processed", "took": 0.1, "requestId": "r"})
