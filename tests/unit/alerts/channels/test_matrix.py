"""A Matrix room, against a homeserver that knows transactions, limits and its errors."""

import pytest

from crossbook.alerts.channels.matrix import Matrix
from crossbook.alerts.channels.outcome import Delivered, Failed, Limited, Retry, Shown
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.pb.v1 import alerts_pb2 as pb
from tests.support.alerts.faces.face import Refused, facing
from tests.support.alerts.faces.matrix import ROOM, TOKEN, MatrixFace, limit, refused
from tests.support.alerts.messages import CLOSED, errand, long_errand, message


def room(url: str) -> pb.MatrixChannel:
    return pb.MatrixChannel(url=url, room_id=ROOM, access_token=TOKEN)


async def test_a_group_is_one_event_that_is_replaced() -> None:
    """It keeps the id of the first; HTML says the same as the text."""
    face = MatrixFace()
    async with facing(face) as (receiver, http):
        first = await Matrix().send(room(receiver.url("")), errand(message()), http)
        second = await Matrix().send(room(receiver.url("")), errand(message(CLOSED, 2), first.shown), http)
    assert first.shown
    assert second.shown == Shown(2, first.shown.ids, True)
    ((_, content),) = face.events.items()
    assert content["body"].startswith("CLOSED after")
    assert "v<0>&" in face.seen[0]


async def test_the_same_message_tried_twice_is_one_event() -> None:
    """As after a crash between the answer and its record: the transaction is made of the message."""
    face = MatrixFace()
    async with facing(face) as (receiver, http):
        for _ in range(2):
            assert isinstance(await Matrix().send(room(receiver.url("")), errand(message()), http), Delivered)
        assert len(face.events) == 1
        await Matrix().send(room(receiver.url("")), errand(message(key="other")), http)
    assert len(face.events) == 2


async def test_an_event_never_outgrows_its_limit_not_even_as_an_edit() -> None:
    """Which says all of it four times."""
    face = MatrixFace()
    async with facing(face) as (receiver, http):
        first = await Matrix().send(room(receiver.url("")), long_errand(150, '<"&>' * 100), http)
        assert isinstance(first, Delivered)
        second = await Matrix().send(
            room(receiver.url("")), long_errand(150, '<"&!' * 100, revision=2, shown=first.shown), http
        )
    assert isinstance(second, Delivered)
    assert len(face.events) > 1


async def test_what_a_shorter_one_does_not_need_is_redacted() -> None:
    """So that no old part stands beside it."""
    face = MatrixFace()
    async with facing(face) as (receiver, http):
        first = await Matrix().send(room(receiver.url("")), long_errand(150, "x" * 400), http)
        await Matrix().send(room(receiver.url("")), long_errand(1, revision=2, shown=first.shown), http)
    assert len(face.events) == 1


@pytest.mark.parametrize(
    ("refusal", "outcome"),
    [
        (limit(1_500), Limited("HTTP 429: M LIMIT EXCEEDED", 429, 1.5)),
        (refused(403, "M_FORBIDDEN", "not in room"), Failed("HTTP 403: M FORBIDDEN", 403)),
        (Refused(200, "{}"), Retry("HTTP 200, but the answer says: no event_id", 200)),
    ],
)
async def test_its_errors_are_read(refusal: Refused, outcome: Limited | Failed | Retry) -> None:
    """Limits stand in the body, in milliseconds."""
    async with facing(MatrixFace(next_refusals=[refusal])) as (receiver, http):
        found = await Matrix().send(room(receiver.url("")), errand(message()), http)
    assert type(found) is type(outcome)
    assert (found.reason.replace("_", " "), getattr(found, "after_seconds", 0)) == (  # type: ignore[union-attr]
        outcome.reason.replace("_", " "),
        getattr(outcome, "after_seconds", 0),
    )


def test_what_cannot_work_is_refused_when_it_is_configured() -> None:
    """A room's alias is none that can be sent to."""
    assert list(Matrix().check(room("https://hs.example"), "c", TargetPolicy(False))) == []
    wrong = pb.MatrixChannel(url="https://127.0.0.1", room_id="#alias:hs.example")
    fields = {violation.field for violation in Matrix().check(wrong, "c", TargetPolicy(False))}
    assert fields == {"c.url", "c.room_id", "c.access_token"}
