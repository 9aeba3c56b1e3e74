"""What an alert says."""

import json

import pytest

from crossbook.alerts.channels.content import as_fields, as_json, as_text, sample_alert
from crossbook.plumbing.timestamps import SECOND_NS, now_ns, to_timestamp


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
    assert set(fields) == {"name", "rule", "opportunity", "fire_time"}
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
