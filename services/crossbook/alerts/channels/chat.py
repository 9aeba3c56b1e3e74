"""Incoming webhooks of chat services: the address itself is the secret, the body a line of text in a JSON object.

Slack: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
Discord: https://docs.discord.com/developers/resources/webhook#execute-webhook
"""

from collections.abc import Iterator
from typing import Any, ClassVar, Generic, TypeVar

import httpx

from crossbook.alerts.channels.content import as_json, as_text
from crossbook.alerts.channels.http_sender import HttpSender
from crossbook.alerts.channels.kind import HIDDEN, check_url
from crossbook.alerts.channels.outcome import Outcome
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import FieldViolation

C = TypeVar("C", pb.SlackChannel, pb.DiscordChannel)


class Chat(Generic[C]):
    """A chat service; a subclass says how its body looks."""

    max_characters: ClassVar[int]

    def body(self, text: str) -> dict[str, Any]:
        """The object that the service takes."""
        raise NotImplementedError

    def check(self, config: C, path: str, policy: TargetPolicy) -> Iterator[FieldViolation]:
        yield from check_url(config.url, path, policy)

    def redact(self, config: C) -> None:
        config.url = _redacted(config.url)

    def restore(self, config: C, stored: C | None, path: str) -> Iterator[FieldViolation]:
        if not config.url.endswith(f"/{HIDDEN}"):
            return
        if stored is None or config.url != _redacted(stored.url):
            yield FieldViolation(f"{path}.url", "is redacted, and no stored address answers to it; give it whole")
        else:
            config.url = stored.url

    async def send(self, config: C, alert: pb.Alert, http: HttpSender) -> Outcome:
        return await http.post_json(config.url, as_json(self.body(as_text(alert)[: self.max_characters])))


class Slack(Chat[pb.SlackChannel]):
    """Slack shows `text`; &, < and > are its control characters."""

    max_characters = 3000

    def body(self, text: str) -> dict[str, Any]:
        return {"text": text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")}


class Discord(Chat[pb.DiscordChannel]):
    """Discord shows `content`, at most 2000 characters, and must not ping anyone whom a text names by chance."""

    max_characters = 2000

    def body(self, text: str) -> dict[str, Any]:
        return {"content": text, "allowed_mentions": {"parse": []}}


def _redacted(url: str) -> str:
    parsed = httpx.URL(url)
    return f"{parsed.scheme}://{parsed.netloc.decode('ascii')}/{HIDDEN}"
