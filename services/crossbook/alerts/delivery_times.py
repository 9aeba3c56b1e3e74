"""How long deliveries took from the making of their message to the receiver's answer, by kind of channel."""

from bisect import bisect_left
from collections import defaultdict

from prometheus_client.core import HistogramMetricFamily

BOUNDS_SECONDS = (0.1, 0.5, 1.0, 5.0, 30.0, 120.0, 600.0, 3600.0)


class DeliveryTimes:
    """Counts since the process started."""

    def __init__(self) -> None:
        self._counts: dict[str, list[int]] = defaultdict(lambda: [0] * (len(BOUNDS_SECONDS) + 1))
        self._sums: dict[str, float] = defaultdict(float)

    def add(self, kind: str, seconds: float) -> None:
        """One delivery; a clock that was set back makes it none."""
        self._counts[kind][bisect_left(BOUNDS_SECONDS, seconds)] += 1
        self._sums[kind] += max(0.0, seconds)

    def family(self, name: str) -> HistogramMetricFamily:
        """As Prometheus shows it."""
        family = HistogramMetricFamily(name, "From a message to its receiver's answer.", labels=["kind"])
        for kind, counts in sorted(self._counts.items()):
            total, buckets = 0, []
            for bound, count in zip((*map(str, BOUNDS_SECONDS), "+Inf"), counts, strict=True):
                total += count
                buckets.append((bound, float(total)))
            family.add_metric([kind], buckets, self._sums[kind])
        return family
