"""What clients can make the aggregator hold is bounded: clients that stall, crowds of them, floods, oversize messages.

The aggregator is a process of its own, so that its memory can be told from the test's. Bounds are generous; what they
are held against is the volume that went through meanwhile, which is many times as much.
"""

import asyncio
from collections import Counter
from typing import Any

import grpc
import psycopg

from crossbook.pb.v1 import aggregator_pb2 as messages
from crossbook.pb.v1.aggregator_pb2_grpc import AggregatorServiceStub
from crossbook.plumbing.grpc.call_limits import STREAMS
from crossbook.plumbing.grpc.channel import MAX_MESSAGE_BYTES, open_channel
from tests.support.aggregator.aggregator_process import AggregatorProcess, get_stats
from tests.support.aggregator.buffering_tracker import METHOD
from tests.support.aggregator.flood import Flood
from tests.support.memory import resident_bytes
from tests.support.waiting import eventually

MEBIBYTE = 1024 * 1024


async def _take(channel: grpc.aio.Channel, flood: Flood, batches: int) -> None:
    """Sends and waits until the aggregator has taken all of it."""
    await flood.send(batches)
    await eventually(lambda: _has_taken(channel, flood.quotes))


async def _has_taken(channel: grpc.aio.Channel, quotes: int) -> bool:
    return (await get_stats(channel)).quotes_ingested >= quotes


def _batches(channel: grpc.aio.Channel) -> Any:
    stub = AggregatorServiceStub(channel)
    return stub.SubscribeQuoteBatches(messages.SubscribeQuoteBatchesRequest())


def _rows(channel: grpc.aio.Channel) -> Any:
    return AggregatorServiceStub(channel).WatchQuotes(messages.WatchQuotesRequest())


async def _read_batches_until(call: Any, flood: Flood) -> tuple[int, int]:
    """Rows read until every instrument's last quote is there, and quotes left out."""
    rows, latest, answer = 0, dict[int, float](), messages.SubscribeQuoteBatchesResponse()
    while len(latest) < flood.instruments or set(latest.values()) != {flood.sequence}:
        answer = await call.read()
        rows += len(answer.batch.symbol_index)
        latest.update(zip(answer.batch.symbol_index, answer.batch.bid, strict=True))
    return rows, answer.conflated_quotes


async def _read_rows_until(call: Any, flood: Flood) -> tuple[int, int]:
    rows, latest, answer = 0, dict[str, float](), messages.WatchQuotesResponse()
    while len(latest) < flood.instruments or set(latest.values()) != {flood.sequence}:
        answer = await call.read()
        rows += 1
        latest[answer.quote.symbol] = answer.quote.bid
    return rows, answer.conflated_quotes


async def test_stalled_readers_cost_one_quote_per_instrument_and_are_told_what_they_missed(
    aggregator: AggregatorProcess, channel: grpc.aio.Channel
) -> None:
    """Two million quotes pass two clients that read nothing: memory stays, a third client sees every instrument's last
    quote, and when the stalled ones read at last, what they get and what they are told they missed is all there was."""
    other, third = open_channel(aggregator.target), open_channel(aggregator.target)
    async with Flood(channel, "alpha", instruments=200, rounds=10) as flood, other, third:
        stalled_batches, stalled_rows = _batches(other), _rows(third)
        await eventually(lambda: _subscribers(channel, 2))
        await _take(channel, flood, 100)
        before, sent = resident_bytes(aggregator.pid), flood.bytes_sent
        await _take(channel, flood, 900)
        assert flood.bytes_sent - sent > 80 * MEBIBYTE
        assert resident_bytes(aggregator.pid) - before < 24 * MEBIBYTE

        quick = _batches(channel)
        await _read_batches_until(quick, flood)
        await _take(channel, flood, 1)
        await _read_batches_until(quick, flood)
        quick.cancel()

        rows, missed = await _read_batches_until(stalled_batches, flood)
        assert rows + missed == flood.quotes
        assert missed > flood.quotes / 2
        rows, missed = await _read_rows_until(stalled_rows, flood)
        assert rows + missed == flood.quotes
        assert missed > flood.quotes / 2


