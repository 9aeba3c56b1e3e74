"""What this process has done since it started, counted once and shown by the RPC and by Prometheus."""

from dataclasses import dataclass, field

from prometheus_client import Histogram

from crossbook.plumbing.latency import LatencyHistogram

FLUSH_SECONDS = Histogram(
    "crossbook_aggregator_flush_seconds", "Time of one try to commit one window of one venue, in seconds."
)


@dataclass(slots=True)
class Counters:
    """Plain counters; only the event loop's thread changes them."""

    windows_written: int = 0
    snapshots_written: int = 0
    minutes_written: int = 0
    incomplete_snapshots: int = 0
    contested_snapshots: int = 0
    lost_windows: int = 0
    batches_refused: int = 0
    positions_set_back: int = 0
    is_database_available: bool = False
    # From a batch's leaving its tracker to our door; batches that are sent again are old when they come.
    batch_transit: LatencyHistogram = field(default_factory=LatencyHistogram)
    # Of one batch: decoding, windows, handing its quotes on.
    window_update: LatencyHistogram = field(default_factory=LatencyHistogram)
