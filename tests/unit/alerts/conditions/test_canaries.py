"""Signs of life: one a due time, whoever comes first."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from crossbook.alerts.conditions.canaries import Canaries, cause_of, due_ns
from crossbook.alerts.counters import Counters
from crossbook.alerts.firing import Busy, Duplicate, Fired, Suppressed, Verdict
from crossbook.alerts.match import Match
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.timestamps import SECOND_NS, from_timestamp

HOUR_NS = 3600 * SECOND_NS
NOON_NS = 1_790_000_000 * SECOND_NS // HOUR_NS * HOUR_NS
RULE = pb.AlertRule(
    name="alertRules/alive",
    is_enabled=True,
    trigger=pb.ALERT_TRIGGER_CANARY,
    channels=[pb.AlertChannel(id="b"), pb.AlertChannel(id="a")],
)


class World:
    """A clock, what was fired, and how that ends."""

    def __init__(self) -> None:
        self.now_ns = NOON_NS + 5 * SECOND_NS
        self.fired: list[Match] = []
        self.verdict: Verdict | UnavailableError = Fired(pb.Alert())
        self.taken: dict[tuple[str, str], datetime] = {}
        self.counters = Counters()
        parts: tuple[Any, ...] = (SimpleNamespace(rules=lambda: [RULE]), self, self, self.counters)
        self.canaries = Canaries(*parts, cast(Any, SimpleNamespace(now_ns=lambda: self.now_ns)))

    async def fire(self, match: Match) -> Verdict:
        self.fired.append(match)
        if isinstance(self.verdict, UnavailableError):
            raise self.verdict
        return self.verdict

    async def last_taken(self, rules: list[str]) -> dict[tuple[str, str], datetime]:
        return {key: at for key, at in self.taken.items() if key[0] in rules}


@pytest.mark.parametrize("verdict", [Fired(pb.Alert()), Duplicate(), Suppressed()])
async def test_what_is_due_is_decided_once_and_then_the_next(verdict: Verdict) -> None:
    """However often it is looked at; its cause is its due time, so all replicas mean the same one."""
    world = World()
    world.verdict = verdict
    await world.canaries.look([RULE])
    world.now_ns += HOUR_NS // 2
    await world.canaries.look([RULE])
    assert [match.cause for match in world.fired] == [cause_of(NOON_NS)] == [f"canary@{NOON_NS}"]
    world.now_ns = NOON_NS + HOUR_NS
    await world.canaries.look([RULE])
    assert [match.cause for match in world.fired[1:]] == [cause_of(NOON_NS + HOUR_NS)]


async def test_what_could_not_be_fired_is_due_still_and_what_was_missed_is_not_made_up_for() -> None:
    """While a store is away, or another replica is at it; after hours the present due time alone is told."""
    world = World()
    world.verdict = Busy()
    await world.canaries.look([RULE])
    world.verdict = UnavailableError("Postgres cannot be reached")
    with pytest.raises(UnavailableError):
        await world.canaries.look([RULE])
    world.verdict, world.now_ns = Fired(pb.Alert()), NOON_NS + 5 * HOUR_NS + 1
    await world.canaries.look([RULE])
    assert [match.cause for match in world.fired] == [
        *([cause_of(NOON_NS)] * 2),
        cause_of(NOON_NS + 5 * HOUR_NS),
    ]


async def test_it_says_that_alerts_are_alive() -> None:
    """In words, with its interval and its due time."""
    world = World()
    often = pb.AlertRule()
    often.CopyFrom(RULE)
    often.canary.interval.FromSeconds(60)
    await world.canaries.look([often])
    (match,) = world.fired
    assert match.trouble is not None
    assert match.trouble.reason == match.reason == pb.ALERT_REASON_CANARY
    due = datetime.fromtimestamp(due_ns(often, world.now_ns) / SECOND_NS, UTC)
    assert match.trouble.detail == f"alerts are alive: a sign of life every 60 s, this one due at {due:%H:%M:%S} UTC"


async def test_when_each_channel_took_one_last_is_counted() -> None:
    """As Postgres has it; a channel that never did has no time."""
    world = World()
    world.taken[RULE.name, "a"] = datetime.fromtimestamp(NOON_NS / SECOND_NS, UTC)
    await world.canaries.count()
    first, second = world.counters.canaries
    assert (first.channel_id, from_timestamp(first.delivery_time)) == ("a", NOON_NS)
    assert (second.channel_id, second.HasField("delivery_time")) == ("b", False)
    assert from_timestamp(first.due_time) == NOON_NS + HOUR_NS
