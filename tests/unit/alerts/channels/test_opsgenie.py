"""Opsgenie's Alert API: one alert a group, within its limits."""

import pytest

from crossbook.alerts.channels.opsgenie import Opsgenie
from crossbook.alerts.channels.outcome import Delivered, Failed, Outcome
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.pb.v1 import alerts_pb2 as pb
from tests.support.alerts.faces.face import facing
from tests.support.alerts.faces.incidents import API_KEY, OpsgenieFace
from tests.support.alerts.messages import CLOSED, UPDATED, errand, long_errand, message


async def send(face: OpsgenieFace, *errands: object, key: str = API_KEY) -> list[Outcome]:
    async with facing(face) as (receiver, http):
        config = pb.OpsgenieChannel(api_key=key, url=receiver.url(""), priority="P2", tags=["desk"])
        return [await Opsgenie().send(config, one, http) for one in errands]  # type: ignore[arg-type]


async def test_a_group_is_one_alert_with_a_note_for_each_change_closed_when_it_closes() -> None:
    """By its alias."""
    face = OpsgenieFace()
    told = await send(face, errand(message()), errand(message(UPDATED, 2)))
    assert all(isinstance(one, Delivered) for one in told)
    assert len(face.open) == 1
    await send(face, errand(message(CLOSED, 3)))
    assert face.open == set()
    assert [seen.split(":")[0] for seen in face.seen] == ["P2", "note", "closed"]


async def test_what_is_too_long_is_cut() -> None:
    """Message, description and note each at its own limit."""
    long = long_errand(200, "x" * 600)
    assert all(isinstance(one, Delivered) for one in await send(OpsgenieFace(), long))


async def test_a_wrong_key_is_a_person_s_to_mend() -> None:
    """And is not told."""
    (outcome,) = await send(OpsgenieFace(), errand(message()), key="wrong")
    assert outcome == Failed("HTTP 403: Api Key is not valid", 403)


@pytest.mark.parametrize(("field", "value"), [("priority", "P6"), ("api_key", ""), ("url", "http://10.0.0.1")])
def test_what_cannot_work_is_refused_when_it_is_configured(field: str, value: str) -> None:
    """Each field is named."""
    config = pb.OpsgenieChannel(api_key=API_KEY, tags=["x"] * 20)
    assert list(Opsgenie().check(config, "c", TargetPolicy(False))) == []
    setattr(config, field, value)
    assert {one.field for one in Opsgenie().check(config, "c", TargetPolicy(False))} == {f"c.{field}"}
    assert list(Opsgenie().check(pb.OpsgenieChannel(api_key=API_KEY, tags=["x" * 51]), "c", TargetPolicy(False)))
