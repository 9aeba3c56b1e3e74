"""A Microsoft Teams workflow ("When a Teams webhook request is received"): an adaptive card a part.

https://learn.microsoft.com/power-automate/teams/create-flows-adaptive-cards. A post holds 28 KB. A workflow says 202
before it has shown anything; connectors of old say 200 with "HTTP error 429" in the text when Teams limits them.
"""

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from crossbook.alerts.channels.answer import LIMITED_SECONDS, Answer, outcome_of, words
from crossbook.alerts.channels.content import as_json
from crossbook.alerts.channels.http_sender import HttpSender, Request
from crossbook.alerts.channels.kind import check_url
from crossbook.alerts.channels.outcome import Failed, Limited, Outcome, Why
from crossbook.alerts.channels.parts import Form, utf8_bytes
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.channels.text_kind import Note, TextKind
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import FieldViolation

MOST_BYTES = 12_000  # of text, which JSON may double, and each line of which is a block
MARKUP = re.compile(r"([\\`*_~\[\]#>-])")
BEHIND_A_200 = re.compile(rb"HTTP error (\d{3})")
CARD = "application/vnd.microsoft.card.adaptive"


def _escaped(text: str) -> str:
    return MARKUP.sub(r"\\\1", text)


def _measured(text: str) -> int:
    """With the block that each line is in."""
    return utf8_bytes(text) + 60 * (text.count("\n") + 1)


class Teams(TextKind[pb.TeamsChannel]):
    """Text blocks, which read some Markdown."""

    form = Form(MOST_BYTES, _measured, _escaped, _escaped)
    masked: ClassVar[tuple[str, ...]] = ("url",)

    def check(self, config: pb.TeamsChannel, path: str, policy: TargetPolicy) -> Iterator[FieldViolation]:
        yield from check_url(config.url, path, policy)

    async def put(self, config: pb.TeamsChannel, note: Note, http: HttpSender) -> Outcome:
        body = {"type": "message", "attachments": [{"contentType": CARD, "contentUrl": None, "content": _card(note)}]}
        return await http.call(Request("POST", config.url, as_json(body).encode()), _read)


def _card(note: Note) -> dict[str, Any]:
    blocks = [
        {"type": "TextBlock", "text": line, "wrap": True, "spacing": "None"} for line in note.part.text.split("\n")
    ]
    if note.index == 0:
        blocks[0] |= {"weight": "Bolder", "size": "Medium"}
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": blocks,
    }
    if note.ack_url:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Acknowledge", "url": note.ack_url}]
    return card


def _read(answer: Answer) -> Outcome:
    if answer.status == 200 and (behind := BEHIND_A_200.search(answer.body)):
        status = int(behind[1])
        outcome = outcome_of(Answer(status, answer.headers, b""), None, "behind a 200")
        return Limited(outcome.reason, 200, LIMITED_SECONDS) if isinstance(outcome, Limited) else outcome
    error = answer.json.get("error")
    said = words(error.get("message", "")) if isinstance(error, dict) else ""
    outcome = outcome_of(answer, None, said)
    return Failed(outcome.reason, 400, Why.MARKUP) if answer.status == 400 and isinstance(outcome, Failed) else outcome
