"""The median wait of a frame's quote."""

from crossbook.tracker.latency import SAMPLES, FrameLatency


def test_it_is_zero_before_anything_came() -> None:
    """A batch without quotes is no sample."""
    latency = FrameLatency()
    latency.on_batch(1_000)
    assert latency.p50_us() == 0.0


def test_it_is_the_median_wait_in_microseconds() -> None:
    """Each batch gives one sample."""
    latency = FrameLatency()
    for wait_ns in (1_000, 9_000, 5_000):
        latency.on_quotes(100_000)
        latency.on_batch(100_000 + wait_ns)
    assert latency.p50_us() == 5.0


def test_early_and_late_frames_of_a_batch_are_both_sampled() -> None:
    """The sample is not always the frame that waited longest."""
    latency = FrameLatency()
    for _ in range(2):
        latency.on_quotes(0)
        latency.on_quotes(8_000)
        latency.on_batch(10_000)
    assert latency.p50_us() == 6.0


def test_old_samples_leave() -> None:
    """Only the last ones count."""
    latency = FrameLatency()
    for wait_ns in [50_000] * SAMPLES + [1_000] * SAMPLES:
        latency.on_quotes(0)
        latency.on_batch(wait_ns)
    assert latency.p50_us() == 1.0
