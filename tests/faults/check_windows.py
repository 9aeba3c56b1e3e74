"""Every window that a run must have written, recomputed from what the trackers recorded in it.

Where one stream went on, whatever was killed around it, rows must be equal in every bit. Where a tracker was killed its
stream ended, and with it up to a second of its recording: from there until every instrument has come back in the next
stream, a row is incomplete, or claims no more LIVE time than there was a tracker.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import pairwise

from crossbook.pb.v1.market_pb2 import QuoteBatch
from tests.faults.absence import Span
from tests.faults.rig import VENUES_OF, WINDOW_SECONDS, Rig
from tests.faults.trial import Trial
from tests.histories.witness import deafness
from tests.support.aggregator.window_oracle import (
    MINUTE_NS,
    SECOND_NS,
    SnapshotRow,
    StatsRow,
    WindowOracle,
    bits,
    roll_up,
)
from tests.support.aggregator.window_tables import committed_until_ns, read_minutes, read_snapshots
from tests.support.tracker.recordings import recorded_batches

WINDOW_NS = WINDOW_SECONDS * SECOND_NS
LOST_TAIL_NS = 2 * SECOND_NS  # what a kill may cut off a recording, and a window may wait for its commit

Finding = tuple[int, str]
"""When, and what is wrong."""


@dataclass
class Stream:
    """One life of a venue's stream, recomputed."""

    oracle: WindowOracle
    first_row_ns: dict[str, int] = field(default_factory=dict)
    last_ns: int = 0


@dataclass(frozen=True)
class Gap:
    """Between two streams of a venue; rows of windows that begin in it cannot be recomputed exactly."""

    from_ns: int
    to_ns: int
    dead_ns: int
    returns: dict[str, int]
    is_tail_lost: bool


def check_windows(rig: Rig, trials: Sequence[Trial], is_overflowing: bool) -> Iterator[Finding]:
    """What is wrong with the rows of all venues."""
    for tracker, venues in VENUES_OF.items():
        kills = [trial for trial in trials if tracker in trial.fault.kills]
        for venue in venues:
            streams = list(_streams(recorded_batches(rig.data_dir, venue), venue))
            rows = read_snapshots(rig.postgres.dsn, venue)
            yield from _check_minutes(rig.postgres.dsn, venue, rows)
            gaps = [_gap(before, after, kills) for before, after in pairwise(streams)]
            if len(gaps) != len(kills):
                yield 0, f"{venue}: {len(streams)} streams after {len(kills)} kills"
            deaf = [trial for trial in trials if is_overflowing or tracker in trial.fault.freezes]
            lossy = [(trial.started_ns, trial.recovered_ns) for trial in deaf]
            yield from _check(venue, streams, gaps, rows, lossy)
            yield from _check_pauses(venue, rows, rig.absences.paused[tracker])


def _streams(batches: Iterable[QuoteBatch], venue: str) -> Iterator[Stream]:
    stream, stream_id = Stream(WindowOracle(venue, WINDOW_SECONDS)), ""
    symbols: dict[int, str] = {}
    for batch in batches:
        if batch.stream_id != stream_id and stream_id:
            yield stream
            stream, symbols = Stream(WindowOracle(venue, WINDOW_SECONDS)), {}
        stream_id = batch.stream_id
        symbols.update((entry.index, entry.instrument.symbol) for entry in batch.symbols)
        for index, receive_ns in zip(batch.symbol_index, batch.receive_ns, strict=True):
            stream.first_row_ns.setdefault(symbols[index], receive_ns)
        stream.oracle.feed(batch)
        stream.last_ns = max(batch.watermark_ns, *batch.receive_ns, 0)
    yield stream


def _gap(before: Stream, after: Stream, kills: Sequence[Trial]) -> Gap:
    kill = min(kills, key=lambda trial: abs(trial.started_ns - before.last_ns))
    return Gap(
        from_ns=_floor(before.last_ns - LOST_TAIL_NS),
        to_ns=_floor(max(after.first_row_ns.values())) + WINDOW_NS,
        dead_ns=kill.started_ns,
        returns=after.first_row_ns,
        is_tail_lost="aggregator" in kill.fault.kills,
    )


