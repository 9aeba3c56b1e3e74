"""What an answer means: its status, when to come again, and what its body says."""

from email.utils import formatdate

import pytest

from crossbook.alerts.channels.answer import (
    LIMITED_SECONDS,
    MAX_RETRY_AFTER_SECONDS,
    json_object,
    outcome_of,
    retry_after_seconds,
    words,
)
from crossbook.alerts.channels.chat import Discord, Slack
from crossbook.alerts.channels.outcome import Delivered, Limited, Retry
from crossbook.alerts.channels.template import problem_of


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("0", 0.0),
        (" 12 ", 12.0),
        ("0.437", 0.437),
        ("1.5", 1.5),
        ("1e9", None),
        ("-1", None),
        ("nan", None),
        ("99999999999999", MAX_RETRY_AFTER_SECONDS),
        (formatdate(1_000_030, usegmt=True), 30.0),
        (formatdate(999_000, usegmt=True), 0.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, expected: float | None) -> None:
    """With a fraction, as chat services send it; what is neither is as good as absent."""
    assert retry_after_seconds(value, 1_000_000.0) == expected


@pytest.mark.parametrize(("value", "expected"), [({}, LIMITED_SECONDS), ({"retry-after": "0.25"}, 0.25)])
def test_too_many_requests_limit_the_destination(value: dict[str, str], expected: float) -> None:
    """For as long as it says, to the millisecond; for a while where it does not say."""
    assert outcome_of(429, value, b"", None) == Limited("HTTP 429", 429, expected)


def test_a_refusal_behind_a_200_may_work_later_and_says_why() -> None:
    """It is a try like any other that failed."""
    outcome = outcome_of(200, {}, b'{"ok":false,"error":"channel_is_archived"}', Slack().problem)
    assert outcome == Retry("HTTP 200, but the answer says: channel_is_archived", 200)
    assert outcome_of(200, {}, b"ok", Slack().problem) == Delivered(200)


@pytest.mark.parametrize("body", [b"ok", b"OK\n", b"", b'{"ok":true}', b'{"success":true}'])
def test_slack_and_what_speaks_its_language_says_ok(body: bytes) -> None:
    """In text or in JSON."""
    assert Slack().problem(body) == ""


@pytest.mark.parametrize("body", [b"no_service", b'{"ok":false}', b"{}", b"<html>log in first</html>", b"\xff\xfe"])
def test_anything_else_is_no_ok_of_slack(body: bytes) -> None:
    """A page of a proxy, say."""
    assert Slack().problem(body)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", ""),
        (b"ok", ""),
        (b'{"id":"1","content":"x"}', ""),
        (b'{"message":"Unknown Webhook","code":10015}', "Unknown Webhook"),
        (b'{"code":50035}', "50035"),
    ],
)
def test_discord_answers_nothing_a_message_or_an_error(body: bytes, problem: str) -> None:
    """An error is an object with a message and a code, a message one with an id."""
    assert Discord().problem(body) == problem


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b'{"code":0,"msg":"success"}', ""),
        (b'{"code":19024,"msg":"Key Words Not Found"}', "code: Key Words Not Found"),
        (b'{"code":false}', "code: False"),
        (b"{}", "code: it is absent"),
        (b"[]", "no JSON object"),
        (b"ok", "no JSON object"),
    ],
)
def test_a_template_s_answer_must_have_what_was_expected(body: bytes, problem: str) -> None:
    """Each member with its very value; the reason is the service's own where it gives one."""
    assert problem_of({"code": 0}, body) == problem


def test_what_the_other_end_says_is_made_short_and_plain() -> None:
    """It comes to people's eyes and into logs."""
    assert words("\x1b[31mred\nline") == "31mred line"
    assert len(words("x" * 1000)) == 80
    assert words("\u202e") == "nothing that can be read"


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b"{", b"[" * 100_000, b"\xff"])
def test_what_is_no_object_is_none(body: bytes) -> None:
    """However it is malformed."""
    assert json_object(body) is None
