"""A topic of an ntfy server that takes no attachments, as a message that is too long would become one."""

import json

import pytest

from crossbook.alerts.channels.ntfy import Ntfy
from crossbook.alerts.channels.outcome import Delivered, Failed, Limited
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.pb.v1 import alerts_pb2 as pb
from tests.support.alerts.faces.face import facing
from tests.support.alerts.faces.notices import NTFY_TOKEN, NTFY_TOPIC, NtfyFace, ntfy_limit
from tests.support.alerts.messages import CLOSED, errand, long_errand, message


def topic(url: str) -> pb.NtfyChannel:
    return pb.NtfyChannel(url=url, topic=NTFY_TOPIC, token=NTFY_TOKEN, priority=4)


async def test_messages_of_a_group_bear_one_sequence() -> None:
    """So that a reader sees the last of them; the title stands beside the text."""
    face = NtfyFace()
    async with facing(face) as (receiver, http):
        for one in (message(), message(CLOSED, 2), message(key="other")):
            assert isinstance(await Ntfy().send(topic(receiver.url("")), errand(one), http), Delivered)
        sequences = [json.loads(one.body)["sequence_id"] for one in receiver.received]
    assert sequences[0] == sequences[1] != sequences[2]
    assert face.seen[0].startswith("BTC cheap\nbuy cheap")


async def test_a_long_text_is_several_messages_of_4096_bytes() -> None:
    """Bytes, not characters."""
    face = NtfyFace()
    async with facing(face) as (receiver, http):
        assert isinstance(await Ntfy().send(topic(receiver.url("")), long_errand(100, "ü" * 100), http), Delivered)
    assert len(face.seen) > 4


async def test_its_limit_is_one_and_a_wrong_token_is_a_person_s() -> None:
    """It says no time: the usual pause is made."""
    async with facing(NtfyFace(next_refusals=[ntfy_limit()])) as (receiver, http):
        config = topic(receiver.url(""))
        assert isinstance(await Ntfy().send(config, errand(message()), http), Limited)
        config.token = "wrong"
        outcome = await Ntfy().send(config, errand(message()), http)
    assert isinstance(outcome, Failed)
    assert outcome.reason == "HTTP 401: unauthorized"


@pytest.mark.parametrize(("field", "value"), [("topic", "a b"), ("priority", 6), ("token", "a b"), ("url", "ftp://a")])
def test_what_cannot_work_is_refused_when_it_is_configured(field: str, value: object) -> None:
    """Each field is named."""
    config = topic("")
    assert list(Ntfy().check(config, "c", TargetPolicy(False))) == []
    setattr(config, field, value)
    assert {violation.field for violation in Ntfy().check(config, "c", TargetPolicy(False))} == {f"c.{field}"}
