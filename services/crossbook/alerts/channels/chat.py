"""Incoming webhooks of chat services: the address itself is the secret, the body a line of text in a JSON object.

Slack: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
Discord: https://docs.discord.com/developers/resources/webhook#execute-webhook
"""

from collections.abc import Iterator
from typing import Any, ClassVar, Generic, TypeVar

from crossbook.alerts.channels.answer import json_object, words
from crossbook.alerts.channels.content import as_json, message_text
from crossbook.alerts.channels.http_sender import HttpSender
from crossbook.alerts.channels.kind import check_url, masked_url, restored_url
from crossbook.alerts.channels.outcome import Outcome
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import FieldViolation
from crossbook.plumbing.timestamps import now_ns

C = TypeVar("C", pb.SlackChannel, pb.DiscordChannel)


class Chat(Generic[C]):
    """A chat service; a subclass says how its body looks."""

    max_characters: ClassVar[int]

    def body(self, text: str) -> dict[str, Any]:
        """The object that the service takes."""
        raise NotImplementedError

    def problem(self, body: bytes) -> str:
        """What a 2xx answer says is wrong; empty when the service took the text."""
        raise NotImplementedError

    def check(self, config: C, path: str, policy: TargetPolicy) -> Iterator[FieldViolation]:
        yield from check_url(config.url, path, policy)

    def redact(self, config: C) -> None:
        config.url = masked_url(config.url)

    def restore(self, config: C, stored: C | None, path: str) -> Iterator[FieldViolation]:
        config.url, problem = restored_url(config.url, stored.url if stored else None)
        if problem:
            yield FieldViolation(f"{path}.url", problem)

    async def send(self, config: C, message: pb.AlertMessage, http: HttpSender) -> Outcome:
        text = message_text(message, now_ns())[: self.max_characters]
        return await http.post_json(config.url, as_json(self.body(text)), judge=self.problem)


class Slack(Chat[pb.SlackChannel]):
    """Slack shows `text`; &, < and > are its control characters."""

    max_characters = 3000

    def body(self, text: str) -> dict[str, Any]:
        return {"text": text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")}

    def problem(self, body: bytes) -> str:
        """Slack says "ok"; those that speak its language may say it in JSON, or nothing at all."""
        said = json_object(body)
        if said is None:
            text = body.decode(errors="replace").strip()
            return "" if text.lower() in ("", "ok") else words(text)
        is_fine = said.get("ok", said.get("success")) is True
        return "" if is_fine else words(said.get("error") or said.get("message") or "no ok")


class Discord(Chat[pb.DiscordChannel]):
    """Discord shows `content`, at most 2000 characters, and must not ping anyone whom a text names by chance."""

    max_characters = 2000

    def body(self, text: str) -> dict[str, Any]:
        return {"content": text, "allowed_mentions": {"parse": []}}

    def problem(self, body: bytes) -> str:
        """Nothing, or the message's object, which has an id; an error is an object with a code and a message."""
        said = json_object(body)
        is_fine = said is None or "id" in said or not ("code" in said or "message" in said)
        return "" if is_fine or said is None else words(said.get("message") or said.get("code"))
