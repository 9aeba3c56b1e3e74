"""An Apprise API server with a configuration of a few receivers."""

from crossbook.alerts.channels.apprise import Apprise
from crossbook.alerts.channels.outcome import Delivered, Failed, Outcome, Retry
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.pb.v1 import alerts_pb2 as pb
from tests.support.alerts.faces.face import facing
from tests.support.alerts.faces.notices import APPRISE_PATH, AppriseFace, apprise_failure
from tests.support.alerts.messages import errand, message


async def send(face: AppriseFace, tags: str = "desk") -> Outcome:
    async with facing(face) as (receiver, http):
        return await Apprise().send(
            pb.AppriseChannel(url=receiver.url(APPRISE_PATH), tags=tags), errand(message()), http
        )


async def test_it_is_told_title_and_text() -> None:
    """And cuts them itself for its receivers."""
    face = AppriseFace()
    assert isinstance(await send(face), Delivered)
    assert face.seen[0].startswith("BTC cheap\nbuy cheap")
    assert "Acknowledge: https://crossbook.example/ack?token=t0ken" in face.seen[0]


async def test_a_tag_that_nobody_has_is_a_person_s_to_mend() -> None:
    """A 204 would otherwise be a delivery to nobody."""
    assert isinstance(await send(AppriseFace(), "nobody"), Failed)


async def test_a_receiver_that_was_not_told_is_tried_again() -> None:
    """424."""
    assert isinstance(await send(AppriseFace(next_refusals=[apprise_failure()])), Retry)


def test_only_an_address_of_http_will_do() -> None:
    """One of Apprise's own language would be dialled by Apprise, past our check."""
    policy = TargetPolicy(False)
    for url in ("discord://id/token", "json://10.0.0.1"):
        assert [one.field for one in Apprise().check(pb.AppriseChannel(url=url), "c", policy)] == ["c.url"]
    config = pb.AppriseChannel(url="https://apprise.example/notify/key", tags="a;b\n")
    assert [one.field for one in Apprise().check(config, "c", policy)] == ["c.tags"]
