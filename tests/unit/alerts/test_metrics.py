"""What a scrape of alerts shows."""

import pytest
from prometheus_client import CollectorRegistry

from crossbook.alerts.counters import Counters
from crossbook.alerts.metrics import AlertsCollector
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.timestamps import SECOND_NS, to_timestamp


@pytest.mark.parametrize(
    ("name", "counters", "value"),
    [
        ("fired_total", Counters(fired=3), 3),
        ("suppressed_total", Counters(suppressed=4), 4),
        ("delivered_total", Counters(delivered=5), 5),
        ("failed_total", Counters(failed=6), 6),
        ("retried_total", Counters(retried=7), 7),
        ("limited_total", Counters(limited=8), 8),
        ("forgotten_total", Counters(forgotten=9), 9),
        ("dropped_total", Counters(dropped=10), 10),
        ("evaluated_total", Counters(evaluated=11), 11),
        ("owned_slots", Counters(owned_slots=12), 12),
        ("pending", Counters(pending=13), 13),
        ("redis_available", Counters(is_redis_available=True), 1),
        ("postgres_available", Counters(is_postgres_available=True), 1),
        ("connected", Counters(is_connected=True), 1),
    ],
)
def test_each_count_is_shown_under_its_name(name: str, counters: Counters, value: float) -> None:
    """Read at the scrape: what is counted after the registration is shown too, and another count is not."""
    kept, registry = Counters(), CollectorRegistry()
    registry.register(AlertsCollector(kept))
    assert registry.get_sample_value(f"crossbook_alerts_{name}") == 0
    for field in Counters.__dataclass_fields__:
        setattr(kept, field, getattr(counters, field))
    assert registry.get_sample_value(f"crossbook_alerts_{name}") == value


def test_when_each_channel_took_a_canary_last_is_shown() -> None:
    """0 where it never did, so that a rule on its age fires."""
    taken = pb.CanaryStats(rule="alertRules/alive", channel_id="hook", delivery_time=to_timestamp(7 * SECOND_NS))
    counters = Counters(canaries=[taken, pb.CanaryStats(rule="alertRules/alive", channel_id="chat")])
    registry = CollectorRegistry()
    registry.register(AlertsCollector(counters))
    for channel, seconds in (("hook", 7.0), ("chat", 0.0)):
        labels = {"rule": "alive", "channel": channel}
        assert registry.get_sample_value("crossbook_alerts_canary_delivered_timestamp_seconds", labels) == seconds
