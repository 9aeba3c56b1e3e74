"""Incoming webhooks of chat services: the address itself is the secret, the body text in a JSON object.

Slack: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks (text can be put, and not edited)
Discord: https://docs.discord.com/developers/resources/webhook (wait=true tells the id, by which it is edited)
"""

import re
from collections.abc import Iterator, Mapping
from typing import ClassVar, TypeVar

import httpx

from crossbook.alerts.channels.answer import Answer, json_object, outcome_of, words
from crossbook.alerts.channels.content import as_json
from crossbook.alerts.channels.http_sender import HttpSender, Request
from crossbook.alerts.channels.kind import check_url
from crossbook.alerts.channels.outcome import Delivered, Failed, Limited, Outcome, Why
from crossbook.alerts.channels.parts import Form, characters
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.channels.text_kind import Note, TextKind
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import FieldViolation

C = TypeVar("C", pb.SlackChannel, pb.DiscordChannel)
UNKNOWN_MESSAGE = 10008
DISCORD_MARKUP = re.compile(r"([\\`*_~|>#\[\]()-])")


class Chat(TextKind[C]):
    """What both have."""

    masked: ClassVar[tuple[str, ...]] = ("url",)

    def check(self, config: C, path: str, policy: TargetPolicy) -> Iterator[FieldViolation]:
        yield from check_url(config.url, path, policy)


def _slack_escaped(text: str) -> str:
    """&, < and > are Slack's control characters."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _slack_bold(text: str) -> str:
    return f"*{_slack_escaped(text).replace('*', '∗')}*" if text.strip() else ""


class Slack(Chat[pb.SlackChannel]):
    """Slack shows `text`, in which *a line* is bold; it takes some 4,000 characters and says "ok"."""

    form = Form(3000, characters, _slack_bold, _slack_escaped)

    async def put(self, config: pb.SlackChannel, note: Note, http: HttpSender) -> Outcome:
        link = f"\n<{_slack_escaped(note.ack_url)}|Acknowledge>" if note.ack_url else ""
        body = as_json({"text": note.part.text + link})
        return await http.call(Request("POST", config.url, body.encode()), self.read)

    def read(self, answer: Answer) -> Outcome:
        """An error is a word of text, of which the documented ones are final."""
        said = answer.body.decode(errors="replace").strip()
        return outcome_of(answer, self.problem, "" if "<" in said else said)

    def problem(self, body: bytes) -> str:
        """Slack says "ok"; those that speak its language may say it in JSON, or nothing at all."""
        said = json_object(body)
        if said is None:
            text = body.decode(errors="replace").strip()
            return "" if text.lower() in ("", "ok") else words(text)
        is_fine = said.get("ok", said.get("success")) is True
        return "" if is_fine else words(said.get("error") or said.get("message") or "no ok")


def _discord_escaped(text: str) -> str:
    return DISCORD_MARKUP.sub(r"\\\1", text)


def _discord_bold(text: str) -> str:
    return f"**{_discord_escaped(text)}**" if text.strip() else ""


class Discord(Chat[pb.DiscordChannel]):
    """Discord shows `content`, at most 2000 characters, and must not ping anyone whom a text names by chance."""

    form = Form(2000, characters, _discord_bold, _discord_escaped)
    can_edit = True

    async def put(self, config: pb.DiscordChannel, note: Note, http: HttpSender) -> Outcome:
        return await self._call("POST", str(httpx.URL(config.url).copy_set_param("wait", "true")), note, http)

    async def edit(self, config: pb.DiscordChannel, identifier: str, note: Note, http: HttpSender) -> Outcome:
        return await self._call("PATCH", _of_message(config.url, identifier), note, http)

    async def drop(self, config: pb.DiscordChannel, identifier: str, http: HttpSender) -> Outcome:
        return await http.call(Request("DELETE", _of_message(config.url, identifier), b""), self.read)

    async def _call(self, method: str, url: str, note: Note, http: HttpSender) -> Outcome:
        content = note.part.text
        if note.ack_url and len(content) + len(note.ack_url) + 18 <= self.form.most:
            content += f"\n[Acknowledge](<{note.ack_url}>)"
        body = as_json({"content": content, "allowed_mentions": {"parse": []}})
        return await http.call(Request(method, url, body.encode()), self.read)

    def read(self, answer: Answer) -> Outcome:
        """A limit says of whom it is, and a message when the next would be one too many."""
        said = answer.json
        outcome = outcome_of(answer, self.problem, said.get("message", ""), said.get("retry_after"))
        if isinstance(outcome, Limited):
            is_global = said.get("global") is True or answer.headers.get("x-ratelimit-scope") == "global"
            return Limited(outcome.reason, outcome.http_status, outcome.after_seconds, is_of_kind=is_global)
        if isinstance(outcome, Failed) and said.get("code") == UNKNOWN_MESSAGE:
            return Failed(outcome.reason, outcome.http_status, Why.GONE)
        if isinstance(outcome, Delivered):
            return Delivered(outcome.http_status, _id(said.get("id")), _rest_seconds(answer.headers))
        return outcome

    def problem(self, body: bytes) -> str:
        """Nothing, or the message's object, which has an id; an error is an object with a code and a message."""
        said = json_object(body)
        is_fine = said is None or "id" in said or not ("code" in said or "message" in said)
        return "" if is_fine or said is None else words(said.get("message") or said.get("code"))


def _of_message(url: str, identifier: str) -> str:
    found = httpx.URL(url)
    return str(found.copy_with(path=f"{found.path.rstrip('/')}/messages/{identifier}"))


def _id(value: object) -> str:
    return value if isinstance(value, str) and value.isdigit() else ""


def _rest_seconds(headers: Mapping[str, str]) -> float:
    """How long the bucket is empty after this one."""
    if headers.get("x-ratelimit-remaining") != "0":
        return 0.0
    try:
        return min(60.0, max(0.0, float(headers.get("x-ratelimit-reset-after", "0"))))
    except ValueError:
        return 0.0
