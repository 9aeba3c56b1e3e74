"""The median wait of a frame's quote."""

from crossbook.tracker.outgoing.latency import SAMPLES, FrameLatency, p50_us


def test_it_is_zero_before_anything_came() -> None:
    """A batch without quotes is no sample."""
    latency = FrameLatency()
    latency.on_batch(1_000)
    assert p50_us([latency]) == 0.0


def test_it_is_the_median_wait_in_microseconds() -> None:
    """Each batch gives one sample."""
    latency = FrameLatency()
    for wait_ns in (1_000, 9_000, 5_000):
        latency.on_quotes(100_000)
        latency.on_batch(100_000 + wait_ns)
    assert p50_us([latency]) == 5.0


def test_early_and_late_frames_of_a_batch_are_both_sampled() -> None:
    """The sample is not always the frame that waited longest."""
    latency = FrameLatency()
    for _ in range(2):
        latency.on_quotes(0)
        latency.on_quotes(8_000)
        latency.on_batch(10_000)
    assert p50_us([latency]) == 6.0


def test_old_samples_leave() -> None:
    """Only the last ones count."""
    latency = FrameLatency()
    for wait_ns in [50_000] * SAMPLES + [1_000] * SAMPLES:
        latency.on_quotes(0)
        latency.on_batch(wait_ns)
    assert p50_us([latency]) == 1.0


def test_the_lanes_of_a_venue_are_taken_together() -> None:
    """One that has no sample yet changes nothing."""
    latencies = [FrameLatency() for _ in range(3)]
    for latency, wait_ns in zip(latencies, (2_000, 4_000), strict=False):
        latency.on_quotes(0)
        latency.on_batch(wait_ns)
    assert p50_us(latencies) == 3.0
