"""Postgres goes away and comes back: no window is lost, and the aggregator says what is wrong meanwhile."""

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import psycopg
from grpc_health.v1 import health_pb2, health_pb2_grpc

from crossbook.aggregator.service import SERVICE_NAME
from crossbook.pb.v1.aggregator_pb2 import ListSnapshotsRequest
from crossbook.pb.v1.aggregator_pb2_grpc import AggregatorServiceStub
from crossbook.plumbing.grpc.health import LIVE
from tests.support.aggregator.aggregator_process import (
    AggregatorProcess,
    aggregator_settings,
    get_stats,
    running_aggregator,
)
from tests.support.aggregator.buffering_tracker import BufferingTracker
from tests.support.aggregator.quote_stream import QuoteStream
from tests.support.aggregator.window_oracle import MINUTE_NS, WindowOracle, bits
from tests.support.aggregator.window_tables import committed_until_ns, read_minutes, read_snapshots
from tests.support.servers.stoppable_postgres import stoppable_postgres
from tests.support.waiting import eventually

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
WAITING_LIMIT = 4


async def test_windows_outlast_an_absence_of_postgres(tmp_path: Path, free_port: int) -> None:
    """More windows close meanwhile than may wait: intake holds the tracker back, and every row comes in the end."""
    async with stoppable_postgres(tmp_path / "data") as postgres:
        settings = aggregator_settings(postgres.dsn, free_port, max_waiting_windows=WAITING_LIMIT)
        async with running_aggregator(settings) as channel:
            stream, oracle = QuoteStream("alpha"), WindowOracle("alpha", 15)
            async with BufferingTracker(f"127.0.0.1:{free_port}", stream) as tracker:
                _send(tracker, stream, oracle, 100)
                await eventually(lambda: tracker.acknowledged > 0)
                assert await _health(channel) == SERVING

                await postgres.stop()
                await eventually(lambda: _is_health(channel, NOT_SERVING))
                assert not (await get_stats(channel)).database_available
                assert await _code_of_list(channel) == grpc.StatusCode.UNAVAILABLE
                _send(tracker, stream, oracle, 600)
                received = (await get_stats(channel)).streams[0].received_sequence
                assert received < stream.sequence
                assert (await get_stats(channel)).max_waiting_windows == WAITING_LIMIT
                await eventually(lambda: _are_waiting(channel, WAITING_LIMIT / 2))  # more and more, until intake stops
                newcomer = BufferingTracker(f"127.0.0.1:{free_port}", QuoteStream("beta"))
                async with newcomer:
                    await eventually(lambda: grpc.StatusCode.UNAVAILABLE in newcomer.endings)

                await postgres.start()
                _finish(tracker, stream, oracle)
                await eventually(lambda: committed_until_ns(postgres.dsn, "alpha") == oracle.closed_until_ns)
                await eventually(lambda: tracker.acknowledged == stream.sequence)
                await eventually(lambda: _is_health(channel, SERVING))
                stats = await get_stats(channel)
        rows, minutes = read_snapshots(postgres.dsn, "alpha"), read_minutes(postgres.dsn, "alpha")
    assert [bits(row) for row in rows] == [bits(row) for row in oracle.snapshots]
    assert [bits(row) for row in minutes] == [bits(row) for row in oracle.minutes()]
    assert (stats.snapshots_written, stats.minutes_written) == (len(rows), len(minutes))
    assert tracker.endings == []


async def test_it_stops_cleanly_without_postgres(tmp_path: Path, free_port: int) -> None:
    """Windows wait and cannot be written: it exits with 0 all the same, and its next life writes them."""
    async with stoppable_postgres(tmp_path / "data") as postgres:
        stream, oracle = QuoteStream("alpha"), WindowOracle("alpha", 15)
        aggregator = AggregatorProcess(postgres.dsn, free_port, tmp_path / "aggregator.log")
        async with aggregator, BufferingTracker(aggregator.target, stream) as tracker:
            _send(tracker, stream, oracle, 100)
            await eventually(lambda: tracker.acknowledged > 0)
            await postgres.stop()
            _send(tracker, stream, oracle, 100)
            assert await aggregator.end(signal.SIGTERM) == 0
            await postgres.start()
            await aggregator.start()
            _finish(tracker, stream, oracle)
            await eventually(lambda: committed_until_ns(postgres.dsn, "alpha") == oracle.closed_until_ns)
        assert [bits(row) for row in read_snapshots(postgres.dsn, "alpha")] == [bits(row) for row in oracle.snapshots]