def _check(
    venue: str,
    streams: Sequence[Stream],
    gaps: Sequence[Gap],
    rows: Sequence[SnapshotRow],
    lossy: Sequence[Span],
) -> Iterator[Finding]:
    expected = {_key(row): row for stream in streams for row in stream.oracle.snapshots if not _gap_of(row, gaps)}
    for row in rows:
        gap = _gap_of(row, gaps)
        if gap is not None:
            yield from _check_in_gap(row, gap)
            continue
        known = expected.pop(_key(row), None)
        if known is None:
            yield row.start_ns, f"{venue} {row.symbol}: a window that should not be there"
        elif bits(known) != bits(row) and not _is_honest_loss(row, known, lossy):
            yield row.start_ns, f"{venue} {row.symbol}: {_difference(known, row)}"
    for row in expected.values():
        yield row.start_ns, f"{venue} {row.symbol}: window is missing"
    if lossy and all(row.is_complete for row in rows):
        yield lossy[0][0], f"{venue}: nothing was lost or missed, so nothing was tested"


def _check_in_gap(row: SnapshotRow, gap: Gap) -> Iterator[Finding]:
    end_ns = row.start_ns + WINDOW_NS
    if not row.is_complete:
        return
    if gap.is_tail_lost and row.start_ns <= gap.dead_ns < end_ns:
        yield row.start_ns, f"{row.venue} {row.symbol}: lost with tracker and aggregator, and yet complete"
    before_ns = max(0, min(gap.dead_ns, end_ns) - row.start_ns)
    after_ns = max(0, end_ns - max(gap.returns.get(row.symbol, end_ns), row.start_ns))
    if row.live_ns > before_ns + after_ns:
        yield row.start_ns, f"{row.venue} {row.symbol}: LIVE for {row.live_ns} ns though its tracker was dead"


def _is_honest_loss(row: SnapshotRow, known: SnapshotRow, lossy: Sequence[Span]) -> bool:
    """Quotes were dropped or not heard: the row says so, or has its ticks and lacks only time before the first."""
    is_there = any(_floor(from_ns) <= row.start_ns <= to_ns + WINDOW_NS for from_ns, to_ns in lossy)
    if not is_there or row.live_ns > known.live_ns:
        return False
    if not row.is_complete:
        return row.tick_count <= known.tick_count
    timed = {name: getattr(known, name) for name in ("live_ns", "time_weighted_bid", "time_weighted_ask")}
    return bits(replace(row, **timed)) == bits(known)


def _check_pauses(venue: str, rows: Sequence[SnapshotRow], pauses: Sequence[Span]) -> Iterator[Finding]:
    """Nobody listened while the tracker stood still: no row claims that time, whatever the tracker recorded of it."""
    for row in rows:
        yield from ((row.start_ns, f"{venue} {row.symbol}: {text}") for text in deafness(row, (), pauses))


def _check_minutes(dsn: str, venue: str, rows: Sequence[SnapshotRow]) -> Iterator[Finding]:
    """Minutes are the exact sums of the rows that were written."""
    ended_ns = committed_until_ns(dsn, venue) // MINUTE_NS * MINUTE_NS
    expected = {_key(row): bits(row) for row in roll_up(row for row in rows if row.start_ns < ended_ns)}
    written = {_key(row): bits(row) for row in read_minutes(dsn, venue)}
    for key in expected.keys() | written.keys():
        if expected.get(key) != written.get(key):
            yield key[0], f"{venue} {key[1]}: the minute is not the sum of its windows"


def _difference(known: SnapshotRow, row: SnapshotRow) -> str:
    names = [field.name for field in fields(SnapshotRow)]
    different = [name for name in names if getattr(known, name) != getattr(row, name)]
    return ", ".join(f"{name} {getattr(row, name)} instead of {getattr(known, name)}" for name in different[:4])


def _gap_of(row: SnapshotRow, gaps: Sequence[Gap]) -> Gap | None:
    return next((gap for gap in gaps if gap.from_ns <= row.start_ns < gap.to_ns), None)


def _floor(time_ns: int) -> int:
    return time_ns // WINDOW_NS * WINDOW_NS


def _key(row: StatsRow) -> tuple[int, str]:
    return row.start_ns, row.symbol
