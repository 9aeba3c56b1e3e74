"""The whole tracker against the simulator's real sockets: four venues side by side."""

import asyncio
from pathlib import Path

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status

from crossbook._core import CLOSED, LIVE
from crossbook.pb.v1 import tracker_pb2
from crossbook.pb.v1.market_pb2 import VenueState
from crossbook.tracker.feed.replay import replay
from tests.support.tracker.ingest_server import IngestStream
from tests.support.tracker.tracking import VENUES, World, is_all_live, tracking
from tests.support.waiting import eventually

FAULTS_THAT_CUT = ("cut@0s", "refuse@0s+1s", "oversize@0s")
FAULTS_IN_THE_CHAIN = ("drop@0s x3", "duplicate@0s x3", "reorder@0s x3", "corrupt@0s x5", "429@0s+1s")


def assert_whole(stream: IngestStream) -> None:
    """Nothing is lost and nothing doubled."""
    assert stream.sequences == list(range(1, len(stream.batches) + 1))


async def assert_true(world: World) -> None:
    """Once the world stands still, what was quoted last is what the simulator holds."""
    world.stand_still()
    for venue in VENUES:
        await eventually(lambda venue=venue: world.quoted_tops(venue) == world.true_tops(venue))


async def test_four_venues_come_alive_and_end_closed() -> None:
    """Every book is LIVE; after the stop the aggregator holds every batch in order, and every instrument's end."""
    async with tracking() as world:
        stats = await world.until_live()
    assert set(stats) == set(VENUES)
    for venue in VENUES:
        assert stats[venue].connected
        assert stats[venue].markets == 4
        assert stats[venue].reason == ""
        stream = world.ingest.streams[venue]
        assert_whole(stream)
        assert list(stream.last_states().values()) == [CLOSED] * 4
        assert any(state == LIVE for _, _, _, state in stream.rows())


async def test_quotes_are_the_simulators_own() -> None:
    """When the world stands still, the last quote of every instrument is its true top, and so is its book."""
    async with tracking(stale_after_seconds=300) as world:
        await world.until_live()
        await assert_true(world)
        markets = (await world.tracker.ListMarkets(tracker_pb2.ListMarketsRequest(), timeout=10)).instruments
        for market in markets:
            book = await world.tracker.GetOrderBook(
                tracker_pb2.GetOrderBookRequest(venue=market.venue, symbol=market.symbol, depth=3), timeout=10
            )
            assert len(book.bids) == len(book.asks) == 3
            assert book.bids[0].price > book.bids[1].price
            assert book.asks[0].price < book.asks[1].price


@pytest.mark.parametrize("fault", [*FAULTS_THAT_CUT, *FAULTS_IN_THE_CHAIN, "freeze@0s+2s"])
async def test_every_venue_recovers_by_itself(fault: str) -> None:
    """A fault on all venues at once: something is noticed where it must be, and all is LIVE and true again."""
    async with tracking(assets=3, stale_after_seconds=300) as world:
        before = await world.until_live()
        await world.order(",".join(f"{venue}:{fault}" for venue in VENUES))
        await eventually(lambda: not world.simulator.injector.state())
        if fault == "cut@0s":
            await world.until(lambda stats: all(stats[v].reconnects > before[v].reconnects for v in VENUES))
        if fault.startswith("corrupt"):
            await world.until(lambda stats: all(stats[v].parse_errors > before[v].parse_errors for v in VENUES))
        await world.until_live()
        await assert_true(world)
    for venue in VENUES:
        assert_whole(world.ingest.streams[venue])


async def test_a_fault_of_one_venue_is_not_felt_by_the_others() -> None:
    """While one venue refuses everything, no other has a gap, a resync, a reconnect or a book that is not LIVE."""
    async with tracking(assets=3) as world:
        before = await world.until_live()
        marks = {venue: len(world.ingest.streams[venue].batches) for venue in VENUES}
        await world.order("okx:cut@0s,okx:refuse@0s+2s")
        await world.until(lambda stats: stats["okx"].state == VenueState.VENUE_STATE_DOWN)
        after = await world.until_live()
        for venue in set(VENUES) - {"okx"}:
            assert after[venue].reconnects == before[venue].reconnects
            assert after[venue].resyncs == before[venue].resyncs
            assert {row[3] for row in world.ingest.streams[venue].rows(marks[venue])} == {LIVE}


async def test_a_cut_from_the_aggregator_loses_and_doubles_nothing() -> None:
    """The aggregator goes away twice, in full traffic and without having acknowledged; the sequence stays whole."""
    async with tracking() as world:
        world.ingest.acknowledges = False
        await world.until_live()
        streams = world.ingest.streams.values()
        for hellos in (2, 3):
            await world.ingest.stop()
            await asyncio.sleep(0.5)
            await world.ingest.start()
            await eventually(lambda n=hellos: all(len(stream.hellos) == n for stream in streams))
        stats = await world.stats()
        assert is_all_live(stats)
        assert all(stats[venue].unacknowledged_batches > 0 for venue in VENUES)
    for venue in VENUES:
        assert_whole(world.ingest.streams[venue])


