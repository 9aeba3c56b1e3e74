"""Samples are of a rule's own kind, and say no more than its messages do."""

from typing import Any

import pytest

from crossbook.alerts.channels.content import message_fields
from crossbook.alerts.channels.registry import check_channel, preview
from crossbook.alerts.channels.sample import TROUBLES, sample_message
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.conditions.troubles import feed_troubles, moved
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2, market_pb2
from crossbook.plumbing.timestamps import SECOND_NS

POLICY = TargetPolicy(allow_private=False)
TRIGGERS = [one for one in pb.AlertTrigger.values() if one != pb.ALERT_TRIGGER_UNSPECIFIED]


def of(trigger: int, *, is_grouped: bool = True) -> pb.AlertRule:
    rule = pb.AlertRule(name="alertRules/desk", trigger=trigger)  # type: ignore[arg-type]
    if is_grouped:
        rule.grouping.SetInParent()
    return rule


def refused(rule: pb.AlertRule, template: str) -> list[str]:
    channel = pb.AlertChannel(id="c", console=pb.ConsoleChannel(), text_template=template)
    return [violation.field for violation in check_channel(channel, "c", POLICY, rule)]


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_a_preview_is_of_what_the_rule_finds(trigger: int) -> None:
    """A rule about feeds shows no made-up opportunity, and one about opportunities no trouble."""
    said = preview(pb.AlertChannel(console=pb.ConsoleChannel()), of(trigger))
    if trigger in TROUBLES:
        assert TROUBLES[trigger].detail in said  # type: ignore[index]
        assert "buy" not in said
    else:
        assert "buy venue-a" in said
    assert "desk" in said


def test_a_grouped_rule_shows_its_group() -> None:
    """With its label, which ungrouped rules do not have."""
    console = pb.AlertChannel(console=pb.ConsoleChannel())
    assert "1 of 1 open" in preview(console, of(pb.ALERT_TRIGGER_OPPORTUNITY))
    assert "1 of 1 open" not in preview(console, of(pb.ALERT_TRIGGER_OPPORTUNITY, is_grouped=False))


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_a_template_may_say_what_the_rules_messages_have_and_nothing_else(trigger: int) -> None:
    """Else it would be taken, and each message would fail."""
    is_trouble = trigger in TROUBLES
    rule = of(trigger, is_grouped=False)
    assert refused(rule, "{{ alert.trouble.detail }}") == ([] if is_trouble else ["c.text_template"])
    assert refused(rule, "{{ alert.opportunity.buy.venue }}") == (["c.text_template"] if is_trouble else [])
    assert refused(rule, "{{ alert.group.label }}") == ["c.text_template"]


def test_a_template_of_a_grouped_rule_may_say_what_its_group_is() -> None:
    """Beside what the first member has."""
    assert refused(of(pb.ALERT_TRIGGER_FEED), "{{ alert.group.label }}: {{ alert.trouble.detail }}") == []


def missing(sample: Any, real: Any, path: str = "") -> list[str]:
    """Fields of the sample that the real one lacks."""
    if not isinstance(sample, dict):
        return []
    return [
        lack
        for name, value in sample.items()
        for lack in ([f"{path}{name}"] if name not in real else missing(value, real[name], f"{path}{name}."))
    ]


@pytest.mark.parametrize("trigger", [pb.ALERT_TRIGGER_FEED, pb.ALERT_TRIGGER_MARKET_MOVE])
def test_a_real_message_has_all_that_the_sample_has(trigger: int) -> None:
    """As conditions find it, and the store gives it back."""
    rule = of(trigger, is_grouped=False)
    rule.market_move.min_percent = 1
    if trigger == pb.ALERT_TRIGGER_FEED:
        health = market_pb2.VenueHealth(venue="v", state=market_pb2.VENUE_STATE_DOWN)
        (trouble,) = feed_troubles(rule, [health])
    else:
        trouble = moved(rule, "BTC", [(0, 100.0), (SECOND_NS, 102.0)])  # type: ignore[assignment]
    real = sample_message(rule)
    real.alert.CopyFrom(pb.Alert(name="alerts/1", rule=rule.name, trouble=trouble))
    real.alert.opportunity.CopyFrom(arbitrage_pb2.Opportunity())
    real.alert.fire_time.GetCurrentTime()
    assert missing(message_fields(sample_message(rule)), message_fields(real)) == []
