"""How long deliveries took, as Prometheus shows it."""

from crossbook.alerts.delivery_times import BOUNDS_SECONDS, DeliveryTimes


def test_each_delivery_is_in_all_buckets_above_it() -> None:
    """By kind; a clock that was set back adds nothing to the sum."""
    times = DeliveryTimes()
    for seconds in (0.05, 2.0, 4.0, 1e6, -3.0):
        times.add("slack", seconds)
    times.add("email", 1.0)
    samples = {
        (one.name, one.labels["kind"], one.labels.get("le")): one.value for one in times.family("told_seconds").samples
    }
    assert samples["told_seconds_bucket", "slack", "0.1"] == 2
    assert samples["told_seconds_bucket", "slack", "5.0"] == 4
    assert samples["told_seconds_bucket", "slack", str(BOUNDS_SECONDS[-1])] == 4
    assert samples["told_seconds_count", "slack", None] == samples["told_seconds_bucket", "slack", "+Inf"] == 5
    assert samples["told_seconds_sum", "slack", None] == 1_000_006.05
    assert samples["told_seconds_bucket", "email", "1.0"] == 1
