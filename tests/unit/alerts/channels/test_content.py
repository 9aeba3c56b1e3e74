"""What an alert says."""

import json
from typing import Any

import pytest

from crossbook.alerts.channels.content import (
    as_fields,
    as_json,
    message_fields,
    message_text,
    message_type,
)
from crossbook.alerts.channels.sample import sample_alert, sample_message
from crossbook.alerts.records import message_of
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.timestamps import SECOND_NS, now_ns, to_timestamp


def as_text(alert: pb.Alert, now: int) -> str:
    """One line about an alert alone."""
    return message_text(message_of(alert), now)


def test_the_line_names_what_to_do() -> None:
    text = as_text(sample_alert(), now_ns())
    for part in (
        "SAMPLE",
        "buy venue-a",
        "at 100,",
        "sell venue-b",
        "at 100.5",
        "net 0.300 %",
        "1,000.00 USDT",
        "sample",
    ):
        assert part in text
    assert "\n" not in text


def test_the_fields_bear_the_protos_names_and_leave_deliveries_and_cooldown_out() -> None:
    alert = sample_alert()
    alert.deliveries.add(channel_id="x", last_error="y")
    alert.opportunity.cooldown.is_active = True
    fields = as_fields(alert)
    assert set(fields) == {"name", "rule", "opportunity", "fire_time", "group"}
    assert fields["opportunity"]["costs"]["net_percent"] == 0.3
    assert fields["opportunity"]["buy"]["taker_fee_percent"] == 0.0
    assert "cooldown" not in fields["opportunity"]


def test_json_is_compact_and_keeps_letters() -> None:
    assert as_json({"a": "Ł"}) == '{"a":"Ł"}'
    assert json.loads(as_json(as_fields(sample_alert())))["name"] == "alerts/sample"


def test_a_line_bears_the_moment_of_its_numbers() -> None:
    """Of the newer quote; told at once, it says no more."""
    alert, at_ns = sample_alert(), 1_790_000_000 * SECOND_NS
    alert.opportunity.buy.receive_time.CopyFrom(to_timestamp(at_ns))
    alert.opportunity.sell.receive_time.CopyFrom(to_timestamp(at_ns - SECOND_NS))
    assert as_text(alert, at_ns + SECOND_NS).endswith(" · at 2026-09-21 14:13:20 UTC · sample")


@pytest.mark.parametrize(
    ("seconds", "said"), [(6, "told 6 s later"), (73, "told 1 min 13 s later"), (7384, "told 2 h 3 min later")]
)
def test_a_late_line_says_how_late_and_that_it_is_over(seconds: int, said: str) -> None:
    """Nobody who reads it takes it for the present."""
    alert, at_ns = sample_alert(), 1_790_000_000 * SECOND_NS
    for leg in (alert.opportunity.buy, alert.opportunity.sell):
        leg.receive_time.CopyFrom(to_timestamp(at_ns))
    alert.close_time.CopyFrom(to_timestamp(at_ns + SECOND_NS))
    text = as_text(alert, at_ns + seconds * SECOND_NS)
    assert f" · {said} · CLOSED since 2026-09-21 14:13:21 UTC · " in text
    assert as_fields(alert)["close_time"] == "2026-09-21T14:13:21Z"


def group_message(kind: pb.AlertMessageKind.ValueType, **fields: Any) -> pb.AlertMessage:
    """Of a dozen members, the sample first."""
    group = pb.AlertGroup(rule="alertRules/r", label="BTC v", members=[sample_alert()], member_count=12, **fields)
    group.open_time.FromSeconds(1_790_000_000)
    return pb.AlertMessage(name="alertMessages/m", group_key="g", revision=3, kind=kind, rule=group.rule, group=group)


def test_a_group_is_one_line_with_its_best_member_and_how_much_of_it_is_open() -> None:
    """Acknowledged and held back are said."""
    seen = pb.AlertAcknowledgement(author="ann")
    message = group_message(
        pb.ALERT_MESSAGE_KIND_UPDATED, open_count=7, peak_net_percent=0.5, acknowledgement=seen, held_back="a silence"
    )
    text = message_text(message, now_ns())
    for part in ("UPDATED · BTC v · buy venue-a", "7 of 12 open", "peak 0.500 %", "by ann", "held back: a silence"):
        assert part in text
    assert "since 2026-09-21 14:13:20 UTC" in text


def test_a_group_that_has_closed_says_after_how_long_and_what_it_would_have_paid() -> None:
    """On paper."""
    message = group_message(pb.ALERT_MESSAGE_KIND_CLOSED, paper_profit=12.5, paper_currency="USDT")
    message.group.duration.FromSeconds(73)
    text = message_text(message, now_ns())
    assert text.startswith("CLOSED after 1 min 13 s · BTC v · ")
    assert "all 12 closed · paper 12.50 USDT" in text


def test_a_trouble_is_its_words() -> None:
    """It has no legs."""
    alert = pb.Alert(rule="alertRules/r", trouble=pb.AlertTrouble(detail="venue-a is DOWN"))
    assert as_text(alert, now_ns()).startswith("venue-a is DOWN · at ")


def test_the_fields_of_a_group_are_its_first_member_s_and_its_own() -> None:
    """So a template that was made for alerts goes on working; the name is the message's."""
    fields = message_fields(group_message(pb.ALERT_MESSAGE_KIND_OPENED, open_count=1))
    assert (fields["name"], fields["kind"], fields["revision"]) == ("alertMessages/m", "OPENED", 3)
    assert (fields["opportunity"]["asset"], fields["group"]["label"]) == ("SAMPLE", "BTC v")
    alone = sample_message()
    assert message_fields(alone) == as_fields(alone.alert)


def test_a_webhook_is_told_what_happened() -> None:
    """An alert alone keeps the type that it always had."""
    assert message_type(sample_message()) == "alert.fired"
    assert message_type(group_message(pb.ALERT_MESSAGE_KIND_REPEATED)) == "alert_group.repeated"
