"""The kinds of channels by their name in the proto's oneof, and what is done with a channel of any kind."""

import hashlib
from collections.abc import Iterator
from typing import Any

from crossbook.alerts.channels.chat import Discord, Slack
from crossbook.alerts.channels.console import Console
from crossbook.alerts.channels.http_sender import HttpSender
from crossbook.alerts.channels.kind import ChannelKind
from crossbook.alerts.channels.outcome import Failed, Outcome
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.channels.template import Template
from crossbook.alerts.channels.webhook import Webhook
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import FieldViolation

KINDS: dict[str, ChannelKind[Any]] = {
    "console": Console(),
    "webhook": Webhook(),
    "slack": Slack(),
    "discord": Discord(),
    "template": Template(),
}


def check_channel(channel: pb.AlertChannel, path: str, policy: TargetPolicy) -> Iterator[FieldViolation]:
    """What is wrong with a channel whose secrets are all given, apart from its id."""
    name, kind = _kind(channel)
    if kind is None:
        yield FieldViolation(path, f"needs exactly one kind of: {', '.join(KINDS)}")
    else:
        yield from kind.check(getattr(channel, name), f"{path}.{name}", policy)


def redact_channel(channel: pb.AlertChannel) -> None:
    """Hides its secrets, in place."""
    name, kind = _kind(channel)
    if kind is not None:
        kind.redact(getattr(channel, name))


def restore_channel(channel: pb.AlertChannel, stored: pb.AlertChannel | None, path: str) -> Iterator[FieldViolation]:
    """Puts back, in place, the stored secrets that a caller sent back redacted."""
    name, kind = _kind(channel)
    if kind is None:
        return
    has_stored = stored is not None and stored.WhichOneof("kind") == name
    yield from kind.restore(getattr(channel, name), getattr(stored, name) if has_stored else None, f"{path}.{name}")


async def send(channel: pb.AlertChannel, message: pb.AlertMessage, http: HttpSender) -> Outcome:
    """One try to deliver."""
    name, kind = _kind(channel)
    if kind is None:
        return Failed("this version does not know the channel's kind")
    return await kind.send(getattr(channel, name), message, http)


def destination_of(channel: pb.AlertChannel) -> str:
    """Stands for where a channel sends, and gives nothing of it away: limits and slowness are a destination's."""
    name, _ = _kind(channel)
    url = getattr(getattr(channel, name), "url", "") if name else ""
    return f"{name}:{hashlib.sha256(url.encode()).hexdigest()[:32]}"


def _kind(channel: pb.AlertChannel) -> tuple[str, ChannelKind[Any] | None]:
    name = channel.WhichOneof("kind") or ""
    return name, KINDS.get(name)
