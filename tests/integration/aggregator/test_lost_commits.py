"""Postgres comes back without what it had committed, as after a failover to a replica that was behind."""

from collections.abc import Awaitable, Callable, Iterable

import psycopg
import pytest

from crossbook.aggregator.store.store import RestorePoint, Store
from crossbook.pb.v1.aggregator_pb2 import IngestQuotesRequest
from crossbook.pb.v1.market_pb2 import VenueHealth
from crossbook.plumbing.errors import UnavailableError
from tests.support.aggregator.aggregator_process import aggregator_settings, get_stats, running_aggregator
from tests.support.aggregator.buffering_tracker import BufferingTracker
from tests.support.aggregator.quote_stream import QuoteStream
from tests.support.aggregator.window_oracle import MINUTE_NS, SECOND_NS, SnapshotRow, WindowOracle, bits
from tests.support.aggregator.window_tables import committed_until_ns, read_minutes, read_snapshots
from tests.support.waiting import eventually

VENUE = "alpha"
OpenVenue = Callable[[Store, str], Awaitable[RestorePoint | None]]
WINDOW_NS = 15 * SECOND_NS
# What a replica holds that saw nothing after `until`.
POSITION = "SELECT stream_id, position, committed_until FROM stream_positions WHERE venue = %s"
ROLL_BACK = (
    "DELETE FROM snapshots WHERE venue = %(venue)s AND window_start >= %(until)s",
    "DELETE FROM minutes WHERE venue = %(venue)s AND minute_start + interval '1 minute' > %(until)s",
    "UPDATE stream_positions SET stream_id = %(stream)s, position = %(position)s, committed_until = %(until)s"
    " WHERE venue = %(venue)s",
)


@pytest.mark.parametrize("refusals", [0, 2])
async def test_commits_that_are_lost_are_told_counted_and_have_rows_that_say_so(
    postgres_dsn: str, free_port: int, refusals: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The venue begins again from what Postgres has, also when that cannot be read at first, as during a failover: no
    window is without a row, and what is lost is incomplete.
    """
    async with running_aggregator(aggregator_settings(postgres_dsn, free_port)) as channel:
        stream, oracle = QuoteStream(VENUE), WindowOracle(VENUE, 15)
        async with BufferingTracker(f"127.0.0.1:{free_port}", stream) as tracker:
            _send(tracker, stream, oracle, 150)
            await eventually(lambda: committed_until_ns(postgres_dsn, VENUE) == oracle.closed_until_ns)
            until_ns, replica = oracle.closed_until_ns, _position(postgres_dsn)
            _send(tracker, stream, oracle, 150)
            await eventually(lambda: committed_until_ns(postgres_dsn, VENUE) == oracle.closed_until_ns)
            lost_ns = oracle.closed_until_ns - until_ns
            await eventually(lambda: tracker.acknowledged == _position(postgres_dsn)["position"])
            acknowledged = tracker.acknowledged
            _roll_back(postgres_dsn, replica)
            monkeypatch.setattr(Store, "open_venue", _refusing(Store.open_venue, refusals))
            _send(tracker, stream, oracle, 150)
            tracker.send(stream.heartbeat((stream.now_ns // MINUTE_NS + 2) * MINUTE_NS))
            ended_ns = stream.now_ns
            await eventually(lambda: committed_until_ns(postgres_dsn, VENUE) == ended_ns)
            stats = await get_stats(channel)
    assert stats.lost_windows == lost_ns // WINDOW_NS > 2
    assert tracker.resumed_from[-1] == acknowledged + 1, "what it still held is sent again"
    rows = read_snapshots(postgres_dsn, VENUE)
    _assert_no_window_is_missing(rows)
    lost = [row for row in rows if until_ns <= row.start_ns < until_ns + lost_ns - WINDOW_NS]
    assert lost
    assert {(row.live_ns, row.tick_count, row.is_complete) for row in lost} == {(0, 0, False)}
    whole = {(row.start_ns, row.symbol): bits(row) for row in oracle.snapshots if row.start_ns < until_ns}
    assert {(row.start_ns, row.symbol): bits(row) for row in rows if row.start_ns < until_ns} == whole
    assert rows[-1].is_complete
    ends = {row.start_ns for row in read_minutes(postgres_dsn, VENUE) if not row.is_complete}
    assert {row.start_ns // MINUTE_NS * MINUTE_NS for row in lost} <= ends


async def test_health_costs_no_stream_however_long_or_wrong_it_is(postgres_dsn: str, free_port: int) -> None:
    """It is cut, or ignored; quotes go on."""
    broken = [
        IngestQuotesRequest(health=VenueHealth(venue=VENUE, reason="x" * 5_000)).SerializeToString(),
        IngestQuotesRequest(health=VenueHealth(venue="another")).SerializeToString(),
        b"\x1a\x02\xff\xff",
    ]
    async with running_aggregator(aggregator_settings(postgres_dsn, free_port)) as channel:
        stream, oracle = QuoteStream(VENUE), WindowOracle(VENUE, 15)
        async with BufferingTracker(f"127.0.0.1:{free_port}", stream) as tracker:
            _send(tracker, stream, oracle, 20)
            await eventually(lambda: tracker.resumed_from)
            for payload in broken:
                tracker.say(payload)
            _send(tracker, stream, oracle, 150)
            await eventually(lambda: committed_until_ns(postgres_dsn, VENUE) == oracle.closed_until_ns)
            (told,) = (await get_stats(channel)).streams
    assert (tracker.endings, len(told.health.reason)) == ([], 1_000)


def _send(tracker: BufferingTracker, stream: QuoteStream, oracle: WindowOracle, batches: int) -> None:
    for _ in range(batches):
        batch = stream.next_batch()
        oracle.feed(batch)
        tracker.send(batch)


def _refusing(open_venue: OpenVenue, refusals: int) -> OpenVenue:
    left = iter(range(refusals))

    async def refuse_at_first(store: Store, venue: str) -> RestorePoint | None:
        if next(left, None) is not None:
            raise UnavailableError("Postgres cannot be reached")
        return await open_venue(store, venue)

    return refuse_at_first


def _position(dsn: str) -> dict[str, object]:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(POSITION, (VENUE,)).fetchone()
    assert row is not None
    return {"venue": VENUE, "stream": row[0], "position": row[1], "until": row[2]}


def _roll_back(dsn: str, replica: dict[str, object]) -> None:
    with psycopg.connect(dsn) as connection:
        for statement in ROLL_BACK:
            connection.execute(statement, replica)


def _assert_no_window_is_missing(rows: Iterable[SnapshotRow]) -> None:
    starts: dict[str, list[int]] = {}
    for row in rows:
        starts.setdefault(row.symbol, []).append(row.start_ns)
    for symbol, found in starts.items():
        assert found == list(range(found[0], found[-1] + 1, WINDOW_NS)), symbol
