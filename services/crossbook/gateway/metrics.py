"""Prometheus metrics: read at the moment of the scrape from the counters that exist anyway."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from crossbook.gateway.counters import Counters

PREFIX = "crossbook_gateway"


class GatewayCollector(Collector):
    """What the process has counted, in Prometheus' terms."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    def collect(self) -> Iterable[Metric]:
        """Called by every scrape, in its thread."""
        now = self._counters
        yield GaugeMetricFamily(f"{PREFIX}_sockets", "WebSockets open now.", value=now.sockets)
        yield GaugeMetricFamily(f"{PREFIX}_subscriptions", "Subscriptions of them.", value=now.subscriptions)
        yield CounterMetricFamily(f"{PREFIX}_frames", "Frames sent.", value=now.frames_sent)
        yield CounterMetricFamily(f"{PREFIX}_bytes", "Bytes of frames sent.", value=now.bytes_sent)
        yield CounterMetricFamily(
            f"{PREFIX}_stalled_sockets", "Sockets closed because nothing was read.", value=now.stalled_sockets
        )
