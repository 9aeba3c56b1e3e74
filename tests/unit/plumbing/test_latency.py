"""Quantiles from the growing buckets."""

import random

import pytest

from crossbook.plumbing.latency import LatencyHistogram


def test_it_is_zero_before_anything_came() -> None:
    """No samples, no latency."""
    assert LatencyHistogram().quantile_us(0.99) == 0.0


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99, 1.0])
def test_quantiles_are_within_one_percent_of_the_exact_ones(share: float) -> None:
    """A quantile differs by at most one percent from that of the sorted samples."""
    source = random.Random(7)
    samples = [source.lognormvariate(6, 2) + 1 for _ in range(5000)]
    histogram = LatencyHistogram()
    for sample in samples:
        histogram.add(sample)
    exact = sorted(samples)[max(1, round(len(samples) * share)) - 1]
    assert histogram.quantile_us(share) == pytest.approx(exact, rel=0.011)


def test_absurd_durations_are_bounded() -> None:
    """Clocks that disagree and days of delay do not break it."""
    histogram = LatencyHistogram()
    histogram.add(-5.0)
    histogram.add(1e18)
    assert histogram.quantile_us(0.5) == 1.0
    assert histogram.quantile_us(1.0) == pytest.approx(3.6e9, rel=0.011)
