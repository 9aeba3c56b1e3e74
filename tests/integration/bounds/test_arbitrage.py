"""What clients can make the arbitrage service hold is bounded: watchers that stall, floods, oversize requests."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator

import grpc
import pytest

from crossbook._core import EVENT_LOG_CAPACITY, WATCHER_QUEUE_LIMIT
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.pb.v1.arbitrage_pb2_grpc import ArbitrageServiceStub
from crossbook.plumbing.grpc.call_limits import STREAMS
from crossbook.plumbing.grpc.channel import open_channel
from crossbook.plumbing.grpc.server import MAX_REQUEST_BYTES
from tests.support.aggregator.fanout import Fanout, Tick, running_fanout
from tests.support.arbitrage.arbitrage_process import RunningArbitrage, running_arbitrage
from tests.support.arbitrage.opportunity_events import EventReader
from tests.support.memory import resident_bytes

MEBIBYTE = 1024 * 1024
FLIPS = 100
# The same pair opens and closes again and again: two events each time.
FLAPPING = (Tick("cheap", 99.9, 100.0), *(Tick("dear", 101.0, 101.1), Tick("dear", 100.0, 100.1)) * FLIPS)


@pytest.fixture
async def fanout() -> AsyncIterator[Fanout]:
    async with running_fanout() as fanout:
        yield fanout


@pytest.fixture
async def arbitrage(fanout: Fanout, free_port: int) -> AsyncIterator[RunningArbitrage]:
    async with running_arbitrage(free_port, fanout.port) as running:
        yield running


async def _watch(channel: grpc.aio.Channel) -> EventReader:
    call = ArbitrageServiceStub(channel).WatchOpportunities(pb.WatchOpportunitiesRequest())
    await call.initial_metadata()
    return EventReader(aiter(call))


async def _flap(fanout: Fanout, watcher: EventReader, times: int) -> pb.OpportunityEvent:
    """The last event; every one is read as it comes."""
    event = pb.OpportunityEvent()
    for _ in range(times):
        fanout.send(*FLAPPING)
        for _ in range(2 * FLIPS):
            event = await anext(watcher)
    return event


async def test_a_stalled_watcher_costs_its_queue_and_is_told_what_it_lost(
    fanout: Fanout, arbitrage: RunningArbitrage
) -> None:
    """However many events pass: memory stays, another watcher gets every one, and the loss is counted exactly."""
    rounds = EVENT_LOG_CAPACITY // (2 * FLIPS) + 1
    small = [("grpc.http2.bdp_probe", 0)]  # else the client's own end takes in some megabytes without being asked
    async with grpc.aio.insecure_channel(f"127.0.0.1:{arbitrage.port}", options=small) as channel:
        stalled, quick = await _watch(channel), await _watch(arbitrage.channel)
        await _flap(fanout, quick, rounds)
        before = resident_bytes(os.getpid())
        last = await _flap(fanout, quick, rounds)
        assert quick.dropped_events == 0
        assert resident_bytes(os.getpid()) - before < 16 * MEBIBYTE
        received, event = 0, pb.OpportunityEvent()
        while event.resume_token != last.resume_token:
            event = await anext(stalled)
            received += 1
    assert received + stalled.dropped_events == 2 * rounds * 2 * FLIPS
    assert WATCHER_QUEUE_LIMIT <= received < EVENT_LOG_CAPACITY / 2


async def test_watchers_beyond_the_limit_are_refused_and_reads_are_answered(
    fanout: Fanout, arbitrage: RunningArbitrage
) -> None:
    """The watchers' places are theirs alone."""
    watchers = [await _watch(arbitrage.channel) for _ in range(STREAMS)]
    excess = arbitrage.stub.WatchOpportunities(pb.WatchOpportunitiesRequest())
    assert await excess.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    fanout.send(*FLAPPING[:2])
    events = await asyncio.gather(*map(anext, watchers))
    assert {event.kind for event in events} == {pb.OPPORTUNITY_EVENT_KIND_OPENED}
    assert len((await arbitrage.stub.ListOpportunities(pb.ListOpportunitiesRequest(), timeout=30)).opportunities) == 1


async def test_a_flood_of_reads_ends_in_answers_or_refusals(fanout: Fanout, arbitrage: RunningArbitrage) -> None:
    """And the service answers as ever afterwards."""
    codes = Counter(await asyncio.gather(*(_code(arbitrage) for _ in range(2_000))))
    assert set(codes) <= {grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert codes[grpc.StatusCode.OK] > 0
    assert await _code(arbitrage) == grpc.StatusCode.OK


async def test_an_oversize_request_is_refused_and_nothing_else_stops(arbitrage: RunningArbitrage) -> None:
    """RESOURCE_EXHAUSTED, also on the same connection as a watcher, which goes on."""
    async with open_channel(f"127.0.0.1:{arbitrage.port}") as channel:
        call = channel.unary_unary("/crossbook.v1.ArbitrageService/ListOpportunities")
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await call(b"x" * (MAX_REQUEST_BYTES + 1), timeout=30)
        assert raised.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert await call(b"", timeout=30) == b""


async def _code(arbitrage: RunningArbitrage) -> grpc.StatusCode:
    try:
        await arbitrage.stub.ListOpportunities(pb.ListOpportunitiesRequest(), timeout=60)
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK
