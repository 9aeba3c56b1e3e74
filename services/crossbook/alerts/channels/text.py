"""What a channel for people is to show of a message: a title, lines, and the key of what it belongs to.

A channel puts it into its own form and knows nothing of alerts. A text of the same key and a higher revision takes the
place of the one before, where the channel can do that.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from crossbook.alerts.channels.content import about, message_fields, message_parts
from crossbook.alerts.channels.templating import render_text
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.outside import OutsideText
from crossbook.plumbing.timestamps import from_timestamp

MAX_TITLE = 300  # characters
MAX_LINE = 600
MAX_LINES = 200
MAX_MEMBERS = 10  # that a group's text names, besides the best
MAX_DIGEST_LINES = 40


@dataclass(frozen=True, slots=True)
class Text:
    """`topic` stays the same for all of a key, for what shows them as one conversation."""

    key: str
    title: str
    lines: tuple[str, ...]
    topic: str = ""
    revision: int = 1
    kind: pb.AlertMessageKind.ValueType = pb.ALERT_MESSAGE_KIND_OPENED
    ack_url: str = ""
    at_ns: int = 0

    @property
    def whole(self) -> str:
        """All of it, plain."""
        return "\n".join((self.title, *self.lines))

    @property
    def line(self) -> str:
        """The same in one line."""
        return OutsideText.of(" · ".join((self.title, *self.lines)), MAX_LINE)

    @property
    def kind_name(self) -> str:
        """As "OPENED"."""
        return pb.AlertMessageKind.Name(self.kind).removeprefix("ALERT_MESSAGE_KIND_")


def text_of(message: pb.AlertMessage, now_ns: int, template: str = "", ack_base: str = "") -> Text:
    """What a message says. Raises TemplateProblemError for a template that says nothing about this one."""
    if template:
        said = render_text(template, message_fields(message)).strip().splitlines()
    else:
        said = [*message_parts(message, now_ns), *_members(message.group)]
    title, *lines = said or [""]
    is_open = message.kind != pb.ALERT_MESSAGE_KIND_CLOSED and message.acknowledge_token
    return Text(
        key=message.group_key,
        title=OutsideText.of(title, MAX_TITLE),
        lines=tuple(OutsideText.row(line, MAX_LINE) for line in lines[:MAX_LINES]),
        topic=OutsideText.of(message.group.label or title, MAX_TITLE),
        revision=message.revision,
        kind=message.kind,
        ack_url=f"{ack_base}{quote(message.acknowledge_token, safe='')}" if ack_base and is_open else "",
        at_ns=from_timestamp(message.create_time),
    )


def digest_of(texts: Sequence[Text]) -> Text:
    """Many as one of a line each, oldest first; those that are too many are counted. It is nobody's next revision."""
    told = texts[:MAX_DIGEST_LINES]
    lines: list[str] = [OutsideText.of(" · ".join((one.title, *one.lines[:1])), MAX_LINE) for one in told]
    if len(texts) > len(told):
        lines.append(f"and {len(texts) - len(told)} more")
    newest = texts[-1]
    title = f"{len(texts)} messages that had to wait"
    key = f"digest {newest.key} {newest.revision}"
    return Text(key, title, tuple(lines), title, kind=pb.ALERT_MESSAGE_KIND_DIGEST, at_ns=newest.at_ns)


def _members(group: pb.AlertGroup) -> Iterable[str]:
    """Those behind the best, which is told anyway, while they are open."""
    others = [member for member in group.members[1:] if group.open_count and not member.HasField("close_time")]
    yield from (f"– {about(member)}" for member in others[:MAX_MEMBERS])
    left = max(0, group.open_count - 1 - MAX_MEMBERS)
    if left and others:
        yield f"– and {left} more"
