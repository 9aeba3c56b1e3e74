"""Mail: its two parts, its threads, and what is refused when it is configured."""

import pytest

from crossbook.alerts.channels.mail import Mail, mail_of
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.pb.v1 import alerts_pb2 as pb
from tests.support.alerts.messages import CLOSED, UPDATED, errand, long_errand, message

POLICY = TargetPolicy(False)


def channel(**fields: object) -> pb.EmailChannel:
    return pb.EmailChannel(
        **{  # type: ignore[arg-type]
            "host": "mail.example.org",
            "sender": "alerts@example.org",
            "recipients": ["a@example.org", "b@example.org"],
            "username": "crossbook",
            "password": "s3cret",
            **fields,
        }
    )


def test_all_mails_of_a_group_refer_to_its_first_under_one_subject() -> None:
    """By ids that are made of the key: nothing needs to be remembered."""
    texts = [errand(one).text for one in (message(), message(UPDATED, 2), message(CLOSED, 3))]
    first, second, third = (mail_of(channel(), text) for text in texts)
    assert (first["Subject"], second["Subject"], third["Subject"]) == ("BTC cheap", "Re: BTC cheap", "Re: BTC cheap")
    assert first["In-Reply-To"] is None
    assert first["Message-ID"] == second["In-Reply-To"] == third["References"]
    assert len({mail["Message-ID"] for mail in (first, second, third)}) == 3
    assert mail_of(channel(), texts[1])["Message-ID"] == second["Message-ID"], "a second try is the same mail"
    assert mail_of(channel(), errand(message(key="other")).text)["Message-ID"] != first["Message-ID"]


def test_text_and_html_say_the_same_and_html_escapes_names() -> None:
    """With a link while it is open."""
    mail = mail_of(channel(), errand(message()).text)
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain
    assert html
    assert "v<0>&" in plain.get_content()
    assert "v&lt;0&gt;&amp;" in html.get_content()
    assert "Acknowledge: https://crossbook.example/ack?token=t0ken" in plain.get_content()
    assert 'href="https://crossbook.example/ack?token=t0ken"' in html.get_content()
    assert mail["Auto-Submitted"] == "auto-generated"


def test_no_line_of_a_header_or_a_body_outgrows_what_servers_take() -> None:
    """998 characters; a line break in a name makes no header."""
    found = long_errand(200, "ü" * 600).text
    raw = mail_of(channel(), found).as_bytes()
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert b"\r\nBcc:" not in raw


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({}, set()),
        ({"host": "127.0.0.1"}, {"c.host"}),
        ({"host": "a b"}, {"c.host"}),
        ({"port": 70_000}, {"c.port"}),
        ({"sender": "Desk <a@b.c>"}, {"c.sender"}),
        ({"recipients": []}, {"c.recipients"}),
        ({"recipients": ["a@b.c", "a@b.c"]}, {"c.recipients"}),
        ({"recipients": ["a@b.c\nBcc: x@y.z"]}, {"c.recipients[0]"}),
        ({"username": ""}, {"c.username"}),
        ({"security": pb.SMTP_SECURITY_NONE}, {"c.security", "c.password"}),
        ({"security": 9}, {"c.security"}),
    ],
)
def test_what_cannot_work_is_refused_when_it_is_configured(fields: dict[str, object], refused: set[str]) -> None:
    """Each field is named; a password is never sent in clear."""
    assert {one.field for one in Mail().check(channel(**fields), "c", POLICY)} == refused


def test_a_stored_password_goes_to_no_other_server() -> None:
    """Whoever may change the host may not read the password by that."""
    hidden = channel()
    Mail().redact(hidden)
    assert hidden.password == "***"
    assert list(Mail().restore(hidden, channel(), "c")) == []
    assert hidden.password == "s3cret"
    moved = channel(host="evil.example.org", password="***")
    assert [one.field for one in Mail().restore(moved, channel(), "c")] == ["c.password"]
