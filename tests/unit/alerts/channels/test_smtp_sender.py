"""Mail to a real SMTP server with TLS, a password, and receivers that it refuses."""

import pytest

from crossbook.alerts.channels.http_sender import HttpSender
from crossbook.alerts.channels.mail import Mail
from crossbook.alerts.channels.outcome import Delivered, Failed, Outcome, Retry, Shown
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.pb.v1 import alerts_pb2 as pb
from tests.support.alerts.faces.smtp import PASSWORD, USER, Mailbox, mail_server, reader
from tests.support.alerts.messages import errand, message
from tests.support.servers.tls import AUTHORITIES_FILE


def channel(mailbox: Mailbox, **fields: object) -> pb.EmailChannel:
    return pb.EmailChannel(
        **{  # type: ignore[arg-type]
            "host": "localhost",
            "port": mailbox.port,
            "sender": "alerts@example.org",
            "recipients": ["a@example.org", "b@example.org"],
            "username": USER,
            "password": PASSWORD,
            **fields,
        }
    )


async def send(config: pb.EmailChannel, shown: Shown | None = None, *, is_trusted: bool = True) -> Outcome:
    async with HttpSender(TargetPolicy(True), 10.0, AUTHORITIES_FILE if is_trusted else None) as http:
        return await Mail().send(config, errand(message(), shown), http)


@pytest.mark.parametrize("is_tls", [True, False])
async def test_a_mail_arrives_through_tls_from_the_first_byte_or_by_starttls(is_tls: bool) -> None:
    """With name and password, to all receivers."""
    async with mail_server(is_tls=is_tls) as mailbox:
        security = pb.SMTP_SECURITY_TLS if is_tls else pb.SMTP_SECURITY_STARTTLS
        assert isinstance(await send(channel(mailbox, security=security)), Delivered)
    ((mail, receivers),) = mailbox.mails
    assert receivers == ["a@example.org", "b@example.org"]
    assert reader(mail).startswith("Subject: BTC cheap\n\nBTC cheap\nbuy cheap")
    assert mailbox.logins == ["right"]


async def test_nothing_is_sent_to_a_server_that_offers_no_tls_or_shows_a_stranger_s_certificate() -> None:
    """Least of all the password."""
    async with mail_server(offers_starttls=False) as mailbox:
        outcome = await send(channel(mailbox))
    assert isinstance(outcome, Retry)
    assert (mailbox.mails, mailbox.logins) == ([], [])
    async with mail_server() as mailbox:
        outcome = await send(channel(mailbox), is_trusted=False)
    assert isinstance(outcome, Retry)
    assert outcome.reason.startswith("the certificate is not trusted")
    assert mailbox.logins == []


async def test_a_wrong_password_is_a_person_s_to_mend_and_is_not_told() -> None:
    """535."""
    async with mail_server() as mailbox:
        outcome = await send(channel(mailbox, password="hunter2hunter2"))
    assert isinstance(outcome, Failed)
    assert outcome.reason.startswith("SMTP 535")
    assert "hunter2" not in outcome.reason


async def test_who_has_the_mail_is_left_out_when_the_others_are_tried_again() -> None:
    """A server that puts one receiver off has taken it for the rest."""
    async with mail_server() as mailbox:
        mailbox.refusals = {"b@example.org": "450 4.2.1 come again later"}
        outcome = await send(channel(mailbox))
        assert isinstance(outcome, Retry)
        assert outcome.shown == Shown(1, ("a@example.org",), False)
        assert outcome.reason.startswith("1 of 2 receivers refused: SMTP 450")
        mailbox.refusals = {}
        assert isinstance(await send(channel(mailbox), outcome.shown), Delivered)
    assert [receivers for _, receivers in mailbox.mails] == [["a@example.org"], ["b@example.org"]]


@pytest.mark.parametrize(
    ("refusals", "kind"),
    [
        ({"DATA": "451 4.3.0 try again"}, Retry),
        ({"DATA": "552 5.3.4 too big"}, Failed),
        ({"a@example.org": "550 no such user", "b@example.org": "550 no such user"}, Failed),
        ({"a@example.org": "450 later", "b@example.org": "450 later"}, Retry),
    ],
)
async def test_4yz_may_work_later_and_5yz_is_a_person_s(refusals: dict[str, str], kind: type) -> None:
    """RFC 5321, 4.2.1."""
    async with mail_server() as mailbox:
        mailbox.refusals = refusals
        assert isinstance(await send(channel(mailbox)), kind)


async def test_a_server_that_is_away_may_come_back(free_port: int) -> None:
    """And one at a private address is never dialled."""
    assert await send(channel(Mailbox(port=free_port))) == Retry("cannot connect")
    async with mail_server() as mailbox, HttpSender(TargetPolicy(False), 10.0, AUTHORITIES_FILE) as http:
        outcome = await Mail().send(channel(mailbox), errand(message()), http)
    assert outcome == Failed("the target resolves to an address that is not public")
