"""ntfy, Teams and Apprise: services that are told and tell nothing back but whether they took it."""

import json
import re
from typing import Any

from tests.support.alerts.faces.face import Face, Refused, said_so
from tests.support.alerts.receiver import Answer, Received

NTFY_TOPIC, NTFY_TOKEN = "desk-7f3a", "tk_secret"
TEAMS_PATH, APPRISE_PATH = "/workflows/secret/triggers/manual/paths/invoke", "/notify/secret"
NTFY_MOST_BYTES, TEAMS_MOST_BYTES = 4096, 28 * 1024


class NtfyFace(Face):
    """https://docs.ntfy.sh/publish/#publish-as-json, where attachments are disabled: a longer message would be one."""

    def take(self, received: Received) -> Answer:
        if received.headers.get("authorization") != f"Bearer {NTFY_TOKEN}":
            raise _ntfy(40101, "unauthorized")
        asked = json.loads(received.body)
        if received.path != "/" or asked.get("topic") != NTFY_TOPIC:
            raise _ntfy(40301, "forbidden")
        if len(asked.get("message", "").encode()) > NTFY_MOST_BYTES:
            raise _ntfy(40014, "invalid request: attachments not allowed")
        if not 1 <= asked.get("priority", 3) <= 5:
            raise _ntfy(40007, "invalid priority parameter")
        if not re.fullmatch(r"[-_A-Za-z0-9]{1,64}", asked.get("sequence_id", "x")):
            raise _ntfy(40049, "invalid request: sequence ID invalid")
        buttons = [f"[ {action['label']} ]" for action in asked.get("actions", []) if action["action"] == "view"]
        self.seen.append("\n".join([asked["title"], asked["message"] or "triggered", *buttons]))
        return said_so(200, {"id": f"ntfy{len(self.seen)}", "event": "message", "topic": NTFY_TOPIC})


def ntfy_limit() -> Refused:
    """Its limiter says no time."""
    return _ntfy(42901, "limit reached: too many requests")


def _ntfy(code: int, error: str) -> Refused:
    return Refused(code // 100, {"code": code, "http": code // 100, "error": error, "link": "https://ntfy.sh/docs"})


class TeamsFace(Face):
    """A workflow's trigger, and the schema of adaptive cards as far as cards of text go."""

    def take(self, received: Received) -> Answer:
        if received.path != TEAMS_PATH:
            raise _teams(401, "DirectApiAuthorizationRequired")
        if len(received.body) > TEAMS_MOST_BYTES:
            raise _teams(413, "RequestEntityTooLarge")
        asked = received.json
        (attachment,) = asked["attachments"]
        card = attachment["content"]
        is_card = (
            attachment["contentType"] == "application/vnd.microsoft.card.adaptive" and card["type"] == "AdaptiveCard"
        )
        if asked["type"] != "message" or not is_card or card["version"] not in ("1.2", "1.3", "1.4", "1.5"):
            raise _teams(400, "TriggerInputSchemaMismatch")
        self.seen.append("\n".join([*map(_block, card["body"]), *map(_action, card.get("actions", []))]))
        return Answer(202)


def _block(block: dict[str, Any]) -> str:
    if block["type"] != "TextBlock" or not block["wrap"] or "text" not in block:
        raise _teams(400, "TriggerInputSchemaMismatch")
    return re.sub(r"\\([\\`*_~\[\]#>-])", r"\1", block["text"])


def _action(action: dict[str, Any]) -> str:
    if action["type"] != "Action.OpenUrl" or not action["url"].startswith("http"):
        raise _teams(400, "TriggerInputSchemaMismatch")
    return f"[ {action['title']} ]"


def _teams(status: int, code: str) -> Refused:
    return Refused(status, {"error": {"code": code, "message": f"{code}: see the run history"}})


class AppriseFace(Face):
    """https://github.com/caronc/apprise-api, a stateful configuration of which two tags are known."""

    def take(self, received: Received) -> Answer:
        if received.path != APPRISE_PATH:
            return Answer(204)
        asked = received.json
        if not asked.get("body") or asked.get("type") not in ("info", "success", "warning", "failure"):
            raise Refused(400, {"error": "Payload lacks minimum requirements"})
        if asked.get("format") not in ("text", "markdown", "html"):
            raise Refused(400, {"error": "The message format defined is invalid"})
        if asked.get("tag") not in (None, "desk", "all"):
            return Answer(204)
        self.seen.append(f"{asked['title']}\n{asked['body']}")
        return said_so(200, {"error": None})


def apprise_failure() -> Refused:
    """One of several receivers was not told."""
    return Refused(424, {"error": "One or more notification could not be sent"})