async def test_one_symbol_stops_and_starts_without_the_others_noticing() -> None:
    """Its book closes and comes back; no row of another symbol is anything but LIVE meanwhile."""
    async with tracking() as world:
        await world.until_live()
        listed = (await world.tracker.ListMarkets(tracker_pb2.ListMarketsRequest(), timeout=10)).instruments
        for venue in VENUES:
            market = next(one for one in listed if one.venue == venue)
            stream = world.ingest.streams[venue]
            mark = len(stream.batches)
            stop = tracker_pb2.StopTrackingRequest(venue=venue, symbols=[market.symbol])
            assert list((await world.tracker.StopTracking(stop, timeout=10)).stopped) == [market.symbol]
            await eventually(lambda s=stream, m=market: s.last_states()[m.asset] == CLOSED)
            start = tracker_pb2.StartTrackingRequest(venue=venue, assets=[market.asset])
            assert list((await world.tracker.StartTracking(start, timeout=10)).started) == [market]
            assert list((await world.tracker.StartTracking(start, timeout=10)).started) == []
            await eventually(lambda s=stream, m=market: s.last_states()[m.asset] == LIVE)
            await eventually(lambda s=stream, n=mark: len({asset for asset, _, _, _ in s.rows(n)}) == 4)
            others = {state for asset, _, _, state in stream.rows(mark) if asset != market.asset}
            assert others == {LIVE}


async def test_a_recording_replays_into_the_same_batches(tmp_path: Path) -> None:
    """Fed through fresh feeds, what was recorded gives every batch again, byte for byte, faults included."""
    async with tracking(record_dir=tmp_path) as world:
        await world.until_live()
        await world.order(",".join(f"{venue}:cut@0s,{venue}:drop@1s x2,{venue}:corrupt@2s x3" for venue in VENUES))
        await eventually(lambda: not world.simulator.injector.state())
        await world.until_live()
    for venue in VENUES:
        replayed = list(replay(tmp_path, venue))
        assert [batch.recorded for batch in replayed] == world.ingest.streams[venue].payloads
        assert [batch.replayed for batch in replayed] == world.ingest.streams[venue].payloads


async def test_a_venue_that_cannot_be_listed_stops_no_other() -> None:
    """It is DOWN and says why, the others are LIVE, and the process is SERVING."""
    async with tracking(assets=2, unlistable="lighter") as world:
        others = set(VENUES) - {"lighter"}
        stats = await world.until(lambda stats: is_all_live({venue: stats[venue] for venue in others}))
        assert stats["lighter"].state == VenueState.VENUE_STATE_DOWN
        assert "listed" in stats["lighter"].reason
        health = health_pb2_grpc.HealthStub(world.channel)
        for name in ("", "crossbook.v1.TrackerService"):
            answer = await health.Check(health_pb2.HealthCheckRequest(service=name), timeout=10)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await world.tracker.StartTracking(tracker_pb2.StartTrackingRequest(venue="lighter"), timeout=10)
        assert refusal.value.code() == grpc.StatusCode.UNAVAILABLE


async def test_what_is_not_listed_is_said_and_the_rest_is_tracked() -> None:
    """An unknown symbol of the settings costs nothing but itself."""
    async with tracking(venues=["okx"], symbols=["BTC/USDT:USDT", "NOSUCH/USDT:USDT"], assets=2) as world:
        stats = await world.until_live()
        assert stats["okx"].markets == 1


@pytest.mark.parametrize(
    ("method", "request_message", "field"),
    [
        ("StartTracking", tracker_pb2.StartTrackingRequest(venue="nosuch"), "venue"),
        ("StartTracking", tracker_pb2.StartTrackingRequest(venue="okx", symbols=["BTC/USDT:USDT", "X"]), "symbols[1]"),
        ("StartTracking", tracker_pb2.StartTrackingRequest(venue="okx", assets=["NOSUCH"]), "assets[0]"),
        ("StartTracking", tracker_pb2.StartTrackingRequest(venue="okx", symbols=["X"] * 10_001), "symbols"),
        ("StartTracking", tracker_pb2.StartTrackingRequest(venue="okx", assets=["X"] * 10_001), "assets"),
        ("StopTracking", tracker_pb2.StopTrackingRequest(venue="okx", symbols=["X"] * 10_001), "symbols"),
        ("StopTracking", tracker_pb2.StopTrackingRequest(venue="okx", symbols=["NOSUCH"]), "symbols[0]"),
        ("GetTrackerStats", tracker_pb2.GetTrackerStatsRequest(venues=["okx", "nosuch"]), "venues[1]"),
        ("ListMarkets", tracker_pb2.ListMarketsRequest(venues=["nosuch"]), "venues[0]"),
        ("GetOrderBook", tracker_pb2.GetOrderBookRequest(venue="okx", symbol="BTC/USDT:USDT", depth=1001), "depth"),
        ("GetOrderBook", tracker_pb2.GetOrderBookRequest(venue="okx"), "symbol"),
        ("GetOrderBook", tracker_pb2.GetOrderBookRequest(venue="okx", symbol="NOSUCH/USDT:USDT"), None),
    ],
)
async def test_bad_requests_name_their_field(method: str, request_message: object, field: str | None) -> None:
    """INVALID_ARGUMENT with the field's name; NOT_FOUND for a book that is not tracked."""
    async with tracking(venues=["okx"], assets=2) as world:
        await world.until_live()
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await getattr(world.tracker, method)(request_message, timeout=10)
    if field is None:
        assert refusal.value.code() == grpc.StatusCode.NOT_FOUND
        return
    assert refusal.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    details = error_details_pb2.BadRequest()
    status = rpc_status.from_call(refusal.value)  # type: ignore[arg-type]
    assert status is not None
    assert status.details[0].Unpack(details)
    assert [violation.field for violation in details.field_violations] == [field]
