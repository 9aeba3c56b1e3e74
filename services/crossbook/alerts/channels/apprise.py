"""An Apprise API server (https://github.com/caronc/apprise-api), for every service that has no kind of its own.

Apprise itself dials wherever an address of its own language leads, which our check of targets cannot see. So it stays
in its server, with the receivers and their secrets; only that server is ours to dial. 200: all were told; 204: its
configuration has no such receiver; 424: some were not, and trying again tells the others twice.
"""

import re
from collections.abc import Iterator
from typing import ClassVar

from crossbook.alerts.channels.answer import Answer, outcome_of
from crossbook.alerts.channels.content import as_json
from crossbook.alerts.channels.http_sender import HttpSender, Request
from crossbook.alerts.channels.kind import check_url
from crossbook.alerts.channels.outcome import Failed, Outcome, Retry
from crossbook.alerts.channels.parts import Form, characters, unchanged
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.channels.text_kind import Note, TextKind
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import FieldViolation

NOBODY, SOME_FAILED = 204, 424
TAGS = re.compile(r"[\w ,;+-]{0,200}")


class Apprise(TextKind[pb.AppriseChannel]):
    """Plain text; Apprise itself cuts it as its receivers need."""

    form = Form(30_000, characters, unchanged, unchanged, has_title=False)
    address: ClassVar[tuple[str, ...]] = ("url", "tags")
    masked: ClassVar[tuple[str, ...]] = ("url",)

    def check(self, config: pb.AppriseChannel, path: str, policy: TargetPolicy) -> Iterator[FieldViolation]:
        yield from check_url(config.url, path, policy)
        if not TAGS.fullmatch(config.tags):
            yield FieldViolation(f"{path}.tags", "must be names with blanks or commas between, 200 characters at most")

    async def put(self, config: pb.AppriseChannel, note: Note, http: HttpSender) -> Outcome:
        body = {
            "title": note.text.title,
            "body": note.part.plain or note.text.title,
            "type": "success" if note.text.kind == pb.ALERT_MESSAGE_KIND_CLOSED else "warning",
            "format": "text",
        }
        if note.ack_url:
            body["body"] += f"\nAcknowledge: {note.ack_url}"
        if config.tags:
            body["tag"] = config.tags
        headers = {"accept": "application/json"}
        return await http.call(Request("POST", config.url, as_json(body).encode(), headers), _read)


def _read(answer: Answer) -> Outcome:
    said = answer.json.get("error") or ""
    if answer.status == NOBODY:
        return Failed("HTTP 204: the configuration has no receiver with such a tag", NOBODY)
    if answer.status == SOME_FAILED:
        return Retry("HTTP 424: not all receivers of the configuration could be told", SOME_FAILED)
    return outcome_of(answer, None, said)
