"""Slack and Discord: what they are sent, and what their answers mean."""

import pytest

from crossbook.alerts.channels.chat import Discord, Slack
from crossbook.alerts.channels.outcome import Delivered, Failed, Limited, Shown
from crossbook.pb.v1 import alerts_pb2 as pb
from tests.support.alerts.faces.chat import DISCORD_PATH, SLACK_PATH, DiscordFace, SlackFace, discord_limit, slack_limit
from tests.support.alerts.faces.face import facing
from tests.support.alerts.messages import CLOSED, errand, long_errand, message


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


async def test_slack_reads_what_it_is_sent_as_it_was_meant() -> None:
    """The title bold, control characters escaped, the link a word."""
    face = SlackFace()
    async with facing(face) as (receiver, http):
        config = pb.SlackChannel(url=receiver.url(SLACK_PATH))
        assert isinstance(await Slack().send(config, errand(message()), http), Delivered)
        assert isinstance(await Slack().send(config, long_errand(400), http), Delivered)
        assert face.seen[0].startswith("BTC cheap\nbuy cheap BTC/USDT:USDT at 100, sell v<0>& BTC_USDT")
        assert face.seen[0].endswith("[ Acknowledge ]")
        assert len(face.seen) > 3
        config.url += "x"
        outcome = await Slack().send(config, errand(message()), http)
        assert outcome == Failed("HTTP 404: no_service", 404, shown=Shown(1, (), False))


@pytest.mark.parametrize("seconds", [1, 30])
async def test_slack_s_retry_after_is_obeyed(seconds: int) -> None:
    """In whole seconds."""
    face = SlackFace(next_refusals=[slack_limit(seconds)])
    async with facing(face) as (receiver, http):
        outcome = await Slack().send(pb.SlackChannel(url=receiver.url(SLACK_PATH)), errand(message()), http)
    assert isinstance(outcome, Limited)
    assert (outcome.after_seconds, outcome.is_of_kind) == (seconds, False)


async def test_discord_is_edited_by_the_id_that_it_gave() -> None:
    """One message for a group; one that is gone is put anew."""
    face = DiscordFace()
    async with facing(face) as (receiver, http):
        config = pb.DiscordChannel(url=receiver.url(f"{DISCORD_PATH}?thread_id=7"))
        first = await Discord().send(config, errand(message()), http)
        second = await Discord().send(config, errand(message(CLOSED, 2), first.shown), http)
        assert first.shown
        assert second.shown == Shown(2, first.shown.ids, True)
        assert [seen.split("\n")[0] for seen in face.seen] == ["BTC cheap", "CLOSED after 1 min 13 s · BTC cheap"]
        face.messages.clear()
        third = await Discord().send(config, errand(message(CLOSED, 3), second.shown), http)
        assert isinstance(third, Delivered)
        assert len(face.messages) == 1


async def test_discord_is_cut_at_2000_characters_with_all_its_markup_escaped() -> None:
    """A reader sees the name as it is."""
    face = DiscordFace()
    async with facing(face) as (receiver, http):
        config = pb.DiscordChannel(url=receiver.url(DISCORD_PATH))
        assert isinstance(await Discord().send(config, long_errand(60, "*_~`|> [x](y) " * 6), http), Delivered)
    assert len(face.seen) > 3
    assert "*_~`|> [x](y)" in face.seen[0]


@pytest.mark.parametrize("is_global", [True, False])
async def test_discord_s_limit_is_to_the_millisecond_and_says_of_whom_it_is(is_global: bool) -> None:
    """The body is exact where the header is whole seconds; the global bucket is that of all its webhooks."""
    face = DiscordFace(next_refusals=[discord_limit(0.437, is_global=is_global)])
    async with facing(face) as (receiver, http):
        outcome = await Discord().send(pb.DiscordChannel(url=receiver.url(DISCORD_PATH)), errand(message()), http)
    assert isinstance(outcome, Limited)
    assert (outcome.after_seconds, outcome.is_of_kind) == (0.437, is_global)


async def test_discord_says_when_its_bucket_is_empty_before_it_refuses() -> None:
    """Then nothing goes there until it is full again."""
    face = DiscordFace(headers={"x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "1.25"})
    async with facing(face) as (receiver, http):
        outcome = await Discord().send(pb.DiscordChannel(url=receiver.url(DISCORD_PATH)), errand(message()), http)
    assert isinstance(outcome, Delivered)
    assert outcome.rest_seconds == 1.25
