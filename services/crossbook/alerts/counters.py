"""What this process has done and what it can reach, for GetAlertStats and Prometheus."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from prometheus_client import REGISTRY, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

PREFIX = "crossbook_alerts"


@dataclass(slots=True)
class Counters:
    """Counts since the process started; `pending` is the outbox of all replicas as last seen."""

    fired: int = 0
    suppressed: int = 0
    delivered: int = 0
    failed: int = 0
    retried: int = 0
    limited: int = 0
    forgotten: int = 0
    dropped: int = 0
    evaluated: int = 0
    pending: int = 0
    owned_slots: int = 0
    is_redis_available: bool = False
    is_postgres_available: bool = False
    is_connected: bool = False
    arbitrage_target: str = ""


class CountersCollector(Collector):
    """The counters in Prometheus' terms, read at the moment of the scrape."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    def collect(self) -> Iterable[Metric]:
        """Called by every scrape."""
        now = self._counters
        yield CounterMetricFamily(f"{PREFIX}_fired", "Alerts fired.", value=now.fired)
        yield CounterMetricFamily(f"{PREFIX}_suppressed", "Matches held back by a cooldown.", value=now.suppressed)
        yield CounterMetricFamily(f"{PREFIX}_delivered", "Deliveries done.", value=now.delivered)
        yield CounterMetricFamily(f"{PREFIX}_failed", "Deliveries given up.", value=now.failed)
        yield CounterMetricFamily(f"{PREFIX}_retried", "Deliveries to be tried again.", value=now.retried)
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


@contextmanager
def collected(counters: Counters) -> Iterator[None]:
    """Shows the counters in the default registry until the end of the block."""
    collector = CountersCollector(counters)
    REGISTRY.register(collector)
    try:
        yield
    finally:
        REGISTRY.unregister(collector)
