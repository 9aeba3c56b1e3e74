"""A POST whose JSON body a template makes, with headers of its own and, where asked for, a check of the answer."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import httpx

from crossbook.alerts.channels.answer import json_object, words
from crossbook.alerts.channels.content import message_fields
from crossbook.alerts.channels.errand import Errand
from crossbook.alerts.channels.http_sender import HttpSender
from crossbook.alerts.channels.kind import HIDDEN, check_url, masked_url, restored_url
from crossbook.alerts.channels.outcome import Failed, Outcome
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.channels.templating import TemplateProblemError, render
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import FieldViolation

MAX_EXPECTED_CHARACTERS = 1024
TELLING = ("error", "msg", "message", "errmsg", "description")  # in which services put their reasons
MAX_HEADERS = 20
MAX_HEADER_CHARACTERS = 4096
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")  # RFC 9110 token
OWN_HEADERS = {"host", "content-length", "content-type", "transfer-encoding", "connection", "upgrade", "te", "trailer"}


class Template:
    """The kind for everything that has no kind of its own."""

    def check(self, config: pb.TemplateChannel, path: str, policy: TargetPolicy) -> Iterator[FieldViolation]:
        yield from check_url(config.url, path, policy)
        if config.expected_answer and _expected(config.expected_answer) is None:
            yield FieldViolation(
                f"{path}.expected_answer",
                f"must be a JSON object of plain values, of at most {MAX_EXPECTED_CHARACTERS} characters",
            )
        if len(config.headers) > MAX_HEADERS:
            yield FieldViolation(f"{path}.headers", f"must not hold more than {MAX_HEADERS}")
        for name, value in config.headers.items():
            if not HEADER_NAME.fullmatch(name) or name.lower() in OWN_HEADERS:
                yield FieldViolation(f"{path}.headers", f"{name!r} is not a header that can be added")
            elif len(value) > MAX_HEADER_CHARACTERS or not (value.isascii() and value.isprintable()):
                yield FieldViolation(f"{path}.headers[{name}]", "must be printable ASCII without line breaks")

    def redact(self, config: pb.TemplateChannel) -> None:
        config.url = masked_url(config.url)
        for name in config.headers:
            config.headers[name] = HIDDEN

    def restore(
        self, config: pb.TemplateChannel, stored: pb.TemplateChannel | None, path: str
    ) -> Iterator[FieldViolation]:
        """A stored value goes to the host that it was given for, and to no other."""
        config.url, problem = restored_url(config.url, stored.url if stored else None)
        if problem:
            yield FieldViolation(f"{path}.url", problem)
        known = stored.headers if stored and _origin(stored.url) == _origin(config.url) else {}
        for name in [name for name, value in config.headers.items() if value == HIDDEN]:
            if name in known:
                config.headers[name] = known[name]
            else:
                yield FieldViolation(f"{path}.headers[{name}]", "is redacted, and none is stored for this host")

    async def send(self, config: pb.TemplateChannel, errand: Errand, http: HttpSender) -> Outcome:
        try:
            body = await asyncio.to_thread(render, config.template, message_fields(errand.message))
        except TemplateProblemError as error:
            return Failed(f"the template {error}")
        expected = _expected(config.expected_answer) if config.expected_answer else None
        judge = partial(problem_of, expected) if expected else None
        return await http.post_json(config.url, body, dict(config.headers), judge)


def problem_of(expected: Mapping[str, Any], body: bytes) -> str:
    """What the answer says in place of what was expected; empty when it says just that."""
    said = json_object(body)
    if said is None:
        return "no JSON object"
    wrong = [name for name, value in expected.items() if name not in said or not _is_same(said[name], value)]
    if not wrong:
        return ""
    told = next((said[name] for name in TELLING if said.get(name)), said.get(wrong[0], "it is absent"))
    return f"{words(wrong[0])}: {words(told)}"


def _is_same(said: object, expected: object) -> bool:
    """As JSON has it: true is not 1."""
    return isinstance(said, bool) == isinstance(expected, bool) and said == expected


def _expected(text: str) -> dict[str, Any] | None:
    """The members that an answer must have; None for what is no object of plain values."""
    found = json_object(text.encode()) if len(text) <= MAX_EXPECTED_CHARACTERS else None
    is_plain = found and all(value is None or isinstance(value, str | int | float) for value in found.values())
    return found if is_plain else None


def _origin(url: str) -> tuple[str, bytes] | None:
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError):
        return None
    return parsed.scheme, parsed.netloc
