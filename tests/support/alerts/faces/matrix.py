"""A homeserver with one room: https://spec.matrix.org/latest/client-server-api, its errors, its limits."""

import html
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.support.alerts.faces.face import Face, Refused, said_so
from tests.support.alerts.receiver import Answer, Received

TOKEN, ROOM = "syt_secret", "!room:example.org"
MOST_BYTES = 65_536


@dataclass
class MatrixFace(Face):
    """`events` by id; a transaction that is known already is the event that it was."""

    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    transactions: dict[str, str] = field(default_factory=dict)

    def take(self, received: Received) -> Answer:
        if received.headers.get("authorization") != f"Bearer {TOKEN}":
            raise refused(401, "M_UNKNOWN_TOKEN", "Invalid access token passed.")
        path = [unquote(part) for part in received.path.split("/")]
        if received.method != "PUT" or path[1:5] != ["_matrix", "client", "v3", "rooms"]:
            raise refused(404, "M_UNRECOGNIZED", "Unrecognized request")
        if path[5] != ROOM:
            raise refused(403, "M_FORBIDDEN", "User not in room")
        if len(received.body) > MOST_BYTES:
            raise refused(413, "M_TOO_LARGE", "event too large")
        return said_so(200, {"event_id": self._event(path[6], path[7], path[8], received.json)})

    def _event(self, what: str, target: str, transaction: str, content: dict[str, Any]) -> str:
        if transaction in self.transactions:
            return self.transactions[transaction]
        identifier = f"$event{len(self.transactions)}"
        self.transactions[transaction] = identifier
        if what == "redact":
            self.events.pop(target, None)
            return identifier
        relation = content.get("m.relates_to")
        new = content["m.new_content"] if relation else content
        if relation and (relation["rel_type"] != "m.replace" or relation["event_id"] not in self.events):
            raise refused(400, "M_INVALID_PARAM", "no such event to replace")
        self.events[relation["event_id"] if relation else identifier] = new
        self.seen.append(_read(new))
        return identifier


def refused(status: int, code: str, error: str, **more: Any) -> Refused:
    """A standard error."""
    return Refused(status, {"errcode": code, "error": error, **more})


def limit(milliseconds: int) -> Refused:
    """In the body, in milliseconds."""
    return refused(429, "M_LIMIT_EXCEEDED", "Too Many Requests", retry_after_ms=milliseconds)


def _read(content: dict[str, Any]) -> str:
    if content["msgtype"] != "m.text" or content["format"] != "org.matrix.custom.html" or not content["body"]:
        raise refused(400, "M_BAD_JSON", "not a message")
    text = content["formatted_body"].replace("<br>", "\n")
    text = re.sub(r'<a href="[^"]+">([^<]+)</a>', r"[ \1 ]", text)
    text = re.sub(r"</?b>", "", text)
    if "<" in text:
        raise refused(400, "M_BAD_JSON", "HTML that clients would drop")
    return html.unescape(text)
