"""A push service that checks the signature, and a browser that alone can read the message."""

import pytest

from crossbook.alerts.channels.outcome import Delivered, Failed
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.channels.web_push import WebPush
from tests.support.alerts.faces.face import facing
from tests.support.alerts.faces.web_push import PATH, WebPushFace
from tests.support.alerts.messages import CLOSED, errand, long_errand, message


async def test_the_browser_reads_it_and_one_group_is_one_notification() -> None:
    """Encrypted for it, signed by the page's server, under one topic and one tag."""
    face = WebPushFace()
    async with facing(face) as (receiver, http):
        config = face.channel(receiver.url(PATH))
        for one in (message(), message(CLOSED, 2)):
            assert isinstance(await WebPush().send(config, errand(one), http), Delivered)
        topics = {one.headers["topic"] for one in receiver.received}
        urgencies = [one.headers["urgency"] for one in receiver.received]
        assert not any(b"cheap" in one.body for one in receiver.received)
    assert len(topics) == 1
    assert urgencies == ["high", "normal"]
    assert face.payloads[0]["tag"] == face.payloads[1]["tag"]
    assert (face.payloads[0]["ack_url"][-5:], face.payloads[1]["ack_url"]) == ("t0ken", "")
    assert "v<0>&" in face.payloads[0]["body"]


async def test_what_is_too_long_is_cut_so_that_a_record_holds_it() -> None:
    """4,096 bytes with everything, whatever JSON makes of the text."""
    face = WebPushFace()
    async with facing(face) as (receiver, http):
        for line in ('"\\ü' * 100, "🚀" * 100):
            config = face.channel(receiver.url(PATH))
            assert isinstance(await WebPush().send(config, long_errand(100, line), http), Delivered)
        sizes = [len(one.body) for one in receiver.received]
    assert all(4_000 < size <= 4_096 for size in sizes)
    assert face.payloads[0]["body"].endswith("…")


async def test_a_subscription_that_is_gone_is_a_person_s_to_mend() -> None:
    """410."""
    face = WebPushFace()
    async with facing(face) as (receiver, http):
        config = face.channel(receiver.url("/push/v1/other"))
        outcome = await WebPush().send(config, errand(message()), http)
    assert outcome == Failed("HTTP 410: the subscription is gone", 410)


@pytest.mark.parametrize(
    ("field", "value"),
    [("p256dh", "AAAA"), ("auth", "AAAA"), ("vapid_private_key", "A" * 43), ("vapid_subject", "desk"), ("url", "x")],
)
def test_what_cannot_work_is_refused_when_it_is_configured(field: str, value: str) -> None:
    """Keys are of their length, and on their curve."""
    config = WebPushFace().channel("https://push.example/v1/secret")
    assert list(WebPush().check(config, "c", TargetPolicy(False))) == []
    setattr(config, field, value)
    assert {one.field for one in WebPush().check(config, "c", TargetPolicy(False))} == {f"c.{field}"}
