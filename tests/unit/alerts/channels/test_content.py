"""What an alert says."""

import json

from crossbook.alerts.channels.content import as_fields, as_json, as_text, sample_alert


def test_the_line_names_what_to_do() -> None:
    text = as_text(sample_alert())
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
