"""Quantiles of durations in fixed memory: a histogram whose buckets grow by a fixed ratio."""

import math
from collections.abc import Callable

from prometheus_client.core import GaugeMetricFamily

RATIO = 1.02  # so that an answer is within 1 % of the truth
_LOG_RATIO = math.log(RATIO)
_LARGEST_US = 3_600_000_000.0
_BUCKETS = math.ceil(math.log(_LARGEST_US) / _LOG_RATIO) + 1


class LatencyHistogram:
    """Durations of up to an hour, in microseconds; below one microsecond they count as one."""

    def __init__(self) -> None:
        self._counts = [0] * _BUCKETS
        self.count = 0

    def add(self, duration_us: float) -> None:
        """Counts one duration; clocks that disagree may make it negative."""
        bounded = min(max(duration_us, 1.0), _LARGEST_US)
        self._counts[round(math.log(bounded) / _LOG_RATIO)] += 1
        self.count += 1

    def quantile_us(self, share: float) -> float:
        """The duration that `share` of all do not exceed; 0 before the first."""
        wanted = max(1, math.ceil(self.count * share))
        seen = 0
        for bucket, count in enumerate(self._counts):
            seen += count
            if count and seen >= wanted:
                return RATIO**bucket
        return 0.0


def quantiles(name: str, description: str, quantile_us: Callable[[float], float]) -> GaugeMetricFamily:
    """The median and the 99th percentile, in microseconds, labelled by quantile."""
    family = GaugeMetricFamily(name, description, labels=["quantile"])
    for share in (0.5, 0.99):
        family.add_metric([str(share)], quantile_us(share))
    return family
