"""What the aggregator serves to readers: pages of windows, latest quotes, streams that conflate, and its counters."""

import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import grpc
import psycopg
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from prometheus_client import REGISTRY

from crossbook.pb.v1 import aggregator_pb2 as messages
from crossbook.pb.v1.aggregator_pb2_grpc import AggregatorServiceStub
from crossbook.pb.v1.market_pb2 import AssetClass, BookState, QuoteBatch
from crossbook.plumbing.grpc.channel import open_channel
from tests.support.aggregator.aggregator_process import (
    AggregatorProcess,
    aggregator_settings,
    get_stats,
    running_aggregator,
)
from tests.support.aggregator.buffering_tracker import BufferingTracker
from tests.support.aggregator.quote_stream import QuoteStream
from tests.support.aggregator.window_oracle import MINUTE_NS, SECOND_NS, StatsRow, WindowOracle
from tests.support.aggregator.window_tables import committed_until_ns
from tests.support.tracker.tracking import free_port as another_port
from tests.support.waiting import eventually

VENUES = ("alpha", "beta")


class World:
    """An aggregator that has been fed some minutes of two venues, and what it must therefore know."""

    def __init__(self, dsn: str, channel: grpc.aio.Channel, target: str) -> None:
        self.dsn = dsn
        self.channel = channel
        self.stub = AggregatorServiceStub(channel)
        self.streams = {venue: QuoteStream(venue, seed) for seed, venue in enumerate(VENUES)}
        self.trackers = {venue: BufferingTracker(target, stream) for venue, stream in self.streams.items()}
        self.oracles = {venue: WindowOracle(venue, 15) for venue in VENUES}
        self.latest: dict[tuple[str, str], tuple[float, float, int]] = {}

    def send(self, venue: str, batch: QuoteBatch) -> None:
        self.oracles[venue].feed(batch)
        self.trackers[venue].send(batch)
        symbols = {entry.index: entry.instrument.symbol for entry in self.streams[venue].entries}
        for index, bid, ask, state in zip(batch.symbol_index, batch.bid, batch.ask, batch.state, strict=True):
            self.latest[venue, symbols[index]] = (bid, ask, state)

    async def feed_minutes(self) -> None:
        """Until every window of both venues is committed."""
        for venue, stream in self.streams.items():
            for _ in range(400):
                self.send(venue, stream.next_batch())
            self.send(venue, stream.heartbeat((stream.now_ns // MINUTE_NS + 1) * MINUTE_NS))
        for venue in VENUES:
            await eventually(lambda venue=venue: self._is_committed(venue))

    def _is_committed(self, venue: str) -> bool:
        return committed_until_ns(self.dsn, venue) == self.oracles[venue].closed_until_ns

    def rows(self, kind: str) -> list[StatsRow]:
        found: list[StatsRow] = []
        for oracle in self.oracles.values():
            found += oracle.snapshots if kind == "snapshots" else oracle.minutes()
        return sorted(found, key=lambda row: (row.start_ns, row.venue, row.symbol))


@pytest.fixture
async def world(postgres_dsn: str, free_port: int) -> AsyncIterator[World]:
    settings = aggregator_settings(postgres_dsn, free_port, metrics_port=another_port())
    async with running_aggregator(settings) as channel:
        world = World(postgres_dsn, channel, f"127.0.0.1:{free_port}")
        async with world.trackers["alpha"], world.trackers["beta"]:
            yield world


def _statistics(row: messages.WindowStats) -> dict[str, object]:
    return {
        field.name: getattr(row, field.name)
        for field in row.DESCRIPTOR.fields
        if field.name not in ("start_time", "end_time", "last_quote", "coverage", "windows")
        and _is_set(row, field.name)
    } | {"start_ns": row.start_time.seconds * SECOND_NS}


def _is_set(row: messages.WindowStats, name: str) -> bool:
    field = row.DESCRIPTOR.fields_by_name[name]
    return not field.has_presence or row.HasField(name)


def _expected(row: StatsRow) -> dict[str, object]:
    names = [name for name in StatsRow.__slots__ if name not in ("live_ns", "window_ns")]
    return {name: value for name in names if (value := getattr(row, name)) is not None}


@pytest.mark.parametrize("kind", ["snapshots", "minutes"])
async def test_pages_hold_every_row_once_in_order(world: World, kind: str) -> None:
    """Pages of seven, together, are all rows, ordered by start, venue and symbol, with every figure exact."""
    await world.feed_minutes()
    call, request = {
        "snapshots": (world.stub.ListSnapshots, messages.ListSnapshotsRequest(page_size=7)),
        "minutes": (world.stub.ListMinutes, messages.ListMinutesRequest(page_size=7)),
    }[kind]
    rows: list[messages.WindowStats] = []
    while True:
        answer = await call(request, timeout=30)
        page = getattr(answer, kind)
        rows += page
        request.page_token = answer.next_page_token
        if not answer.next_page_token:
            break
        assert len(page) == 7
    expected = world.rows(kind)
    assert len(expected) > 50
    assert [_statistics(row) for row in rows] == [_expected(row) for row in expected]
    length = {"snapshots": 15, "minutes": 60}[kind]
    assert [row.coverage for row in rows] == [row.live_ns / (length * SECOND_NS) for row in expected]
    assert [row.windows for row in rows] == [getattr(row, "windows", 1) for row in expected]
    assert not any(row.is_complete and row.windows * 15 < length for row in rows)
    assert all(row.end_time.seconds - row.start_time.seconds == length for row in rows)
    assert all(row.HasField("last_quote") == (kind == "snapshots") for row in rows)
    classes = {row.last_quote.asset_class for row in rows if row.HasField("last_quote")}
    assert classes == ({AssetClass.ASSET_CLASS_COIN} if kind == "snapshots" else set())


async def test_lists_keep_to_their_filters(world: World) -> None:
    """Venues, symbols and a half-open range of starts; a venue that has sent nothing matches nothing."""
    await world.feed_minutes()
    symbol = "COIN1/USDT:USDT"
    rows = [row for row in world.rows("snapshots") if (row.venue, row.symbol) == ("beta", symbol)]
    first, last = rows[2].start_ns // SECOND_NS, rows[6].start_ns // SECOND_NS
    answer = await world.stub.ListSnapshots(
        messages.ListSnapshotsRequest(
            venues=["beta"],
            symbols=[symbol],
            from_time=Timestamp(seconds=first),
            to_time=Timestamp(seconds=last),
        ),
        timeout=30,
    )
    assert [_statistics(row) for row in answer.snapshots] == [_expected(row) for row in rows[2:6]]
    assert {row.last_quote.asset for row in answer.snapshots} == {"COIN1"}
    nothing = await world.stub.ListSnapshots(messages.ListSnapshotsRequest(venues=["okx"]), timeout=30)
    assert nothing == messages.ListSnapshotsResponse()


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda stub: stub.ListSnapshots(messages.ListSnapshotsRequest(page_size=-1), timeout=30), "page_size"),
        (lambda stub: stub.ListMinutes(messages.ListMinutesRequest(page_token="x"), timeout=30), "page_token"),
        (
            lambda stub: stub.ListLatestQuotes(messages.ListLatestQuotesRequest(filter={"venues": ["A"]}), timeout=30),
            "filter.venues[0]",
        ),
        (
            lambda stub: stub.WatchQuotes(messages.WatchQuotesRequest(filter={"venues": ["A"]}), timeout=30).read(),
            "filter.venues[0]",
        ),
    ],
)
async def test_a_bad_request_names_its_field(world: World, call: Callable[[Any], Any], field: str) -> None:
    """INVALID_ARGUMENT with google.rpc.BadRequest, on unary calls and on streams."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call(world.stub)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    status, bad_request = rpc_status.from_call(caught.value), error_details_pb2.BadRequest()
    assert status.details[0].Unpack(bad_request)
    assert [violation.field for violation in bad_request.field_violations] == [field]


async def test_the_latest_quote_of_every_instrument(world: World) -> None:
    """Ordered by venue and symbol, whatever the order of their arrival."""
    await world.feed_minutes()
    answer = await world.stub.ListLatestQuotes(messages.ListLatestQuotesRequest(), timeout=30)
    found = {(quote.venue, quote.symbol): (quote.bid, quote.ask, quote.state) for quote in answer.quotes}
    assert found == world.latest
    assert list(found) == sorted(found)
    one = messages.ListLatestQuotesRequest(filter={"venues": ["beta"], "assets": ["COIN2"]})
    answer = await world.stub.ListLatestQuotes(one, timeout=30)
    assert [(quote.venue, quote.asset) for quote in answer.quotes] == [("beta", "COIN2")]


async def test_a_watcher_sees_what_it_asked_for(world: World) -> None:
    """What is known first, then every later state of its own instruments, to the newest."""
    await world.feed_minutes()
    request = messages.WatchQuotesRequest(filter={"venues": ["alpha"], "symbols": ["COIN0/USDT:USDT"]})
    call = world.stub.WatchQuotes(request, timeout=60)
    try:
        key = ("alpha", "COIN0/USDT:USDT")
        assert _top((await call.read()).quote) == world.latest[key]
        before = world.latest[key]
        while world.latest[key] == before:
            world.send("alpha", world.streams["alpha"].next_batch(rows=20))
        while _top(quote := (await call.read()).quote) != world.latest[key]:
            assert (quote.venue, quote.symbol) == key
    finally:
        call.cancel()


async def test_a_watcher_knows_that_it_is_connected_before_there_is_any_quote(world: World) -> None:
    """The headers come at once, for rows as for batches."""
    for call in (
        world.stub.WatchQuotes(messages.WatchQuotesRequest(), timeout=60),
        world.stub.SubscribeQuoteBatches(messages.SubscribeQuoteBatchesRequest(), timeout=60),
    ):
        try:
            await call.wait_for_connection()
        finally:
            call.cancel()


async def test_followers_see_a_tracker_leave_and_come_back(world: World) -> None:
    """Its instruments are CLOSED the moment it is gone, without any other news, and stand again after its resume."""
    await world.feed_minutes()
    request = messages.WatchQuotesRequest(filter={"venues": ["beta"], "symbols": ["COIN0/USDT:USDT"]})
    call = world.stub.WatchQuotes(request, timeout=60)
    try:
        standing = _top((await call.read()).quote)
        await world.trackers["beta"].cut()
        assert (await call.read()).quote.state == BookState.BOOK_STATE_CLOSED
        assert _top((await call.read()).quote) == standing
    finally:
        call.cancel()


async def test_a_slow_subscriber_gets_the_newest_and_is_told_what_it_missed(world: World) -> None:
    """It does not read while far more comes than its connection holds; nobody waits for it, and then it catches up."""
    call = world.stub.SubscribeQuoteBatches(messages.SubscribeQuoteBatchesRequest(), timeout=120)
    try:
        await eventually(lambda: _has_subscriber(world))
        sent = 0
        for _ in range(300):
            for venue, stream in world.streams.items():
                world.send(venue, stream.next_batch(rows=200, step_ns=1_000_000))
                sent += 200
        await eventually(lambda: _has_ingested(world, sent))
        rows, seen, symbols, conflated = 0, {}, {}, 0
        while seen != world.latest:
            answer = await call.read()
            batch, conflated = answer.batch, answer.conflated_quotes
            for entry in batch.symbols:
                symbols[entry.index] = (entry.instrument.venue, entry.instrument.symbol)
            for index, bid, ask, state in zip(batch.symbol_index, batch.bid, batch.ask, batch.state, strict=True):
                seen[symbols[index]] = (bid, ask, state)
                rows += 1
        assert conflated > 0
        assert rows + conflated == sent
    finally:
        call.cancel()
    await eventually(lambda: _has_subscriber(world, False))


async def test_counters_say_what_happened(world: World) -> None:
    """The RPC and Prometheus tell the same numbers, and they are those of the tables."""
    await world.feed_minutes()
    await eventually(lambda: _is_database_known(world))
    stats = await get_stats(world.channel)
    assert stats.snapshots_written == len(world.rows("snapshots"))
    assert stats.minutes_written == len(world.rows("minutes"))
    assert (stats.incomplete_snapshots, stats.batches_refused, stats.subscribers) == (0, 0, 0)
    assert [entry.venue for entry in stats.streams] == list(VENUES)
    for entry in stats.streams:
        stream = world.streams[entry.venue]
        assert (entry.stream_id, entry.connected) == (stream.stream_id, True)
        assert entry.received_sequence == entry.committed_sequence == stream.sequence
        assert entry.instruments == len(stream.entries)
        live = sum(
            state == BookState.BOOK_STATE_LIVE
            for (venue, _), (*_, state) in world.latest.items()
            if venue == entry.venue
        )
        assert entry.live_instruments == live
        assert entry.watermark.seconds == stream.now_ns // SECOND_NS

    def sample(name: str, **labels: str) -> float | None:
        return REGISTRY.get_sample_value(f"crossbook_aggregator_{name}", labels)

    assert sample("snapshot_rows_written_total") == stats.snapshots_written
    assert sample("minute_rows_written_total") == stats.minutes_written
    assert sum(sample("quotes_total", venue=venue) or 0 for venue in VENUES) == stats.quotes_ingested
    assert [sample("waiting_windows", venue=venue) for venue in VENUES] == [0, 0]
    assert [sample("repeated_batches_total", venue=venue) for venue in VENUES] == [0, 0]
    assert [sample("live_instruments", venue=entry.venue) for entry in stats.streams] == [
        entry.live_instruments for entry in stats.streams
    ]
    for entry in stats.streams:
        lag = sample("watermark_lag_seconds", venue=entry.venue) or 0
        assert lag == pytest.approx(time.time() - entry.watermark.seconds, abs=60)


async def test_a_stop_ends_streams_at_once(postgres_dsn: str, free_port: int, tmp_path: Path) -> None:
    """Followers hear UNAVAILABLE and the process exits with 0, however many streams are open."""
    aggregator = AggregatorProcess(postgres_dsn, free_port, tmp_path / "aggregator.log")
    async with aggregator, open_channel(aggregator.target) as channel:
        stub = AggregatorServiceStub(channel)
        calls = [stub.WatchQuotes(messages.WatchQuotesRequest(), timeout=60) for _ in range(3)]
        calls += [stub.SubscribeQuoteBatches(messages.SubscribeQuoteBatchesRequest(), timeout=60)]
        await eventually(lambda: _subscribers(channel, 4))
        assert await aggregator.end(signal.SIGTERM) == 0
        assert {await call.code() for call in calls} == {grpc.StatusCode.UNAVAILABLE}


def _top(quote: Any) -> tuple[float, float, int]:
    return (quote.bid, quote.ask, quote.state)


async def _subscribers(channel: grpc.aio.Channel, wanted: int) -> bool:
    return (await get_stats(channel)).subscribers == wanted


async def _has_subscriber(world: World, wanted: bool = True) -> bool:
    return bool((await get_stats(world.channel)).subscribers) is wanted


async def _has_ingested(world: World, quotes: int) -> bool:
    return (await get_stats(world.channel)).quotes_ingested >= quotes


async def _is_database_known(world: World) -> bool:
    return (await get_stats(world.channel)).database_available


async def test_a_minute_of_one_window_says_so(world: World, postgres_dsn: str) -> None:
    """Its coverage is a share of 60 s, it is not complete, and the number of its windows stands in the answer."""
    await world.feed_minutes()
    with psycopg.connect(postgres_dsn) as connection:
        row = connection.execute(
            "UPDATE minutes SET windows = 1, window_ns = 15000000000, live_ns = 5355000000, is_complete = true"
            " WHERE (minute_start, venue, symbol) = ("
            "   SELECT minute_start, venue, symbol FROM minutes ORDER BY minute_start, venue, symbol LIMIT 1)"
            " RETURNING venue, symbol"
        ).fetchone()
    assert row is not None
    request = messages.ListMinutesRequest(venues=[row[0]], symbols=[row[1]], page_size=1)
    answer = await world.stub.ListMinutes(request, timeout=30)
    (minute,) = answer.minutes
    assert (minute.coverage, minute.is_complete, minute.windows) == (pytest.approx(0.08925), False, 1)
