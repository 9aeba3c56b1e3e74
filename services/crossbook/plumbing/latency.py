"""Quantiles of durations that the core has measured, as Prometheus shows them."""

from collections.abc import Callable

from prometheus_client.core import GaugeMetricFamily


def quantiles(name: str, description: str, quantile_us: Callable[[float], float]) -> GaugeMetricFamily:
    """The median and the 99th percentile, in microseconds, labelled by quantile."""
    family = GaugeMetricFamily(name, description, labels=["quantile"])
    for share in (0.5, 0.99):
        family.add_metric([str(share)], quantile_us(share))
    return family
