"""What a run recorded, and the windows that follow from it."""

from collections.abc import Iterator
from pathlib import Path

from crossbook.pb.v1.aggregator_pb2 import IngestQuotesRequest
from crossbook.pb.v1.market_pb2 import QuoteBatch
from crossbook.plumbing.recording import read_recording
from crossbook.tracker.feed.recorder import Kind
from tests.support.aggregator.window_oracle import (
    MINUTE_NS,
    SECOND_NS,
    MinuteRow,
    SnapshotRow,
    StatsRow,
    WindowOracle,
    bits,
    tops_of,
)
from tests.support.aggregator.window_tables import read_minutes, read_snapshots

LANE_IS_GONE_NS = 3 * SECOND_NS  # one that is fed has told how far it is within a second


def recorded_batches(data_dir: Path, venue: str) -> Iterator[QuoteBatch]:
    """The batches that the venue's tracker sent in the one run recorded in data_dir, in order."""
    (folder,) = (data_dir / "recordings").glob("*/tracker")
    for record in read_recording(folder, venue):
        if record.kind == Kind.BATCH:
            yield IngestQuotesRequest.FromString(record.payload).batch


def recompute(data_dir: Path, venue: str, window_seconds: int) -> WindowOracle:
    """The windows of everything that was sent, to whichever shard: of an instrument only its own quotes count.

    They are closed as far as all lanes came that were fed to the end.
    """
    oracle, quotes, ends = WindowOracle(venue, window_seconds), [], {}
    for lane, batches in _by_lane(data_dir, venue).items():
        symbols: dict[int, str] = {}
        for batch in batches:
            symbols.update((entry.index, entry.instrument.symbol) for entry in batch.symbols)
            if not batch.is_carried:  # those were told by another lane
                quotes += [(symbols[index], quote) for index, quote in tops_of(batch)]
            ends[lane] = batch.watermark_ns
    for symbol, quote in sorted(quotes, key=lambda one: one[1].receive_ns):
        oracle.take(symbol, quote)
    oracle.advance(min(end_ns for end_ns in ends.values() if end_ns > max(ends.values()) - LANE_IS_GONE_NS))
    return oracle


def assert_windows_equal(dsn: str, data_dir: Path, venue: str, window_seconds: int) -> list[SnapshotRow]:
    """Every window that the recording closes is in Postgres, bit for bit, and no other; so are the minutes."""
    oracle = recompute(data_dir, venue, window_seconds)
    snapshots = [row for row in read_snapshots(dsn, venue) if row.start_ns < oracle.closed_until_ns]
    assert _by_key(snapshots) == _by_key(oracle.snapshots)
    minutes: list[MinuteRow] = oracle.minutes()
    ended_ns = oracle.closed_until_ns // MINUTE_NS * MINUTE_NS
    written = [row for row in read_minutes(dsn, venue) if row.start_ns < ended_ns]
    assert _by_key(written) == _by_key(minutes)
    return snapshots


def _by_lane(data_dir: Path, venue: str) -> dict[int, list[QuoteBatch]]:
    (folder,) = (data_dir / "recordings").glob("*/tracker")
    lanes: dict[int, list[QuoteBatch]] = {}
    for record in read_recording(folder, venue):
        if record.kind == Kind.BATCH:
            lanes.setdefault(record.connection, []).append(IngestQuotesRequest.FromString(record.payload).batch)
    return lanes


def _by_key(rows: list[SnapshotRow] | list[MinuteRow]) -> dict[tuple[int, str], tuple[object, ...]]:
    keyed: dict[tuple[int, str], tuple[object, ...]] = {}
    for row in rows:
        key = _key(row)
        assert key not in keyed
        keyed[key] = bits(row)
    return keyed


def _key(row: StatsRow) -> tuple[int, str]:
    return row.start_ns, row.symbol
