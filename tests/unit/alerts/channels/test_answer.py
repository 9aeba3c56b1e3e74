"""What an answer means: its status, when to come again, and what its body says."""

import pytest

from crossbook.alerts.channels.answer import (
    LIMITED_SECONDS,
    MAX_RETRY_AFTER_SECONDS,
    Answer,
    json_object,
    outcome_of,
    words,
)
from crossbook.alerts.channels.chat import Slack
from crossbook.alerts.channels.outcome import Delivered, Limited, Retry


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({}, LIMITED_SECONDS),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": "99999999"}, MAX_RETRY_AFTER_SECONDS),
    ],
)
def test_too_many_requests_limit_the_destination(value: dict[str, str], expected: float) -> None:
    """For as long as it says, to the millisecond; for a while where it does not say."""
    assert outcome_of(Answer(429, value, b"")) == Limited("HTTP 429", 429, expected)


def test_a_refusal_behind_a_200_may_work_later_and_says_why() -> None:
    """It is a try like any other that failed."""
    outcome = outcome_of(Answer(200, {}, b'{"ok":false,"error":"channel_is_archived"}'), Slack().problem)
    assert outcome == Retry("HTTP 200, but the answer says: channel_is_archived", 200)
    assert outcome_of(Answer(200, {}, b"ok"), Slack().problem) == Delivered(200)


def test_what_the_other_end_says_is_made_short_and_plain() -> None:
    """It comes to people's eyes and into logs."""
    assert words("\x1b[31mred\nline") == "31mred line"
    assert len(words("x" * 1000)) == 80
    assert words("\u202e") == "nothing that can be read"


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b"{", b"[" * 100_000, b"\xff"])
def test_what_is_no_object_is_none(body: bytes) -> None:
    """However it is malformed."""
    assert json_object(body) is None


def test_a_kind_may_have_read_the_reason_and_the_limit_in_the_body() -> None:
    """Which are more exact than the header."""
    answer = Answer(429, {"retry-after": "3"}, b"")
    assert outcome_of(answer, None, "slow down", 1.5) == Limited("HTTP 429: slow down", 429, 1.5)
    assert outcome_of(answer, None, "", None) == Limited("HTTP 429", 429, 3.0)
