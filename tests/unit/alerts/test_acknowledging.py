"""Who may acknowledge a group, and for how long."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from crossbook.alerts.ack_tokens import VALID_NS, token_of
from crossbook.alerts.acknowledging import DEFAULT_NS, Acknowledging
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.errors import ConflictError, InvalidRequestError, NotFoundError
from crossbook.plumbing.timestamps import SECOND_NS, from_timestamp

NOW_NS = 1_790_000_000 * SECOND_NS
GOOD = token_of("g", "secret", NOW_NS)


class Groups:
    """One that is open, g, and one that is closed."""

    said: pb.AlertAcknowledgement | None = None

    async def acknowledge_key(self, group_id: str) -> str:
        if group_id not in ("g", "closed"):
            raise NotFoundError(group_id)
        return "secret"

    async def acknowledge(self, group_id: str, said: pb.AlertAcknowledgement) -> pb.AlertGroup | None:
        self.said = said
        return pb.AlertGroup(name=f"alertGroups/{group_id}") if group_id == "g" else None


async def acknowledge(groups: Groups, **fields: Any) -> pb.AlertGroup:
    clock = cast(Clock, SimpleNamespace(now_ns=lambda: NOW_NS))
    request = pb.AcknowledgeAlertGroupRequest(**{"author": "ann", **fields})
    return await Acknowledging(cast(Any, groups), clock).acknowledge(request)


@pytest.mark.parametrize("by", [{"name": "alertGroups/g"}, {"token": GOOD}])
async def test_by_its_name_or_its_token(by: dict[str, str]) -> None:
    """It holds for some hours unless something else is said; who and when is kept."""
    groups = Groups()
    assert (await acknowledge(groups, **by)).name == "alertGroups/g"
    assert groups.said is not None
    assert (groups.said.author, from_timestamp(groups.said.time)) == ("ann", NOW_NS)
    assert from_timestamp(groups.said.expire_time) == NOW_NS + DEFAULT_NS


OTHERS = token_of("other", "secret", NOW_NS)
EXPIRED = token_of("g", "secret", NOW_NS - VALID_NS)
LONGER = GOOD.replace(".", ".9", 1)


@pytest.mark.parametrize(
    "token", ["g.wrong", "g.", "g", ".secret", "g.secret", "é", OTHERS, EXPIRED, LONGER, "G/../x.s"]
)
async def test_a_token_that_is_not_the_group_s_own_opens_nothing(token: str) -> None:
    """Whether there is such a group is not told."""
    with pytest.raises(InvalidRequestError, match="token"):
        await acknowledge(Groups(), token=token)


async def test_a_group_that_is_closed_needs_nobody() -> None:
    """The caller hears so."""
    with pytest.raises(ConflictError):
        await acknowledge(Groups(), name="alertGroups/closed")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "alertGroups/g", "token": "g.secret"}, "name"),
        ({}, "name"),
        ({"name": "alertGroups/g", "author": ""}, "author"),
        ({"name": "alertGroups/g", "comment": "x" * 501}, "comment"),
        ({"name": "alertGroups/g", "valid_for": {"seconds": 8 * 86_400}}, "valid_for"),
        ({"name": "alertGroups/g", "valid_for": {}}, "valid_for"),
        ({"name": "groups/g"}, "name"),
    ],
)
async def test_every_wrong_field_is_named(fields: dict[str, Any], field: str) -> None:
    """Before anything is asked."""
    with pytest.raises(InvalidRequestError) as refused:
        await acknowledge(Groups(), **fields)
    assert [one.field for one in refused.value.violations] == [field]
