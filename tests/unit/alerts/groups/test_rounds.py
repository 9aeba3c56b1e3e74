"""What is done of a group that is due."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from crossbook.alerts.counters import Counters
from crossbook.alerts.groups.rounds import GroupRounds, channels_of
from crossbook.alerts.groups.steps import Facts, Step
from crossbook.alerts.holding.hold_back import HeldBack
from crossbook.alerts.store.groups import Round, ToldBefore
from crossbook.pb.v1 import alerts_pb2 as pb
from tests.support.alerts.stand_in_arbitrage import opportunity

RULE = pb.AlertRule(
    name="alertRules/r",
    grouping=pb.AlertGrouping(),
    channels=[pb.AlertChannel(id=name) for name in ("first", "second", "third")],
    escalations=[pb.AlertEscalation(channel_ids=["second"]), pb.AlertEscalation(channel_ids=["third"])],
)
HELD = HeldBack(pb.SUPPRESSION_REASON_SILENCE, "silences/s", "silenced by ann: known")
FACTS = Facts(opened_ns=0, open_count=1, last_closed_ns=0)


SECOND = 10**9
CLOSED = Facts(opened_ns=990 * SECOND, open_count=0, last_closed_ns=980 * SECOND)


def judged(
    rule: pb.AlertRule | None,
    *,
    held: HeldBack | None = None,
    facts: Facts = FACTS,
    before: ToldBefore | None = None,
) -> Any:
    """Of a group that opened long ago and was never told."""
    rulebook = SimpleNamespace(rules=lambda: [rule] if rule else [])
    rounds = GroupRounds(cast(Any, None), cast(Any, rulebook), lambda *_: held, lambda _: None, Counters())
    members = [pb.Alert(rule="alertRules/r", opportunity=opportunity(open_ns=970 * SECOND))]
    group = pb.AlertGroup(name="alertGroups/g", rule="alertRules/r", asset="BTC", dislocated_venue="v", members=members)
    group.open_time.FromSeconds(990)
    if facts.open_count == 0:
        group.close_time.FromSeconds(980)
    return rounds.judge(Round("alertRules/r", facts, group, [], 1000 * SECOND, before))


def test_what_is_due_is_told_to_those_who_are_to_know() -> None:
    """Not to those who are told only if nobody acknowledges."""
    outcome = judged(RULE)
    assert outcome.step.kind == pb.ALERT_MESSAGE_KIND_OPENED
    assert [channel.id for channel in outcome.channels] == ["first"]


def test_what_is_held_back_is_noted_and_says_so() -> None:
    """By whom, and of which group."""
    outcome = judged(RULE, held=HELD)
    assert (outcome.step.kind, outcome.group.held_back) == (None, HELD.words)
    (note,) = outcome.notes
    assert (note.reason, note.by, note.group_id, note.venues) == (HELD.reason, "silences/s", "g", ["v"])


def test_a_rule_that_is_gone_closes_its_groups_without_a_word() -> None:
    """Nobody is left to be told."""
    assert judged(None).step == Step(is_closed=True)


def test_an_escalation_tells_those_that_it_names_and_later_messages_tell_them_too() -> None:
    """One that was not made yet keeps its channels out."""
    assert [one.id for one in channels_of(RULE, Step(escalation=0), 0)] == ["second"]
    assert [one.id for one in channels_of(RULE, Step(), 1)] == ["first", "second"]


def test_what_came_late_and_was_told_by_the_group_before_is_told_no_more() -> None:
    """Its members opened before that one was over; that it is not told is noted, with where it was."""
    before = ToldBefore("alertGroups/f", 969 * SECOND, 979 * SECOND)
    outcome = judged(RULE, facts=CLOSED, before=before)
    assert outcome.step == Step(is_closed=True), "and is never looked at again"
    soon = judged(RULE, facts=replace(CLOSED, last_closed_ns=995 * SECOND), before=before).step
    assert (soon.kind, soon.is_closed, soon.due_ns) == (None, False, 1005 * SECOND), "it is not said to be open first"
    (note,) = outcome.notes
    assert (note.reason, note.group_id) == (pb.SUPPRESSION_REASON_GROUPING, "g")
    assert "alertGroups/f" in note.detail


@pytest.mark.parametrize("span", [(900, 950), (995, 999), None])
def test_what_came_late_and_is_of_another_time_is_told(span: tuple[int, int] | None) -> None:
    """In one message, that it is over."""
    before = ToldBefore("alertGroups/f", span[0] * SECOND, span[1] * SECOND) if span else None
    assert judged(RULE, facts=CLOSED, before=before).step.kind == pb.ALERT_MESSAGE_KIND_CLOSED
