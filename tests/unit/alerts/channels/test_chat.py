"""What chat services answer when they took a text, and when they did not."""

import pytest

from crossbook.alerts.channels.chat import Discord, Slack


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
