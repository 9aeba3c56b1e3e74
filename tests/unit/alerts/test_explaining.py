"""Why something was told or was not: every reason has its words."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from crossbook.alerts.explaining import WORDS, Explaining
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.errors import NotFoundError
from tests.support.alerts.stand_in_arbitrage import opportunity

RULE = pb.AlertRule(name="alertRules/r", is_enabled=True, min_net_percent=0.9)


class Kept:
    """What the tables and the memory hold."""

    def __init__(self) -> None:
        self.alerts: list[pb.Alert] = []
        self.group = pb.AlertGroup(name="alertGroups/g", label="BTC v")
        self.suppressions: list[pb.Suppression] = []
        self.open: dict[str, arbitrage_pb2.Opportunity] = {}

    async def list(self, query: Any, limit: int) -> Sequence[pb.Alert]:
        return self.alerts

    async def get(self, group_id: str) -> pb.AlertGroup:
        return self.group

    async def about(self, rule: str | None, cause: str, group_id: str) -> Sequence[pb.Suppression]:
        return self.suppressions

    def explaining(self) -> Explaining:
        stores = SimpleNamespace(alerts=self, groups=self, suppressions=self)
        slots = SimpleNamespace(latest=self.open.get, kept=lambda _: None)
        return Explaining(cast(Any, stores), cast(Any, slots), Clock())


def suppression(reason: int) -> pb.Suppression:
    return pb.Suppression(reason=reason, detail="the details")  # type: ignore[arg-type]


@pytest.mark.parametrize("reason", sorted(set(pb.SuppressionReason.values()) - {0}))
async def test_every_reason_is_told_in_words_of_its_own(reason: int) -> None:
    """With its details: none is without an answer."""
    kept = Kept()
    kept.suppressions = [suppression(reason)]
    answer = await kept.explaining().of_opportunity("o", RULE)
    assert not answer.is_told
    assert answer.explanation == f"{WORDS[reason]}: the details"  # type: ignore[index]
    assert len(set(WORDS.values())) == len(pb.SuppressionReason.values()) - 1


async def test_what_no_table_knows_yet_is_explained_from_memory() -> None:
    """What it lacks, or that the rule is about something else."""
    kept = Kept()
    kept.open["o"] = opportunity("o", net=0.5)
    answer = await kept.explaining().of_opportunity("o", RULE)
    assert answer.explanation == "below the rule's threshold: net 0.5% is below 0.9%"
    assert answer.suppressions[0].reason == pb.SUPPRESSION_REASON_THRESHOLD
    other = pb.AlertRule(name="alertRules/o", is_enabled=True, assets=["ETH"])
    assert "not about BTC" in (await kept.explaining().of_opportunity("o", other)).explanation
    off = pb.AlertRule(name="alertRules/o")
    assert "not enabled" in (await kept.explaining().of_opportunity("o", off)).explanation
    with pytest.raises(NotFoundError):
        await kept.explaining().of_opportunity("unheard of", RULE)


async def test_what_fired_alone_tells_how_far_each_channel_is() -> None:
    """And why one is not."""
    kept = Kept()
    given_up = pb.Delivery(channel_id="hook", state=pb.DELIVERY_STATE_FAILED, last_error="HTTP 404")
    kept.alerts = [pb.Alert(deliveries=[given_up])]
    kept.suppressions = [suppression(pb.SUPPRESSION_REASON_FAILED_DELIVERY)]
    answer = await kept.explaining().of_opportunity("o", RULE)
    assert answer.explanation == "given up by delivery: the details; hook: failed (HTTP 404)"
    kept.alerts[0].deliveries[0].state = pb.DELIVERY_STATE_DELIVERED
    assert (await kept.explaining().of_opportunity("o", RULE)).is_told


async def test_a_group_is_told_not_yet_told_or_never() -> None:
    """What holds it back now comes first."""
    kept = Kept()
    assert "about to be told" in (await kept.explaining().of_group("g")).explanation
    kept.suppressions = [suppression(pb.SUPPRESSION_REASON_GROUPING), suppression(pb.SUPPRESSION_REASON_SILENCE)]
    assert (await kept.explaining().of_group("g")).explanation == "never told: held back by a silence: the details"
    kept.group.held_back = "a silence"
    assert (await kept.explaining().of_group("g")).explanation == "not told yet: a silence"
    kept.group.revision = 2
    kept.group.deliveries.add(channel_id="hook", state=pb.DELIVERY_STATE_DELIVERED)
    kept.alerts = [pb.Alert(group="alertGroups/g", deliveries=list(kept.group.deliveries))]
    for answer in (await kept.explaining().of_group("g"), await kept.explaining().of_opportunity("o", RULE)):
        assert answer.is_told
        assert answer.explanation == "told as alertGroups/g (BTC v), whose last message is revision 2"


async def test_a_canary_is_explained_by_its_rule_alone() -> None:
    """The one that was due last: told, held back, about to be made, or of a rule that is not enabled."""
    kept, rule = Kept(), pb.AlertRule(name="alertRules/alive", is_enabled=True, trigger=pb.ALERT_TRIGGER_CANARY)
    assert (await kept.explaining().of_canary(rule)).explanation.endswith("Z: is about to be made")
    kept.suppressions = [suppression(pb.SUPPRESSION_REASON_SILENCE)]
    answer = await kept.explaining().of_canary(rule)
    assert answer.explanation.endswith(": held back by a silence: the details")
    assert (answer.is_told, list(answer.suppressions)) == (False, kept.suppressions)
    kept.suppressions = []
    kept.alerts = [pb.Alert(deliveries=[pb.Delivery(channel_id="hook", state=pb.DELIVERY_STATE_DELIVERED)])]
    answer = await kept.explaining().of_canary(rule)
    assert answer.is_told
    assert answer.explanation.endswith(": told; hook: delivered")
    kept.alerts, rule.is_enabled = [], False
    assert "is not enabled" in (await kept.explaining().of_canary(rule)).explanation
