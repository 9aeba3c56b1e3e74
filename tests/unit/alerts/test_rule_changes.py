"""Rules as clients change them: in force at once, with secrets masked."""

import base64

import pytest

from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.rule_changes import RuleChanges
from crossbook.alerts.rulebook import Rulebook
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import AlreadyExistsError, ConflictError, InvalidRequestError, NotFoundError
from tests.support.alerts.memory_rules import MemoryRules

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()


class World:
    """Changes on rules in memory, with the rulebook that they bring up to date."""

    def __init__(self) -> None:
        self.store = MemoryRules()
        self.rulebook = Rulebook(self.store)
        self.changes = RuleChanges(self.store, self.rulebook, TargetPolicy(allow_private=False), {"alpha"})

    def in_force(self) -> dict[str, str]:
        return {rule.name: rule.display_name for rule in self.rulebook.rules()}


def rule(title: str = "mine") -> pb.AlertRule:
    webhook = pb.WebhookChannel(url="https://a.example/token", secrets=[SECRET])
    return pb.AlertRule(
        name="alertRules/forged",
        etag="forged",
        display_name=title,
        channels=[pb.AlertChannel(id="hook", webhook=webhook)],
    )


async def test_a_new_rule_is_in_force_when_the_call_answers() -> None:
    """Its secrets are stored and never shown; what only the server says is not taken from the client."""
    world = World()
    made = await world.changes.create("a", rule())
    assert (made.name, made.etag) == ("alertRules/a", "etag-1")
    assert (made.channels[0].webhook.url, list(made.channels[0].webhook.secrets)) == (
        "https://a.example/***",
        ["whsec_***"],
    )
    assert list(world.store.stored["a"].channels[0].webhook.secrets) == [SECRET]
    assert world.in_force() == {"alertRules/a": "mine"}
    assert await world.changes.get("a") == made
    assert await world.changes.page("", 10) == [made]
    assert await world.changes.page("a", 10) == []


async def test_a_rule_without_an_id_gets_one_and_a_taken_one_is_refused() -> None:
    """Two that are made without are two."""
    world = World()
    names = {(await world.changes.create("", rule())).name for _ in range(2)}
    assert len(names) == 2
    assert all(name.startswith("alertRules/rule-") for name in names)
    await world.changes.create("a", rule())
    with pytest.raises(AlreadyExistsError):
        await world.changes.create("a", rule())


async def test_a_rule_that_is_wrong_changes_nothing() -> None:
    """Neither when it is made nor when it is changed; every wrong field is named."""
    world = World()
    wrong = rule()
    wrong.venues.append("unheard-of")
    with pytest.raises(InvalidRequestError, match="venues"):
        await world.changes.create("a", wrong)
    await world.changes.create("a", rule())
    with pytest.raises(InvalidRequestError, match="venues"):
        await world.changes.update("a", pb.AlertRule(venues=["unheard-of"]), ["venues"])
    assert list(world.store.stored["a"].venues) == []


async def test_an_update_changes_the_fields_named_and_is_in_force() -> None:
    """What was redacted in the answer stays what it is."""
    world = World()
    shown = await world.changes.create("a", rule())
    shown.display_name = "yours"
    changed = await world.changes.update("a", shown, None)
    assert (changed.display_name, changed.etag) == ("yours", "etag-2")
    assert list(world.store.stored["a"].channels[0].webhook.secrets) == [SECRET]
    assert world.in_force() == {"alertRules/a": "yours"}
    await world.changes.update("a", pb.AlertRule(display_name="third"), ["display_name"])
    assert list(world.store.stored["a"].channels[0].webhook.secrets) == [SECRET]


async def test_who_has_read_an_older_rule_must_read_again() -> None:
    """An update without an etag takes the rule as it is."""
    world = World()
    old = await world.changes.create("a", rule())
    await world.changes.update("a", pb.AlertRule(display_name="b"), ["display_name"])
    with pytest.raises(ConflictError, match="alertRules/a has another etag by now"):
        await world.changes.update("a", old, ["display_name"])
    assert world.in_force() == {"alertRules/a": "b"}


async def test_a_deleted_rule_is_out_of_force_and_cannot_be_changed() -> None:
    """Nor read, nor deleted again."""
    world = World()
    await world.changes.create("a", rule())
    await world.changes.delete("a")
    assert world.in_force() == {}
    for call in (world.changes.get("a"), world.changes.delete("a"), world.changes.update("a", rule(), None)):
        with pytest.raises(NotFoundError):
            await call
