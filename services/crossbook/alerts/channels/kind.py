"""What a kind of channel must know how to do. A new kind is a file with such a class and a line in the registry."""

from collections.abc import Iterator
from typing import Protocol, TypeVar

import httpx
from google.protobuf.message import Message

from crossbook.alerts.channels.errand import Errand
from crossbook.alerts.channels.http_sender import HttpSender
from crossbook.alerts.channels.outcome import Outcome
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.plumbing.errors import FieldViolation

M = TypeVar("M", bound=Message, contravariant=True)

HIDDEN = "***"


class ChannelKind(Protocol[M]):
    """One kind; `path` is the field's path for violations, as "alert_rule.channels[0].webhook"."""

    def check(self, config: M, path: str, policy: TargetPolicy) -> Iterator[FieldViolation]:
        """What is wrong with a configuration whose secrets are all given."""

    def redact(self, config: M) -> None:
        """Replaces secrets by what may be shown."""

    def restore(self, config: M, stored: M | None, path: str) -> Iterator[FieldViolation]:
        """Puts stored secrets back where a redacted one was sent; a violation where there is none to put back."""

    async def send(self, config: M, errand: Errand, http: HttpSender) -> Outcome:
        """One try to deliver."""


def check_url(url: str, path: str, policy: TargetPolicy) -> Iterator[FieldViolation]:
    """The violation of a URL field, if any."""
    problem = policy.url_problem(url)
    if problem:
        yield FieldViolation(f"{path}.url", problem)


def masked_url(url: str) -> str:
    """What may be shown of an address: all behind the host may be a token."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError):
        return HIDDEN
    return f"{parsed.scheme}://{parsed.netloc.decode('ascii')}/{HIDDEN}"


def restored_url(url: str, stored: str | None) -> tuple[str, str]:
    """The address meant by one that may be masked, and the violation when no stored one answers to it."""
    if not url.endswith(f"/{HIDDEN}"):
        return url, ""
    if stored is None or url != masked_url(stored):
        return url, "is redacted, and no stored address answers to it; give it whole"
    return stored, ""
