"""Mail: a text part and an HTML part, one thread a key.

Message-Ids are made of the key, so nothing needs to be remembered for a thread: the first mail's id is the root that
all later ones refer to. The subject stays that of the thread, without which some readers would not show one. A mail
that is tried twice bears one id, by which most servers keep it once. (RFC 5321, 5322, 3834 for what machines send.)
"""

import hashlib
import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import ClassVar

from crossbook.alerts.channels.errand import Errand
from crossbook.alerts.channels.http_sender import HttpSender
from crossbook.alerts.channels.outcome import Delivered, Outcome, Retry, Shown
from crossbook.alerts.channels.parts import cut
from crossbook.alerts.channels.sealed import Sealed, check_secrets
from crossbook.alerts.channels.smtp_sender import send_mail
from crossbook.alerts.channels.targets import HOST_NAME, TargetPolicy
from crossbook.alerts.channels.text import Text
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import FieldViolation
from crossbook.plumbing.timestamps import SECOND_NS, now_ns

ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*")
MAX_RECIPIENTS = 20
MAX_SUBJECT = 180
SECURITIES = pb.SmtpSecurity.values()


class Mail(Sealed[pb.EmailChannel]):
    """`shown` holds who of the receivers has it, while others have not."""

    digests: ClassVar[bool] = True
    address: ClassVar[tuple[str, ...]] = ("host", "port", "sender", "recipients")
    secrets: ClassVar[tuple[str, ...]] = ("password",)
    bound_to: ClassVar[tuple[str, ...]] = ("host", "port", "security", "username")

    def check(self, config: pb.EmailChannel, path: str, policy: TargetPolicy) -> Iterator[FieldViolation]:
        problem = policy.host_problem(config.host)
        if problem or not HOST_NAME.fullmatch(config.host):
            yield FieldViolation(f"{path}.host", problem or "must be the name or the address of a server")
        if config.port > 65535:
            yield FieldViolation(f"{path}.port", "must be 1 to 65535, or 0 for the usual one")
        if config.security not in SECURITIES:
            yield FieldViolation(f"{path}.security", f"{config.security} is none")
        yield from _check_login(config, path, policy)
        if not ADDRESS.fullmatch(config.sender):
            yield FieldViolation(f"{path}.sender", "must be an address, as alerts@example.com")
        if not 1 <= len(config.recipients) <= MAX_RECIPIENTS or len(set(config.recipients)) < len(config.recipients):
            yield FieldViolation(f"{path}.recipients", f"must be 1 to {MAX_RECIPIENTS}, each once")
        for index, one in enumerate(config.recipients):
            if not ADDRESS.fullmatch(one):
                yield FieldViolation(f"{path}.recipients[{index}]", "must be an address, as desk@example.com")

    async def send(self, config: pb.EmailChannel, errand: Errand, http: HttpSender) -> Outcome:
        text, shown = errand.text, errand.shown
        has_it = shown.ids if shown.revision == text.revision and not shown.is_whole else ()
        waiting = [one for one in config.recipients if one not in has_it]
        if not waiting:
            return Delivered()
        sent = await send_mail(config, mail_of(config, text), waiting, http)
        if isinstance(sent.outcome, Retry) and sent.taken:
            return Retry(sent.outcome.reason, shown=Shown(text.revision, (*has_it, *sent.taken), False))
        return sent.outcome


def _check_login(config: pb.EmailChannel, path: str, policy: TargetPolicy) -> Iterator[FieldViolation]:
    if config.security == pb.SMTP_SECURITY_NONE:
        if not policy.allow_private:
            yield FieldViolation(
                f"{path}.security", "must be STARTTLS or TLS; alerts.allow_private_targets allows none"
            )
        if config.password:
            yield FieldViolation(f"{path}.password", "is not sent in clear")
    if bool(config.username) != bool(config.password):
        yield FieldViolation(f"{path}.username", "needs a password, and a password needs it")
    elif config.password:
        yield from check_secrets(config, ("username", "password"), path)


def mail_of(config: pb.EmailChannel, text: Text) -> EmailMessage:
    """The mail as it goes out."""
    mail = EmailMessage(policy=SMTP)
    domain = config.sender.rpartition("@")[2]
    root = _identifier(domain, text.key)
    is_first = text.kind in (pb.ALERT_MESSAGE_KIND_OPENED, pb.ALERT_MESSAGE_KIND_DIGEST) and text.revision <= 1
    mail["From"] = Address("Crossbook", addr_spec=config.sender)
    mail["To"] = [Address(addr_spec=one) for one in config.recipients]
    subject = cut(text.topic or text.title, MAX_SUBJECT)
    mail["Subject"] = subject if is_first else f"Re: {subject}"
    mail["Date"] = format_datetime(datetime.fromtimestamp((text.at_ns or now_ns()) // SECOND_NS, UTC))
    mail["Message-ID"] = root if is_first else _identifier(domain, text.key, text.kind_name, str(text.revision))
    if not is_first:
        mail["In-Reply-To"] = root
        mail["References"] = root
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(_text(text))
    mail.add_alternative(_html(text), subtype="html")
    return mail


def _identifier(domain: str, *words: str) -> str:
    return f"<{hashlib.sha256(chr(10).join(words).encode()).hexdigest()[:40]}@{domain}>"


def _text(text: Text) -> str:
    ack = f"\n\nAcknowledge: {text.ack_url}" if text.ack_url and text.kind != pb.ALERT_MESSAGE_KIND_CLOSED else ""
    return f"{text.whole}{ack}\n"


def _html(text: Text) -> str:
    lines = "".join(f"<div>{html.escape(line)}</div>\n" for line in text.lines)
    is_open = text.ack_url and text.kind != pb.ALERT_MESSAGE_KIND_CLOSED
    ack = f'<p><a href="{html.escape(text.ack_url)}">Acknowledge</a></p>\n' if is_open else ""
    return (
        '<!DOCTYPE html>\n<html><body style="font-family: sans-serif">\n'
        f"<p><strong>{html.escape(text.title)}</strong></p>\n{lines}{ack}</body></html>\n"
    )
