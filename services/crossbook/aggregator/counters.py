"""What this process has done since it started, counted once and shown by the RPC and by Prometheus."""

from dataclasses import dataclass

from prometheus_client import Histogram

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
