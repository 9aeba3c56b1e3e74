"""docs/alerts-messages.md: what a reader sees in each channel, as the faces of their services show it.

Made anew by `python -m tests.support.alerts.golden`.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from crossbook.alerts.channels.errand import Errand
from crossbook.alerts.channels.http_sender import HttpSender
from crossbook.alerts.channels.outcome import Delivered
from crossbook.alerts.channels.registry import KINDS
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.channels.text import Text, digest_of
from crossbook.pb.v1 import alerts_pb2 as pb
from tests.support.alerts.faces import chat, incidents, matrix, notices, telegram, web_push
from tests.support.alerts.faces.face import Face, facing
from tests.support.alerts.faces.smtp import PASSWORD, USER, mail_server, reader
from tests.support.alerts.messages import CLOSED, REPEATED, UPDATED, errand, message
from tests.support.servers.tls import AUTHORITIES_FILE

PAGE = Path(__file__).parents[3] / "docs" / "alerts-messages.md"
HEAD = """# What a reader sees

A group of three, told as it opens, as a member joins, again because nobody acknowledged, and as it closes; then a
digest of what had to wait. Each channel was sent this through a server that reads its format as the service does; what
is shown is the text as it is read there, without markup. `[ Acknowledge ]` is a button or a link. Where a channel edits
in place, the first and the second are one message, the third and the fourth another.

Made by `python -m tests.support.alerts.golden`; a test compares it.
"""
TITLES = {
    "telegram": "Telegram (edited in place)",
    "slack": "Slack",
    "discord": "Discord (edited in place)",
    "matrix": "Matrix (edited in place)",
    "ntfy": "ntfy (replaced by newer servers)",
    "teams": "Microsoft Teams",
    "pagerduty": "PagerDuty (one incident)",
    "opsgenie": "Opsgenie (one alert)",
    "web_push": "Web Push (one notification; acknowledged by the page's own button)",
    "apprise": "Apprise",
    "email": "E-mail (one thread)",
}


def _errands(kind: str) -> list[Errand]:
    group = [message(), message(UPDATED, 2, members=4), message(REPEATED, 3, members=4), message(CLOSED, 4, members=4)]
    errands = [errand(one) for one in group]
    if not getattr(KINDS[kind], "digests", False):
        return errands
    waited = [errand(message(key=f"g-{number}")).text for number in range(2)]
    digest: Text = digest_of(waited)
    return [*errands, Errand(group[0], digest)]


@asynccontextmanager
async def _served(kind: str) -> AsyncIterator[tuple[Face, Any, HttpSender]]:
    made: dict[str, tuple[Face, Any, str]] = {
        "telegram": (telegram.TelegramFace(), pb.TelegramChannel(bot_token=telegram.TOKEN, chat_id="-100500"), ""),
        "slack": (chat.SlackFace(), pb.SlackChannel(), chat.SLACK_PATH),
        "discord": (chat.DiscordFace(), pb.DiscordChannel(), chat.DISCORD_PATH),
        "matrix": (matrix.MatrixFace(), pb.MatrixChannel(room_id=matrix.ROOM, access_token=matrix.TOKEN), ""),
        "ntfy": (notices.NtfyFace(), pb.NtfyChannel(topic=notices.NTFY_TOPIC, token=notices.NTFY_TOKEN), ""),
        "teams": (notices.TeamsFace(), pb.TeamsChannel(), notices.TEAMS_PATH),
        "apprise": (notices.AppriseFace(), pb.AppriseChannel(), notices.APPRISE_PATH),
        "pagerduty": (incidents.PagerDutyFace(), pb.PagerDutyChannel(routing_key=incidents.ROUTING_KEY), ""),
        "opsgenie": (incidents.OpsgenieFace(), pb.OpsgenieChannel(api_key=incidents.API_KEY), ""),
        "web_push": (web_push.WebPushFace(), None, web_push.PATH),
    }
    face, config, path = made[kind]
    async with facing(face) as (receiver, http):
        if isinstance(face, web_push.WebPushFace):
            config = face.channel(receiver.url(path))
        else:
            config.url = receiver.url(path)
        yield face, config, http


async def _seen(kind: str) -> list[str]:
    if kind == "email":
        return await _mails()
    async with _served(kind) as (face, config, http):
        shown = None
        for one in _errands(kind):
            outcome = await KINDS[kind].send(config, Errand(one.message, one.text, shown or one.shown), http)
            assert isinstance(outcome, Delivered), (kind, outcome)
            shown = outcome.shown if one.text.key == "group-1" else None
            if one.text.kind == CLOSED:
                shown = None
        return face.seen


async def _mails() -> list[str]:
    async with mail_server() as mailbox, HttpSender(TargetPolicy(True), 10.0, AUTHORITIES_FILE) as http:
        config = pb.EmailChannel(
            host="localhost", port=mailbox.port, sender="alerts@example.org", recipients=["desk@example.org"],
            username=USER, password=PASSWORD,
        )  # fmt: skip
        for one in _errands("email"):
            assert isinstance(await KINDS["email"].send(config, one, http), Delivered)
        return [reader(mail) for mail, _ in mailbox.mails]


async def page() -> str:
    """The whole of it."""
    parts = [HEAD]
    for kind, title in TITLES.items():
        parts.append(f"## {title}\n")
        parts += [f"```text\n{seen}\n```\n" for seen in await _seen(kind)]
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(asyncio.run(page()))
