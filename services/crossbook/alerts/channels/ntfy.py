"""A topic of an ntfy server: https://docs.ntfy.sh/publish, as JSON to the server's root.

A message holds 4,096 bytes; what is longer would become an attachment. Messages of one key bear one sequence_id, by
which newer servers show the last of them only. The topic is all that a reader needs: it is a secret.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import Any, ClassVar

from crossbook.alerts.channels.answer import Answer, outcome_of
from crossbook.alerts.channels.content import as_json
from crossbook.alerts.channels.http_sender import HttpSender, Request
from crossbook.alerts.channels.outcome import Delivered, Outcome
from crossbook.alerts.channels.parts import Form, cut, unchanged, utf8_bytes
from crossbook.alerts.channels.sealed import base_of, check_base, check_secrets
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.channels.text_kind import Note, TextKind
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import FieldViolation

USUAL = "https://ntfy.sh"
TOPIC = re.compile(r"[-_A-Za-z0-9]{1,64}")
PRIORITIES = range(6)
MAX_TITLE_BYTES = 250


class Ntfy(TextKind[pb.NtfyChannel]):
    """Plain text, with the title beside it."""

    form = Form(4096, utf8_bytes, unchanged, unchanged, has_title=False)
    address: ClassVar[tuple[str, ...]] = ("url", "topic")
    secrets: ClassVar[tuple[str, ...]] = ("topic", "token")

    def check(self, config: pb.NtfyChannel, path: str, policy: TargetPolicy) -> Iterator[FieldViolation]:
        yield from check_base(config.url, path, policy)
        if config.token:
            yield from check_secrets(config, ("token",), path)
        if not TOPIC.fullmatch(config.topic):
            yield FieldViolation(f"{path}.topic", "must be 1 to 64 of A-Z, a-z, 0-9, - and _")
        if config.priority not in PRIORITIES:
            yield FieldViolation(f"{path}.priority", "must be 1 to 5, or 0 for 3")

    async def put(self, config: pb.NtfyChannel, note: Note, http: HttpSender) -> Outcome:
        text = note.text
        body: dict[str, Any] = {
            "topic": config.topic,
            "title": cut(text.title, MAX_TITLE_BYTES, utf8_bytes),
            "message": note.part.plain,
            "priority": config.priority or 3,
            "sequence_id": hashlib.sha256(f"{text.key} {note.index}".encode()).hexdigest()[:32],
        }
        if text.kind == pb.ALERT_MESSAGE_KIND_CLOSED:
            body["tags"] = ["white_check_mark"]
        if note.ack_url:
            body["actions"] = [{"action": "view", "label": "Acknowledge", "url": note.ack_url, "clear": True}]
        headers = {"authorization": f"Bearer {config.token}"} if config.token else {}
        url = f"{base_of(config.url, USUAL)}/"
        return await http.call(Request("POST", url, as_json(body).encode(), headers), _read)


def _read(answer: Answer) -> Outcome:
    said = answer.json
    outcome = outcome_of(answer, lambda _: "" if "id" in said else "no id", said.get("error") or "")
    return Delivered(answer.status, str(said["id"])) if isinstance(outcome, Delivered) else outcome