async def _subscribers(channel: grpc.aio.Channel, count: int) -> bool:
    return (await get_stats(channel)).subscribers == count


async def test_a_client_that_subscribes_to_everything_two_hundred_times_costs_a_bounded_amount(
    aggregator: AggregatorProcess, channel: grpc.aio.Channel
) -> None:
    """Nothing read, all stalled: their memory does not grow with the quotes. Beyond the limit of streams they are
    refused, others are served, and when the client goes everything it held is free."""
    async with Flood(channel, "alpha", instruments=50, rounds=4) as flood:
        await _take(channel, flood, 1)
        async with open_channel(aggregator.target) as greedy:
            calls = [_batches(greedy) for _ in range(200)]
            await eventually(lambda: _subscribers(channel, 200))
            await _take(channel, flood, 100)
            before, sent = resident_bytes(aggregator.pid), flood.bytes_sent
            await _take(channel, flood, 1_000)
            assert flood.bytes_sent - sent > 8 * MEBIBYTE  # times 200, if it were kept for each
            assert resident_bytes(aggregator.pid) - before < 64 * MEBIBYTE

            calls += [_batches(greedy) for _ in range(100)]
            await eventually(lambda: sum(call.done() for call in calls) == 300 - STREAMS)
            refusals = Counter([await call.code() for call in calls if call.done()])
            assert refusals == {grpc.StatusCode.RESOURCE_EXHAUSTED: 300 - STREAMS}
            watcher = _rows(channel)
            await _read_rows_until(watcher, flood)
            watcher.cancel()
            for call in calls:
                call.cancel()
        await eventually(lambda: _subscribers(channel, 0))
        follower = _batches(channel)
        await _read_batches_until(follower, flood)
        follower.cancel()


async def test_a_flood_of_reads_is_refused_in_part_and_answered_as_ever_afterwards(
    aggregator: AggregatorProcess, channel: grpc.aio.Channel, postgres_dsn: str
) -> None:
    """Every excess read hears RESOURCE_EXHAUSTED; a tracker's stream goes on meanwhile."""
    stub = AggregatorServiceStub(channel)
    async with open_channel(aggregator.target) as tracker, Flood(tracker, "alpha", instruments=10, rounds=1) as flood:
        async with await psycopg.AsyncConnection.connect(postgres_dsn) as holder:
            await holder.execute("LOCK TABLE snapshots IN ACCESS EXCLUSIVE MODE")
            reads = [asyncio.ensure_future(_code(stub)) for _ in range(2_000)]
            # One in excess is answered at once; the others wait for the table.
            await asyncio.wait(reads, return_when=asyncio.FIRST_COMPLETED)
        await _take(tracker, flood, 10)
        codes = Counter(await asyncio.gather(*reads))
        assert set(codes) == {grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED}
        assert await _code(stub) == grpc.StatusCode.OK
        await _take(tracker, flood, 10)


async def _code(stub: Any) -> grpc.StatusCode:
    try:
        await stub.ListSnapshots(messages.ListSnapshotsRequest(), timeout=60)
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


async def test_an_oversize_batch_ends_its_stream_only(aggregator: AggregatorProcess, channel: grpc.aio.Channel) -> None:
    """It is RESOURCE_EXHAUSTED for its sender; another venue's stream and the sender's next one are as before."""
    unlimited = [("grpc.max_send_message_length", -1)]
    other = grpc.aio.insecure_channel(aggregator.target, options=unlimited)
    async with Flood(channel, "alpha", instruments=10, rounds=1) as flood, other:
        call = other.stream_stream(METHOD)()
        await call.write(b"x" * (MAX_MESSAGE_BYTES + 1))
        assert await call.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        await _take(channel, flood, 10)
        async with Flood(other, "beta", instruments=10, rounds=1) as next_one:
            await _take(channel, next_one, 0)
