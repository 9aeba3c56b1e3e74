"""What this process has done since it started, counted once and shown by the RPC and by Prometheus."""

from dataclasses import dataclass


@dataclass(slots=True)
class Totals:
    """Plain counters; only the event loop's thread touches them."""

    windows_written: int = 0
    snapshots_written: int = 0
    minutes_written: int = 0
    incomplete_snapshots: int = 0
    contested_snapshots: int = 0
    batches_refused: int = 0
    is_database_available: bool = False
