"""Prometheus metrics: read at the moment of the scrape from the counters that exist anyway."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from crossbook.alerts.counters import Counters
from crossbook.plumbing.timestamps import SECOND_NS, from_timestamp

PREFIX = "crossbook_alerts"


class AlertsCollector(Collector):
    """What the process has counted, in Prometheus' terms."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    def collect(self) -> Iterable[Metric]:
        """Called by every scrape."""
        now = self._counters
        yield CounterMetricFamily(f"{PREFIX}_fired", "Alerts fired.", value=now.fired)
        yield CounterMetricFamily(f"{PREFIX}_told", "Messages of groups made.", value=now.told)
        yield CounterMetricFamily(f"{PREFIX}_suppressed", "Matches held back by a cooldown.", value=now.suppressed)
        yield CounterMetricFamily(f"{PREFIX}_delivered", "Deliveries done.", value=now.delivered)
        yield CounterMetricFamily(f"{PREFIX}_failed", "Deliveries given up.", value=now.failed)
        yield CounterMetricFamily(f"{PREFIX}_retried", "Deliveries to be tried again.", value=now.retried)
        yield CounterMetricFamily(f"{PREFIX}_digests", "Digests delivered, each of many messages.", value=now.digests)
        yield now.times.family(f"{PREFIX}_delivery_seconds")
        yield CounterMetricFamily(f"{PREFIX}_limited", "Deliveries put off by a receiver's limit.", value=now.limited)
        yield CounterMetricFamily(f"{PREFIX}_forgotten", "Alerts deleted for their age.", value=now.forgotten)
        yield CounterMetricFamily(f"{PREFIX}_dropped", "Alerts that slow watchers lost.", value=now.dropped)
        yield CounterMetricFamily(f"{PREFIX}_evaluated", "Rules looked at for an event.", value=now.evaluated)
        yield GaugeMetricFamily(f"{PREFIX}_owned_slots", "Slots of rule and asset held.", value=now.owned_slots)
        yield GaugeMetricFamily(f"{PREFIX}_pending", "Deliveries waiting, of all replicas.", value=now.pending)
        yield GaugeMetricFamily(f"{PREFIX}_redis_available", "Whether Redis answers.", value=now.is_redis_available)
        yield GaugeMetricFamily(
            f"{PREFIX}_postgres_available", "Whether Postgres takes writes.", value=now.is_postgres_available
        )
        yield GaugeMetricFamily(f"{PREFIX}_connected", "Whether the arbitrage stream is up.", value=now.is_connected)
        yield self._canaries()

    def _canaries(self) -> Metric:
        family = GaugeMetricFamily(
            f"{PREFIX}_canary_delivered_timestamp_seconds",
            "When a channel last took a canary, from any replica, in seconds since the epoch; 0 before the first.",
            labels=["rule", "channel"],
        )
        for one in self._counters.canaries:
            taken_seconds = from_timestamp(one.delivery_time) / SECOND_NS
            family.add_metric([one.rule.rpartition("/")[2], one.channel_id], taken_seconds)
        return family
