"""What makes a rule of each kind valid: as a file says it."""

import pytest

from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.conditions.checks import CONDITIONS
from crossbook.alerts.rule_files import dump, parse, problems
from crossbook.pb.v1 import alerts_pb2 as pb

POLICY = TargetPolicy(allow_private=False)
VENUES = ["binance", "okx"]
GOOD = {
    "feed": "venues: [okx], feed: {stale_after: 60s, max_resyncs: 20, resync_within: 600s, max_delay_ms: 900}",
    "system": "system: {min_free_disk_percent: 5, max_buffer_percent: 80}",
    "market_move": "market_move: {min_percent: 3, within: 60s}",
    "funding_spread": "min_life: 60s, assets: [BTC], funding_spread: {min_percent_per_hour: 0.01}",
    "basis": "venues: [okx], basis: {min_percent: 1}",
    "canary": "canary: {interval: 600s}",
}


def file(kind: str, fields: str, channel: str = "console: {}") -> dict[str, pb.AlertRule]:
    trigger = f"ALERT_TRIGGER_{kind.upper()}"
    return parse(f"rules: {{r: {{trigger: {trigger}, channels: [{{id: c, {channel}}}], {fields}}}}}", {})


@pytest.mark.parametrize("kind", CONDITIONS.values())
def test_every_kind_stands_in_a_file_and_comes_back_as_it_was(kind: str) -> None:
    """Checked, and exported again."""
    rules = file(kind, GOOD[kind])
    assert problems("r", rules["r"], POLICY, VENUES) == []
    rules["r"].name = "alertRules/r"
    assert parse(dump(rules.values()), {}) == rules


@pytest.mark.parametrize(
    ("kind", "fields", "wrong"),
    [
        ("feed", "feed: {stale_after: 0s}", "feed.stale_after"),
        ("feed", "feed: {stale_after: 90000s}", "feed.stale_after"),
        ("feed", "feed: {max_resyncs: 1, resync_within: 9s}", "feed.resync_within"),
        ("feed", "feed: {max_delay_ms: -1}", "feed.max_delay_ms"),
        ("feed", "grouping: {by: [ALERT_GROUP_BY_NONE]}", "grouping"),
        ("feed", "min_net_percent: 1", "min_net_percent"),
        ("feed", "basis: {min_percent: 1}", "basis"),
        ("system", "system: {max_buffer_percent: 101}", "system.max_buffer_percent"),
        ("system", "system: {min_free_disk_percent: NaN}", "system.min_free_disk_percent"),
        ("market_move", "market_move: {min_percent: 1, within: 4000s}", "market_move.within"),
        ("funding_spread", "funding_spread: {}", "funding_spread.min_percent_per_hour"),
        ("funding_spread", "venues: [okx], funding_spread: {min_percent_per_hour: 1}", "venues"),
        ("basis", "basis: {min_percent: 0}", "basis.min_percent"),
        ("basis", "basis: {min_percent: Infinity}", "basis.min_percent"),
        ("canary", "canary: {interval: 9s}", "canary.interval"),
        ("canary", "assets: [BTC]", "assets"),
        ("canary", "cooldown: 60s", "cooldown"),
        ("canary", "grouping: {}", "grouping"),
    ],
)
def test_what_is_wrong_with_a_kind_is_named(kind: str, fields: str, wrong: str) -> None:
    """One field at a time."""
    assert [field for field, _ in problems("r", file(kind, fields)["r"], POLICY, VENUES)] == [wrong]


def test_a_canary_opens_no_incident_that_nothing_closes() -> None:
    """Their services have heartbeats of their own."""
    rule = file("canary", "canary: {}", 'pagerduty: {routing_key: "0123456789abcdef0123456789abcdef"}')["r"]
    assert [field for field, said in problems("r", rule, POLICY, []) if "heartbeat" in said] == ["channels[0]"]
