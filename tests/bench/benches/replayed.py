"""Recorded frames to windows on one core."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

from tests.bench.product import Bench, Probe, Product
from tests.bench.recorded import trackers
from tests.bench.rows import Row, at_least
from tests.bench.workers import worker

ROWS = (
    Row(
        "frames_replayed_to_windows_per_s",
        "frames/s",
        "Recorded frames of all venues through feed, batches and windows on one core, without sockets and gRPC.",
        is_higher_better=True,
        targets=(at_least(100_000),),
    ),
)


def opened(product: Product, rows: Sequence[Row]) -> AbstractAsyncContextManager[Probe]:
    """Its part is the row."""
    return worker(product, "replayed", [row.key for row in rows], {"path": str(trackers())})


BENCH = Bench(
    "replayed",
    "Recorded frames to windows on one core.",
    ROWS,
    opened,
    rounds=3,
    limits="Fingerprints of every batch are taken on the way and count.",
)
