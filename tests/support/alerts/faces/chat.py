"""Slack's and Discord's incoming webhooks, with their limits and their words for what is wrong."""

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.alerts.faces.face import Face, Refused, said_so
from tests.support.alerts.receiver import Answer, Received

SLACK_PATH, DISCORD_PATH = "/services/T0/B0/secret", "/api/webhooks/42/secret"
SLACK_MOST, DISCORD_MOST = 40_000, 2_000
BARE = re.compile(r"&(?!(?:amp|lt|gt);)|<(?!https?://[^|>]+\|[^|>]+>|[@#!])")


class SlackFace(Face):
    """https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks."""

    def take(self, received: Received) -> Answer:
        if received.path != SLACK_PATH:
            raise Refused(404, "no_service")
        try:
            text = json.loads(received.body)["text"]
        except (ValueError, KeyError, TypeError):
            raise Refused(400, "invalid_payload") from None
        if not text.strip():
            raise Refused(400, "no_text")
        if len(text) > SLACK_MOST:
            raise Refused(400, "msg_too_long")
        if BARE.search(text):
            raise Refused(400, "invalid_payload")  # Slack would show it as something else
        self.seen.append(_of_slack(text))
        return said_so(200, "ok")


def slack_limit(seconds: int) -> Refused:
    """More than one message a second, for some time."""
    return Refused(429, "rate_limited", retry_after=str(seconds))


def _of_slack(text: str) -> str:
    text = re.sub(r"(?m)^\*(.+)\*$", r"\1", text)
    text = re.sub(r"<[^|>]+\|([^|>]+)>", r"[ \1 ]", text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


@dataclass
class DiscordFace(Face):
    """https://docs.discord.com/developers/resources/webhook."""

    messages: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)  # of its next answers

    def take(self, received: Received) -> Answer:
        url = urlsplit(received.path)
        if not url.path.startswith(DISCORD_PATH):
            raise Refused(401, {"message": "Invalid Webhook Token", "code": 50027})
        identifier = url.path.removeprefix(DISCORD_PATH).removeprefix("/messages/")
        if received.method != "POST" and identifier not in self.messages:
            raise Refused(404, {"message": "Unknown Message", "code": 10008})
        if received.method == "DELETE":
            del self.messages[identifier]
            return Answer(204)
        content = _checked(received.json)
        identifier = identifier or str(1_000_000_000_000_000_000 + len(self.seen))
        self.messages[identifier] = content
        self.seen.append(_of_discord(content))
        is_told = received.method == "PATCH" or parse_qs(url.query).get("wait") == ["true"]
        said = said_so(200, {"id": identifier, "content": content}) if is_told else Answer(204)
        return Answer(said.status, {**said.headers, **self.headers}, said.body)


def discord_limit(seconds: float, *, is_global: bool = False) -> Refused:
    """Of the webhook, or of all that comes from here."""
    said = {"message": "You are being rate limited.", "retry_after": seconds, "global": is_global}
    scope = "global" if is_global else "user"
    # The header is whole seconds, the body is exact.
    return Refused(429, said, retry_after=str(int(seconds) + 1), x_ratelimit_scope=scope)


def _checked(asked: dict[str, Any]) -> str:
    content = asked.get("content", "")
    if not content:
        raise Refused(400, {"message": "Cannot send an empty message", "code": 50006})
    if len(content) > DISCORD_MOST:
        error = {"code": "BASE_TYPE_MAX_LENGTH", "message": "Must be 2000 or fewer in length."}
        errors = {"content": {"_errors": [error]}}
        raise Refused(400, {"code": 50035, "errors": errors, "message": "Invalid Form Body"})
    if asked["allowed_mentions"] != {"parse": []}:
        raise Refused(400, {"code": 50035, "message": "would ping whom a text names by chance"})
    return str(content)


def _of_discord(content: str) -> str:
    content = re.sub(r"(?m)^\*\*(.+)\*\*$", r"\1", content)
    content = re.sub(r"(?<!\\)\[([^\]]+)\]\(<[^>]+>\)", r"[ \1 ]", content)
    return re.sub(r"\\([\\`*_~|>#\[\]()-])", r"\1", content)
