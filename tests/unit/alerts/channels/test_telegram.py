"""A Telegram chat, against a Bot API server that reads HTML, counts units and says its documented errors."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from crossbook.alerts.channels.http_sender import HttpSender
from crossbook.alerts.channels.outcome import Delivered, Failed, Limited, Outcome, Retry, Shown
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.channels.telegram import Telegram
from crossbook.pb.v1 import alerts_pb2 as pb
from tests.support.alerts.faces.face import Refused, facing
from tests.support.alerts.faces.telegram import TOKEN, TelegramFace, cannot_parse, too_many
from tests.support.alerts.messages import CLOSED, UPDATED, errand, long_errand, message

CHAT = "-100500"


@dataclass
class Bot:
    """The channel and what is behind it."""

    face: TelegramFace
    config: pb.TelegramChannel
    http: HttpSender

    async def send(self, *arguments: object) -> Outcome:
        return await Telegram().send(self.config, *arguments, self.http)  # type: ignore[arg-type]


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    """With one chat."""
    face = TelegramFace()
    async with facing(face) as (receiver, http):
        yield Bot(face, pb.TelegramChannel(bot_token=TOKEN, chat_id=CHAT, url=receiver.url("")), http)


async def test_a_group_is_one_message_that_is_edited_and_loses_its_button(bot: Bot) -> None:
    """Names with < and & are read as they are."""
    first = await bot.send(errand(message()))
    assert first == Delivered(200, "1", shown=Shown(1, ("1",), True))
    second = await bot.send(errand(message(UPDATED, 2), first.shown))
    await bot.send(errand(message(CLOSED, 3), second.shown))
    ((text, buttons),) = bot.face.messages.values()
    assert "v<0>&" in text
    assert (text.startswith("CLOSED after 1 min 13 s"), buttons) == (True, ())
    assert [seen.endswith("[ Acknowledge ]") for seen in bot.face.seen] == [True, True, False]


async def test_the_same_text_again_is_no_failure(bot: Bot) -> None:
    """The answer "message is not modified" says that it is there."""
    first = await bot.send(errand(message()))
    assert first.shown
    again = await bot.send(errand(message(), Shown(1, first.shown.ids, False)))
    assert isinstance(again, Delivered)


async def test_a_long_text_is_several_messages_within_the_limit(bot: Bot) -> None:
    """Counted in UTF-16 units; the button is at the last."""
    outcome = await bot.send(long_errand(200, "🚀 <up> " * 8))
    assert isinstance(outcome, Delivered)
    assert len(bot.face.messages) > 2
    assert [bool(buttons) for _, buttons in bot.face.messages.values()][-2:] == [False, True]


async def test_markup_that_it_refuses_goes_out_plain(bot: Bot) -> None:
    """So that no alert is lost by a < in a name."""
    bot.face.next_refusals = [cannot_parse()]
    assert isinstance(await bot.send(errand(message())), Delivered)
    assert bot.face.seen[0].startswith("BTC cheap\nbuy cheap")


async def test_retry_after_is_obeyed_and_no_try(bot: Bot) -> None:
    """It stands in the body."""
    bot.face.next_refusals = [too_many(7)]
    outcome = await bot.send(errand(message()))
    assert isinstance(outcome, Limited)
    assert outcome.after_seconds == 7


async def test_a_group_that_became_a_supergroup_is_followed(bot: Bot) -> None:
    """The answer says where it is."""
    bot.face.moved, bot.face.chats = {CHAT: -100777}, {"-100777"}
    assert isinstance(await bot.send(errand(message())), Delivered)
    assert [chat for chat, _ in bot.face.messages] == ["-100777"]


async def test_a_message_that_was_deleted_there_is_put_anew(bot: Bot) -> None:
    """It cannot be edited."""
    first = await bot.send(errand(message()))
    bot.face.messages.clear()
    second = await bot.send(errand(message(UPDATED, 2), first.shown))
    assert isinstance(second, Delivered)
    assert len(bot.face.messages) == 1


@pytest.mark.parametrize(
    ("refusal", "kind", "said"),
    [
        (Refused(403, {"ok": False, "description": "Forbidden: bot was blocked by the user"}), Failed, "blocked"),
        (Refused(400, {"ok": False, "description": "Bad Request: chat not found"}), Failed, "chat not found"),
        (Refused(502, "<html>Bad Gateway</html>"), Retry, "HTTP 502"),
        (Refused(200, "<html>a captive portal</html>"), Retry, "no ok"),
    ],
)
async def test_other_errors_are_a_person_s_or_another_try_s(bot: Bot, refusal: Refused, kind: type, said: str) -> None:
    """No reason holds the token."""
    bot.face.next_refusals = [refusal]
    outcome = await bot.send(errand(message()))
    assert isinstance(outcome, kind)
    assert said in outcome.reason  # type: ignore[union-attr]
    assert TOKEN not in outcome.reason  # type: ignore[union-attr]


async def test_a_wrong_token_fails_and_is_not_told(bot: Bot) -> None:
    """401."""
    bot.config.bot_token = "123456:" + "x" * 30
    outcome = await bot.send(errand(message()))
    assert outcome == Failed("HTTP 401: Unauthorized", 401, shown=Shown(1, (), False))


@pytest.mark.parametrize(
    ("field", "value"),
    [("bot_token", "no token"), ("chat_id", "desk"), ("message_thread_id", -1), ("url", "https://a.example/?x=1")],
)
def test_what_cannot_work_is_refused_when_it_is_configured(field: str, value: object) -> None:
    """Each field is named."""
    config = pb.TelegramChannel(bot_token=TOKEN, chat_id=CHAT)
    assert list(Telegram().check(config, "c", TargetPolicy(False))) == []
    setattr(config, field, value)
    assert {violation.field for violation in Telegram().check(config, "c", TargetPolicy(False))} == {f"c.{field}"}
