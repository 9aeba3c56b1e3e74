"""What a run recorded, and the windows that follow from it."""

from collections.abc import Iterator
from pathlib import Path

from crossbook.pb.v1.aggregator_pb2 import IngestQuotesRequest
from crossbook.pb.v1.market_pb2 import QuoteBatch
from crossbook.plumbing.recording import read_recording
from crossbook.tracker.recorder import Kind
from tests.support.window_oracle import MinuteRow, SnapshotRow, StatsRow, WindowOracle, bits
from tests.support.window_tables import read_minutes, read_snapshots


def recorded_batches(data_dir: Path, venue: str) -> Iterator[QuoteBatch]:
    """The batches that the venue's tracker sent in the one run recorded in data_dir, in order."""
    (folder,) = (data_dir / "recordings").glob("*/tracker")
    for record in read_recording(folder, venue):
        if record.kind == Kind.BATCH:
            yield IngestQuotesRequest.FromString(record.payload).batch


def recompute(data_dir: Path, venue: str, window_seconds: int) -> WindowOracle:
    """The windows of everything that was sent."""
    oracle = WindowOracle(venue, window_seconds)
    for batch in recorded_batches(data_dir, venue):
        oracle.feed(batch)
    return oracle


def assert_windows_equal(dsn: str, data_dir: Path, venue: str, window_seconds: int) -> list[SnapshotRow]:
    """Every window that the recording closes is in Postgres, bit for bit, and no other; so are the minutes."""
    oracle = recompute(data_dir, venue, window_seconds)
    snapshots = read_snapshots(dsn, venue)
    assert _by_key(snapshots) == _by_key(oracle.snapshots)
    minutes: list[MinuteRow] = oracle.minutes()
    assert _by_key(read_minutes(dsn, venue)) == _by_key(minutes)
    return snapshots


def _by_key(rows: list[SnapshotRow] | list[MinuteRow]) -> dict[tuple[int, str], tuple[object, ...]]:
    keyed: dict[tuple[int, str], tuple[object, ...]] = {}
    for row in rows:
        key = _key(row)
        assert key not in keyed
        keyed[key] = bits(row)
    return keyed


def _key(row: StatsRow) -> tuple[int, str]:
    return row.start_ns, row.symbol
