"""The kinds of channels by their name in the proto's oneof, and what is done with a channel of any kind."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from crossbook.alerts.channels.apprise import Apprise
from crossbook.alerts.channels.chat import Discord, Slack
from crossbook.alerts.channels.console import Console
from crossbook.alerts.channels.content import as_json, message_fields
from crossbook.alerts.channels.errand import Errand
from crossbook.alerts.channels.http_sender import HttpSender
from crossbook.alerts.channels.kind import ChannelKind
from crossbook.alerts.channels.mail import Mail
from crossbook.alerts.channels.matrix import Matrix
from crossbook.alerts.channels.ntfy import Ntfy
from crossbook.alerts.channels.opsgenie import Opsgenie
from crossbook.alerts.channels.outcome import Failed, Outcome, Shown
from crossbook.alerts.channels.pagerduty import PagerDuty
from crossbook.alerts.channels.sample import RULE, sample_message
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.channels.teams import Teams
from crossbook.alerts.channels.telegram import Telegram
from crossbook.alerts.channels.template import Template
from crossbook.alerts.channels.templating import TemplateProblemError, render
from crossbook.alerts.channels.text import digest_of, text_of
from crossbook.alerts.channels.web_push import WebPush
from crossbook.alerts.channels.webhook import Webhook
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import FieldViolation
from crossbook.plumbing.timestamps import now_ns


@dataclass(frozen=True, slots=True)
class Pace:
    """So many at once, and then one in so many seconds."""

    burst: int
    spacing_seconds: float


KINDS: dict[str, ChannelKind[Any]] = {
    "console": Console(),
    "webhook": Webhook(),
    "slack": Slack(),
    "discord": Discord(),
    "template": Template(),
    "telegram": Telegram(),
    "email": Mail(),
    "web_push": WebPush(),
    "teams": Teams(),
    "pagerduty": PagerDuty(),
    "opsgenie": Opsgenie(),
    "ntfy": Ntfy(),
    "matrix": Matrix(),
    "apprise": Apprise(),
}
FOR_MACHINES = ("webhook", "template")
# As the services document it, or a little less. Of what is not here the receiver says when it is too much.
PACES = {
    "telegram": Pace(5, 3.0),  # 20 a minute in a group
    "slack": Pace(5, 1.0),  # one a second, short bursts
    "discord": Pace(5, 2.0),  # 5 at once, 30 a minute
    "teams": Pace(4, 1.0),  # four a second, 60 a minute of a workflow
    "email": Pace(10, 1.0),
    "web_push": Pace(10, 1.0),
    "pagerduty": Pace(30, 0.5),  # 120 a minute
    "opsgenie": Pace(10, 1.0),
    "ntfy": Pace(60, 5.0),  # 60 at once, then one in 5 s
    "matrix": Pace(10, 5.0),  # as a homeserver is set up by default
    "apprise": Pace(10, 1.0),
}
SEPARATOR = "\n"


def check_channel(
    channel: pb.AlertChannel, path: str, policy: TargetPolicy, rule: pb.AlertRule = RULE
) -> Iterator[FieldViolation]:
    """What is wrong with a channel whose secrets are all given, apart from its id; its template is for the rule's
    messages.
    """
    name, kind = _kind(channel)
    if kind is None:
        yield FieldViolation(path, f"needs exactly one kind of: {', '.join(KINDS)}")
        return
    yield from kind.check(getattr(channel, name), f"{path}.{name}", policy)
    if channel.text_template and name in FOR_MACHINES:
        yield FieldViolation(f"{path}.text_template", f"is for people; {name} says what it says to machines")
        return
    try:
        preview(channel, rule)
    except TemplateProblemError as error:
        yield FieldViolation(f"{path}.{'template.template' if name == 'template' else 'text_template'}", str(error))


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


async def send(
    channel: pb.AlertChannel,
    message: pb.AlertMessage,
    http: HttpSender,
    shown: Shown | None = None,
    ack_base: str = "",
) -> Outcome:
    """One try to deliver; `shown` is what is there of the same key, and tokens are taken behind `ack_base`."""
    name, kind = _kind(channel)
    if kind is None:
        return Failed("this version does not know the channel's kind")
    try:
        text = text_of(message, now_ns(), channel.text_template, ack_base)
    except TemplateProblemError as error:
        return Failed(f"the template {error}")
    return await kind.send(getattr(channel, name), Errand(message, text, shown or Shown()), http)


async def send_digest(channel: pb.AlertChannel, messages: Sequence[pb.AlertMessage], http: HttpSender) -> Outcome:
    """One try to deliver many as one, to a channel that takes digests; oldest first."""
    name, kind = _kind(channel)
    assert kind is not None
    digest = digest_of([text_of(message, now_ns()) for message in messages])
    return await kind.send(getattr(channel, name), Errand(messages[-1], digest), http)


def preview(channel: pb.AlertChannel, rule: pb.AlertRule = RULE) -> str:
    """What a channel would say of something made up that the rule could find: its text, or its body. Raises
    TemplateProblemError.
    """
    name, message = channel.WhichOneof("kind"), sample_message(rule)
    if name == "template":
        return render(channel.template.template, message_fields(message))
    if name == "webhook":
        return as_json(message_fields(message))
    return text_of(message, now_ns(), channel.text_template).whole


def takes_digests(name: str) -> bool:
    """Kinds for people do; those for machines are told each alert."""
    return getattr(KINDS.get(name), "digests", False)


def is_keyed(name: str) -> bool:
    """Whether of messages of one key the newest takes the place of those before, as for people."""
    return name in KINDS and name not in (*FOR_MACHINES, "console")


def pace_of(name: str) -> Pace | None:
    """What a destination of the kind takes; None where its receiver alone knows."""
    return PACES.get(name)


def destination_of(channel: pb.AlertChannel) -> str:
    """Stands for where a channel sends, and gives nothing of it away: limits and slowness are a destination's."""
    name, kind = _kind(channel)
    fields = getattr(kind, "address", ("url",))
    where = SEPARATOR.join(str(getattr(getattr(channel, name), field, "")) for field in fields) if name else ""
    return f"{name}:{hashlib.sha256(where.encode()).hexdigest()[:32]}"


def _kind(channel: pb.AlertChannel) -> tuple[str, ChannelKind[Any] | None]:
    name = channel.WhichOneof("kind") or ""
    return name, KINDS.get(name)
