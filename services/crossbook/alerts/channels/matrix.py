"""A Matrix room, by the Client-Server API v3: https://spec.matrix.org/latest/client-server-api.

An event's transaction id is made of the message, so the same one tried twice is one event. An event holds 65,536 bytes,
in which an edit says everything twice, and all of it as text and as HTML. Limits are said in the body, in ms.
"""

import hashlib
import html
import re
from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import quote

from crossbook.alerts.channels.answer import Answer, outcome_of
from crossbook.alerts.channels.content import as_json
from crossbook.alerts.channels.http_sender import HttpSender, Request
from crossbook.alerts.channels.kind import check_url
from crossbook.alerts.channels.outcome import Delivered, Outcome
from crossbook.alerts.channels.parts import Form, utf8_bytes
from crossbook.alerts.channels.sealed import base_of, check_secrets
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.channels.text_kind import Note, TextKind
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import FieldViolation

ROOM = re.compile(r"![^\s:\x00]{1,200}(:[A-Za-z0-9.:\[\]-]{1,230})?")
MOST_BYTES = 12_000


def _bold(text: str) -> str:
    return f"<b>{html.escape(text)}</b>" if text.strip() else ""


class Matrix(TextKind[pb.MatrixChannel]):
    """Text with HTML beside it, so nothing is refused for its markup."""

    form = Form(MOST_BYTES, utf8_bytes, _bold, html.escape)
    can_edit = True
    address: ClassVar[tuple[str, ...]] = ("url", "room_id")
    secrets: ClassVar[tuple[str, ...]] = ("access_token",)

    def check(self, config: pb.MatrixChannel, path: str, policy: TargetPolicy) -> Iterator[FieldViolation]:
        yield from check_url(config.url, path, policy)
        yield from check_secrets(config, ("access_token",), path)
        if not ROOM.fullmatch(config.room_id):
            yield FieldViolation(f"{path}.room_id", 'must look like "!id:server"')

    async def put(self, config: pb.MatrixChannel, note: Note, http: HttpSender) -> Outcome:
        return await _send(config, "m.room.message", _content(note), _transaction(note, "put"), http)

    async def edit(self, config: pb.MatrixChannel, identifier: str, note: Note, http: HttpSender) -> Outcome:
        new = _content(note)
        content = {
            **new,
            "body": f"* {new['body']}",
            "m.new_content": new,
            "m.relates_to": {"rel_type": "m.replace", "event_id": identifier},
        }
        return await _send(config, "m.room.message", content, _transaction(note, identifier), http, identifier)

    async def drop(self, config: pb.MatrixChannel, identifier: str, http: HttpSender) -> Outcome:
        path = f"redact/{quote(identifier, safe='')}/{hashlib.sha256(identifier.encode()).hexdigest()[:32]}"
        return await _put(config, path, {"reason": "is part of the text before"}, http)


def _content(note: Note) -> dict[str, Any]:
    formatted = note.part.text.replace("\n", "<br>")
    plain = note.part.plain
    if note.ack_url:
        formatted += f'<br><a href="{html.escape(note.ack_url)}">Acknowledge</a>'
        plain += f"\nAcknowledge: {note.ack_url}"
    return {"msgtype": "m.text", "body": plain, "format": "org.matrix.custom.html", "formatted_body": formatted}


def _transaction(note: Note, what: str) -> str:
    text = note.text
    words = (text.key, str(text.revision), text.kind_name, str(note.index), what)
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:32]


async def _send(
    config: pb.MatrixChannel, kind: str, content: dict[str, Any], transaction: str, http: HttpSender, known: str = ""
) -> Outcome:
    """What was edited keeps the id of the event that it was."""
    outcome = await _put(config, f"send/{kind}/{transaction}", content, http)
    return Delivered(outcome.http_status, known or outcome.id) if isinstance(outcome, Delivered) else outcome


async def _put(config: pb.MatrixChannel, path: str, content: dict[str, Any], http: HttpSender) -> Outcome:
    url = f"{base_of(config.url, '')}/_matrix/client/v3/rooms/{quote(config.room_id, safe='')}/{path}"
    headers = {"authorization": f"Bearer {config.access_token}"}
    return await http.call(Request("PUT", url, as_json(content).encode(), headers), _read)


def _read(answer: Answer) -> Outcome:
    said = answer.json
    if answer.is_ok:
        identifier = said.get("event_id")
        problem = "" if isinstance(identifier, str) and identifier else "no event_id"
        outcome = outcome_of(answer, lambda _: problem)
        return Delivered(answer.status, str(identifier)) if isinstance(outcome, Delivered) else outcome
    after_ms = said.get("retry_after_ms")
    after = after_ms / 1000 if isinstance(after_ms, int | float) else None
    return outcome_of(answer, None, said.get("errcode") or said.get("error") or "", after)
