"""A real SMTP server (aiosmtpd) with TLS, a password, and receivers that it refuses as it is told."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from tests.support.servers.tls import FOLDER

USER, PASSWORD = "crossbook", "s3cret-password"
SIZE = 200_000


@dataclass
class Mailbox:
    """`mails` as they came, with whom each was for; `refusals` by receiver, "DATA" for the mail itself."""

    port: int = 0
    mails: list[tuple[EmailMessage, list[str]]] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    logins: list[str] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        """Whether it takes mail for this one."""
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """The mail."""
        if "DATA" in self.refusals:
            return self.refusals["DATA"]
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        assert all(len(line) <= 998 for line in envelope.content.split(b"\r\n")), "RFC 5321, 4.5.3.1.6"
        self.mails.append((mail, list(envelope.rcpt_tos)))
        return "250 OK"

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        """One name and one password."""
        is_right = isinstance(data, LoginPassword) and data == LoginPassword(USER.encode(), PASSWORD.encode())
        self.logins.append("right" if is_right else "wrong")
        return AuthResult(success=is_right, handled=False)


@asynccontextmanager
async def mail_server(*, is_tls: bool = False, offers_starttls: bool = True) -> AsyncIterator[Mailbox]:
    """Without a password it takes nothing, and no password in clear."""
    mailbox, context = Mailbox(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(FOLDER / "known.pem")

    def made() -> SMTP:
        return SMTP(
            mailbox,
            hostname="mail.example.org",
            data_size_limit=SIZE,
            tls_context=context if offers_starttls and not is_tls else None,
            require_starttls=offers_starttls and not is_tls,
            auth_required=offers_starttls or is_tls,
            auth_require_tls=not is_tls,
            authenticator=mailbox.authenticate,
        )

    server = await asyncio.get_running_loop().create_server(made, "127.0.0.1", 0, ssl=context if is_tls else None)
    mailbox.port = server.sockets[0].getsockname()[1]
    try:
        yield mailbox
    finally:
        server.close()


def reader(mail: EmailMessage) -> str:
    """What a reader sees that shows text."""
    part = mail.get_body(("plain",))
    assert part is not None
    return f"Subject: {mail['Subject']}\n\n{part.get_content().replace(chr(13), '').strip()}"
