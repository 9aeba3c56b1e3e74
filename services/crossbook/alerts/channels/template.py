"""A POST whose JSON body a template makes, with headers of its own."""

import re
from collections.abc import Iterator

import httpx

from crossbook.alerts.channels.content import as_fields, sample_alert
from crossbook.alerts.channels.http_sender import HttpSender
from crossbook.alerts.channels.kind import HIDDEN, check_url
from crossbook.alerts.channels.outcome import Failed, Outcome
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.channels.templating import TemplateProblemError, render
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import FieldViolation

MAX_HEADERS = 20
MAX_HEADER_CHARACTERS = 4096
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")  # RFC 9110 token
OWN_HEADERS = {"host", "content-length", "content-type", "transfer-encoding", "connection", "upgrade", "te", "trailer"}


class Template:
    """The kind for everything that has no kind of its own."""

    def check(self, config: pb.TemplateChannel, path: str, policy: TargetPolicy) -> Iterator[FieldViolation]:
        yield from check_url(config.url, path, policy)
        try:
            render(config.template, as_fields(sample_alert()))
        except TemplateProblemError as error:
            yield FieldViolation(f"{path}.template", str(error))
        if len(config.headers) > MAX_HEADERS:
            yield FieldViolation(f"{path}.headers", f"must not hold more than {MAX_HEADERS}")
        for name, value in config.headers.items():
            if not HEADER_NAME.fullmatch(name) or name.lower() in OWN_HEADERS:
                yield FieldViolation(f"{path}.headers", f"{name!r} is not a header that can be added")
            elif len(value) > MAX_HEADER_CHARACTERS or not (value.isascii() and value.isprintable()):
                yield FieldViolation(f"{path}.headers[{name}]", "must be printable ASCII without line breaks")

    def redact(self, config: pb.TemplateChannel) -> None:
        for name in config.headers:
            config.headers[name] = HIDDEN

    def restore(
        self, config: pb.TemplateChannel, stored: pb.TemplateChannel | None, path: str
    ) -> Iterator[FieldViolation]:
        """A stored value goes to the host that it was given for, and to no other."""
        known = stored.headers if stored and _origin(stored.url) == _origin(config.url) else {}
        for name in [name for name, value in config.headers.items() if value == HIDDEN]:
            if name in known:
                config.headers[name] = known[name]
            else:
                yield FieldViolation(f"{path}.headers[{name}]", "is redacted, and none is stored for this host")

    async def send(self, config: pb.TemplateChannel, alert: pb.Alert, http: HttpSender) -> Outcome:
        try:
            body = render(config.template, as_fields(alert))
        except TemplateProblemError as error:
            return Failed(f"the template {error}")
        return await http.post_json(config.url, body, dict(config.headers))


def _origin(url: str) -> tuple[str, bytes] | None:
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError):
        return None
    return parsed.scheme, parsed.netloc
