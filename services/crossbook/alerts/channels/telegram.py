"""A Telegram chat, through a bot: one message a group, edited in place, with a button to acknowledge.

https://core.telegram.org/bots/api: sendMessage, editMessageText, deleteMessage; text in HTML of at most 4096 UTF-16
units after its entities are read. Errors are objects with a description; "parameters" holds when to come again and
where a group has gone that became a supergroup.
"""

import html
import re
from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

from crossbook.alerts.channels.answer import Answer, outcome_of, words
from crossbook.alerts.channels.content import as_json
from crossbook.alerts.channels.http_sender import HttpSender, Request
from crossbook.alerts.channels.outcome import Delivered, Failed, Outcome, Why
from crossbook.alerts.channels.parts import Form, utf16_units
from crossbook.alerts.channels.sealed import base_of, check_base, check_secrets
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.channels.text_kind import Note, TextKind
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import FieldViolation

USUAL = "https://api.telegram.org"
TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{20,100}")
CHAT = re.compile(r"-?[0-9]{1,20}|@[A-Za-z][A-Za-z0-9_]{3,63}")
UNCHANGED = "message is not modified"
GONE = ("message to edit not found", "message can't be edited", "message_id_invalid", "message to delete not found")
MARKUP = ("can't parse entities", "can't parse text text")


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


def _bold(text: str) -> str:
    return f"<b>{_escaped(text)}</b>" if text.strip() else ""


class Telegram(TextKind[pb.TelegramChannel]):
    """The token is part of the path: no error names the address."""

    form = Form(4096, utf16_units, _bold, _escaped)
    can_edit = True
    address: ClassVar[tuple[str, ...]] = ("url", "bot_token", "chat_id", "message_thread_id")
    secrets: ClassVar[tuple[str, ...]] = ("bot_token",)

    def check(self, config: pb.TelegramChannel, path: str, policy: TargetPolicy) -> Iterator[FieldViolation]:
        yield from check_base(config.url, path, policy)
        yield from check_secrets(config, ("bot_token",), path)
        if not TOKEN.fullmatch(config.bot_token):
            yield FieldViolation(f"{path}.bot_token", "must be a bot's token, as 123456:ABC-DEF")
        if not CHAT.fullmatch(config.chat_id):
            yield FieldViolation(f"{path}.chat_id", 'must be a number, or "@" and the name of a channel')
        if config.message_thread_id < 0:
            yield FieldViolation(f"{path}.message_thread_id", "must not be negative")

    async def put(self, config: pb.TelegramChannel, note: Note, http: HttpSender) -> Outcome:
        body = _body(note)
        if config.message_thread_id:
            body["message_thread_id"] = config.message_thread_id
        return await _call(config, "sendMessage", body, http)

    async def edit(self, config: pb.TelegramChannel, identifier: str, note: Note, http: HttpSender) -> Outcome:
        return await _call(config, "editMessageText", {"message_id": int(identifier), **_body(note)}, http)

    async def drop(self, config: pb.TelegramChannel, identifier: str, http: HttpSender) -> Outcome:
        return await _call(config, "deleteMessage", {"message_id": int(identifier)}, http)


def _body(note: Note) -> dict[str, Any]:
    body: dict[str, Any] = {"text": note.part.text, "link_preview_options": {"is_disabled": True}}
    if not note.is_plain:
        body["parse_mode"] = "HTML"
    if note.ack_url:
        body["reply_markup"] = {"inline_keyboard": [[{"text": "Acknowledge", "url": note.ack_url}]]}
    return body


async def _call(config: pb.TelegramChannel, method: str, body: dict[str, Any], http: HttpSender) -> Outcome:
    url = f"{base_of(config.url, USUAL)}/bot{config.bot_token}/{method}"
    moved: list[int] = []
    outcome = await _post(url, {"chat_id": config.chat_id, **body}, http, moved)
    if moved:  # what is in the group of old cannot be edited, nor be told there
        outcome = await _post(url, {"chat_id": moved[0], **body}, http, [])
    return outcome


async def _post(url: str, body: dict[str, Any], http: HttpSender, moved: list[int]) -> Outcome:
    return await http.call(Request("POST", url, as_json(body).encode()), partial(_read, moved))


def _read(moved: list[int], answer: Answer) -> Outcome:
    said = answer.json
    parameters = _object(said.get("parameters"))
    description = str(said.get("description", ""))
    if isinstance(place := parameters.get("migrate_to_chat_id"), int):
        moved.append(place)
    if answer.is_ok and said.get("ok") is True:
        identifier = _object(said.get("result")).get("message_id")
        return Delivered(answer.status, str(identifier) if isinstance(identifier, int) else "")
    if answer.status == 400 and UNCHANGED in description:
        return Delivered(answer.status)
    outcome = outcome_of(answer, lambda _: words(description or "no ok"), description, parameters.get("retry_after"))
    if isinstance(outcome, Failed):
        return Failed(outcome.reason, outcome.http_status, _why(description.lower()))
    return outcome


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _why(description: str) -> Why:
    if any(word in description for word in GONE):
        return Why.GONE
    return Why.MARKUP if any(word in description for word in MARKUP) else Why.OTHER