async def test_it_says_so_when_postgres_answers_but_takes_no_window(postgres_dsn: str, free_port: int) -> None:
    """Not serving until the windows that wait are committed, as with a disk that is full."""
    async with running_aggregator(aggregator_settings(postgres_dsn, free_port)) as channel:
        stream, oracle = QuoteStream("alpha"), WindowOracle("alpha", 15)
        async with BufferingTracker(f"127.0.0.1:{free_port}", stream) as tracker:
            _send(tracker, stream, oracle, 100)
            await eventually(lambda: tracker.acknowledged > 0)
            async with _no_space_left(postgres_dsn):
                _finish(tracker, stream, oracle)
                await eventually(lambda: _is_health(channel, NOT_SERVING))
                assert not (await get_stats(channel)).database_available
            await eventually(lambda: _is_health(channel, SERVING))
            assert (await get_stats(channel)).database_available
        assert [bits(row) for row in read_snapshots(postgres_dsn, "alpha")] == [bits(row) for row in oracle.snapshots]


async def test_a_postgres_that_hangs_is_noticed(tmp_path: Path, free_port: int) -> None:
    """It is stopped in the middle of everything: connections stay, answers do not come."""
    async with (
        stoppable_postgres(tmp_path / "data") as postgres,
        running_aggregator(aggregator_settings(postgres.dsn, free_port)) as channel,
    ):
        await eventually(lambda: _is_health(channel, SERVING))
        with postgres.hanging():
            await eventually(lambda: _is_health(channel, NOT_SERVING))
            assert await _health(channel, LIVE) == SERVING  # nobody shall restart it for that
        await eventually(lambda: _is_health(channel, SERVING))


@asynccontextmanager
async def _no_space_left(dsn: str) -> AsyncIterator[None]:
    """Every insert into the windows fails, every read goes on.

    Never blocks the loop: this waits for locks that the aggregator of the same loop holds in its transactions.
    """
    name = "no_space_left"
    body = "BEGIN RAISE EXCEPTION USING ERRCODE = '53100', MESSAGE = 'no space left'; END"
    trigger = f"CREATE TRIGGER {name} BEFORE INSERT ON snapshots EXECUTE FUNCTION {name}()"
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
        await connection.execute(trigger)
        yield
        await connection.execute(f"DROP FUNCTION {name} CASCADE")


async def test_it_starts_before_its_tables(empty_postgres_dsn: str, free_port: int) -> None:
    """Without a migrated database it runs, is not serving, and tells trackers to come again."""
    async with running_aggregator(aggregator_settings(empty_postgres_dsn, free_port)) as channel:
        stream = QuoteStream("alpha")
        async with BufferingTracker(f"127.0.0.1:{free_port}", stream) as tracker:
            await eventually(lambda: grpc.StatusCode.UNAVAILABLE in tracker.endings)
        assert await _health(channel) == NOT_SERVING
        assert not (await get_stats(channel)).database_available


def _send(tracker: BufferingTracker, stream: QuoteStream, oracle: WindowOracle, batches: int) -> None:
    for _ in range(batches):
        batch = stream.next_batch()
        oracle.feed(batch)
        tracker.send(batch)


def _finish(tracker: BufferingTracker, stream: QuoteStream, oracle: WindowOracle) -> None:
    batch = stream.heartbeat((stream.now_ns // MINUTE_NS + 1) * MINUTE_NS)
    oracle.feed(batch)
    tracker.send(batch)


async def _health(channel: grpc.aio.Channel, name: str = SERVICE_NAME) -> int:
    request = health_pb2.HealthCheckRequest(service=name)
    status: int = (await health_pb2_grpc.HealthStub(channel).Check(request, timeout=30)).status
    return status


async def _are_waiting(channel: grpc.aio.Channel, more_than: float) -> bool:
    return (await get_stats(channel)).streams[0].waiting_windows > more_than


async def _is_health(channel: grpc.aio.Channel, wanted: int) -> bool:
    return await _health(channel) == wanted


async def _code_of_list(channel: grpc.aio.Channel) -> grpc.StatusCode:
    try:
        await AggregatorServiceStub(channel).ListSnapshots(ListSnapshotsRequest(), timeout=30)
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK
