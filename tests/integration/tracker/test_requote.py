"""A tracker lost quotes for good: what is in force is known again at once, also of what does not move."""

import time
from typing import Any

import grpc

from crossbook._core import LIVE
from crossbook.pb.v1.aggregator_pb2 import ListLatestQuotesRequest, ListLatestQuotesResponse
from crossbook.pb.v1.aggregator_pb2_grpc import AggregatorServiceStub
from tests.support.aggregator.aggregator_process import aggregator_settings, running_aggregator
from tests.support.tracker.tracking import VENUES, World, tracking
from tests.support.waiting import eventually

# Small enough that a second of traffic overflows it; a calm book is not to go STALE on a slow machine.
TRACKER = {"buffer_bytes": 64 * 1024, "stale_after_seconds": 3600.0}


def calm_asset(world: World) -> str:
    """One asset stands still on every venue from now on."""
    asset = str(next(iter(world.simulator.world.instruments)).asset)
    for instrument in world.simulator.world.instruments:
        instrument.is_paused = instrument.asset == asset
    return asset


async def until_overflow(world: World) -> None:
    """Every venue has dropped quotes."""
    await world.until(lambda stats: all(stats[venue].dropped_quotes > 0 for venue in VENUES))


async def test_a_calm_instrument_is_quoted_again_after_an_overflow() -> None:
    """The tracker's side: the first batches after the hole hold every instrument, with its true top."""
    async with tracking(**TRACKER) as world:
        await world.until_live()
        asset = calm_asset(world)
        await world.ingest.stop()
        await until_overflow(world)
        marks = {venue: len(world.ingest.streams[venue].batches) for venue in VENUES}
        await world.ingest.start()
        for venue in VENUES:
            bid, ask = world.true_tops(venue)[asset]
            stream = world.ingest.streams[venue]
            await eventually(lambda s=stream, m=marks[venue], b=bid, a=ask: (asset, b, a, LIVE) in s.rows(m))
            hello = stream.hellos[-1]
            assert marks[venue] < hello.oldest_sequence - 1 < hello.next_sequence - 1


async def test_an_aggregator_knows_a_calm_instrument_again_after_an_overflow(postgres_dsn: str, free_port: int) -> None:
    """The aggregator's side: without any change of its price it is LIVE again, as received after the hole."""
    settings = aggregator_settings(postgres_dsn, free_port)
    async with tracking(**TRACKER, shards={"main": f"127.0.0.1:{free_port}"}) as world:
        async with running_aggregator(settings) as channel:
            await eventually(lambda: _is_live(channel, count=4 * len(VENUES)))
            asset = calm_asset(world)
        await until_overflow(world)
        began_ns = time.time_ns()
        async with running_aggregator(settings) as channel:
            await eventually(lambda: _is_live(channel, count=4 * len(VENUES)))
            for quote in (await _latest(channel)).quotes:
                if quote.asset == asset:
                    assert (quote.bid, quote.ask) == world.true_tops(quote.venue)[asset]
                    assert quote.receive_time.ToNanoseconds() > began_ns


async def _is_live(channel: grpc.aio.Channel, count: int) -> bool:
    return [quote.state for quote in (await _latest(channel)).quotes].count(LIVE) == count


async def _latest(channel: grpc.aio.Channel) -> ListLatestQuotesResponse:
    stub: Any = AggregatorServiceStub(channel)  # its async face is not typed
    answer: ListLatestQuotesResponse = await stub.ListLatestQuotes(ListLatestQuotesRequest(), timeout=30)
    return answer
