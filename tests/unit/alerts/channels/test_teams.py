"""A Teams workflow: cards that it takes, and what an old connector says behind a 200."""

import pytest

from crossbook.alerts.channels.outcome import Delivered, Failed, Limited, Outcome, Retry
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.channels.teams import Teams
from crossbook.pb.v1 import alerts_pb2 as pb
from tests.support.alerts.faces.face import Refused, facing
from tests.support.alerts.faces.notices import TEAMS_PATH, TeamsFace
from tests.support.alerts.messages import errand, long_errand, message


async def send(face: TeamsFace, *, path: str = TEAMS_PATH, long: bool = False) -> Outcome:
    async with facing(face) as (receiver, http):
        config = pb.TeamsChannel(url=receiver.url(path))
        return await Teams().send(config, long_errand(200, '"*[a](b)*" ' * 40) if long else errand(message()), http)


async def test_a_card_shows_each_line_as_it_is_and_a_button() -> None:
    """A workflow says 202."""
    face = TeamsFace()
    outcome = await send(face)
    assert isinstance(outcome, Delivered)
    assert outcome.http_status == 202
    assert "v<0>&" in face.seen[0]
    assert face.seen[0].endswith("[ Acknowledge ]")


async def test_a_long_text_is_several_cards_of_28_kb() -> None:
    """All of it in JSON, with its blocks."""
    face = TeamsFace()
    assert isinstance(await send(face, long=True), Delivered)
    assert len(face.seen) > 3
    assert '"*[a](b)*"' in face.seen[0]


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (
            Refused(200, "Webhook message delivery failed with error: ... returned HTTP error 429 with ContextId"),
            Limited,
        ),
        (Refused(200, "... returned HTTP error 500"), Retry),
        (Refused(429, "", retry_after="12"), Limited),
        (Refused(401, {"error": {"code": "x", "message": "no access"}}), Failed),
        (Refused(502, {"error": {"code": "NoResponse"}}), Retry),
    ],
)
async def test_its_errors_are_read_also_behind_a_200(refusal: Refused, kind: type) -> None:
    """A connector of old says 200 to everything."""
    assert isinstance(await send(TeamsFace(next_refusals=[refusal])), kind)


async def test_a_card_that_is_refused_goes_out_plain() -> None:
    """400 is what it says of a card that it cannot read."""
    face = TeamsFace(next_refusals=[Refused(400, {"error": {"code": "InvalidCard", "message": "bad markdown"}})])
    assert isinstance(await send(face), Delivered)


def test_a_private_address_is_refused() -> None:
    """As for every channel."""
    config = pb.TeamsChannel(url="https://10.0.0.1/workflows/x")
    assert [one.field for one in Teams().check(config, "c", TargetPolicy(False))] == ["c.url"]
