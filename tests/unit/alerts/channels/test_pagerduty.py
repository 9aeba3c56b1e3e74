"""PagerDuty's Events API v2: one incident a group, within its limits."""

import pytest

from crossbook.alerts.channels.outcome import Delivered, Failed, Limited, Outcome
from crossbook.alerts.channels.pagerduty import PagerDuty
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.pb.v1 import alerts_pb2 as pb
from tests.support.alerts.faces.face import facing
from tests.support.alerts.faces.incidents import ROUTING_KEY, PagerDutyFace, pagerduty_limit
from tests.support.alerts.messages import CLOSED, REPEATED, UPDATED, errand, long_errand, message


async def send(face: PagerDutyFace, *errands: object, key: str = ROUTING_KEY) -> list[Outcome]:
    async with facing(face) as (receiver, http):
        config = pb.PagerDutyChannel(routing_key=key, url=receiver.url(""), severity="error")
        return [await PagerDuty().send(config, one, http) for one in errands]  # type: ignore[arg-type]


async def test_a_group_is_one_incident_that_is_resolved_when_it_closes() -> None:
    """However often it is told, and however long its key is."""
    face = PagerDutyFace()
    key = "g" * 400
    kinds = [message(key=key), message(UPDATED, 2, key=key), message(REPEATED, 3, key=key)]
    assert all(isinstance(one, Delivered) for one in await send(face, *map(errand, kinds)))
    assert len(face.open) == 1
    assert face.seen[0].startswith("error: BTC cheap\nbuy cheap")
    await send(face, errand(message(CLOSED, 4, key=key)))
    assert face.open == set()


async def test_what_is_too_long_is_cut() -> None:
    """The summary and the details."""
    face = PagerDutyFace()
    (outcome,) = await send(face, long_errand(200, "ü" * 600))
    assert isinstance(outcome, Delivered)


async def test_its_errors_are_read() -> None:
    """An event that is wrong is a person's to mend, and says what is wrong; too many is a limit."""
    (wrong,) = await send(PagerDutyFace(), errand(message()), key="x" * 32)
    assert wrong == Failed("HTTP 400: Invalid routing key", 400)
    (limited,) = await send(PagerDutyFace(next_refusals=[pagerduty_limit()]), errand(message()))
    assert isinstance(limited, Limited)


@pytest.mark.parametrize(("field", "value"), [("severity", "bad"), ("routing_key", ""), ("url", "http://10.0.0.1")])
def test_what_cannot_work_is_refused_when_it_is_configured(field: str, value: str) -> None:
    """Each field is named."""
    config = pb.PagerDutyChannel(routing_key=ROUTING_KEY)
    assert list(PagerDuty().check(config, "c", TargetPolicy(False))) == []
    setattr(config, field, value)
    assert {one.field for one in PagerDuty().check(config, "c", TargetPolicy(False))} == {f"c.{field}"}
