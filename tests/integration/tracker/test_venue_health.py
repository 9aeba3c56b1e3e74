"""A venue's state, from its tracker to whoever asks."""

from collections.abc import Awaitable, Callable

from crossbook.pb.v1.aggregator_pb2 import GetAggregatorStatsRequest, IngestQuotesRequest, IngestQuotesResponse
from crossbook.pb.v1.aggregator_pb2_grpc import AggregatorServiceStub
from crossbook.pb.v1.market_pb2 import VENUE_STATE_DEGRADED, VENUE_STATE_DOWN, VENUE_STATE_LIVE, VenueHealth
from tests.support.aggregator.aggregator_process import aggregator_settings, running_aggregator
from tests.support.aggregator.buffering_tracker import METHOD
from tests.support.aggregator.quote_stream import QuoteStream, batch_request, hello_request
from tests.support.tracker.tracking import World, tracking
from tests.support.waiting import eventually

Shown = Callable[[], Awaitable[VenueHealth]]


async def test_states_and_their_reasons_reach_the_aggregator() -> None:
    """Cut off, throttled, well again: each is told with its reason, and counted."""
    async with tracking(venues=["okx", "binance"], assets=2) as world:
        await world.until_live()
        await eventually(lambda: _told(world).state == VENUE_STATE_LIVE)
        await world.order("okx:429@0s+3s,okx:cut@0s")
        await world.until(lambda stats: "throttles us" in stats["okx"].reason)
        await world.until(lambda stats: "connections are down" in stats["okx"].reason)
        await eventually(lambda: any("throttles us" in one.reason for one in world.ingest.streams["okx"].healths))
        await world.until_live()
        stats = await world.until(lambda stats: stats["okx"].state_transitions >= 3)
        assert stats["binance"].state_transitions == 1
        await eventually(lambda: _told(world).state == VENUE_STATE_LIVE)


async def test_a_broken_uplink_degrades_the_venue_and_the_new_stream_begins_with_its_state() -> None:
    """The books are LIVE, but nobody hears of them."""
    async with tracking(venues=["okx"], assets=2) as world:
        await world.until_live()
        await eventually(lambda: bool(world.ingest.streams["okx"].healths))
        await world.ingest.stop()
        stats = await world.until(lambda stats: stats["okx"].state == VENUE_STATE_DEGRADED)
        assert "uplink to shard main is broken" in stats["okx"].reason
        told = len(world.ingest.streams["okx"].healths)
        await world.ingest.start()
        await eventually(lambda: len(world.ingest.streams["okx"].healths) > told)
        await world.until_live()


async def test_the_aggregator_shows_what_trackers_say_and_that_one_is_gone(postgres_dsn: str, free_port: int) -> None:
    """A health stands outside of the sequence; without its tracker a venue is DOWN."""
    async with running_aggregator(aggregator_settings(postgres_dsn, free_port)) as channel:
        stub = AggregatorServiceStub(channel)

        async def shown() -> VenueHealth:
            return (await stub.GetAggregatorStats(GetAggregatorStatsRequest(), timeout=10)).streams[0].health

        stream = QuoteStream("alpha")
        call = channel.stream_stream(METHOD, response_deserializer=IngestQuotesResponse.FromString)(timeout=60)
        await call.write(hello_request(stream.hello(1)))
        await call.read()
        said = VenueHealth(venue="alpha", state=VENUE_STATE_DEGRADED, reason="1 of 2 books are not LIVE")
        await call.write(IngestQuotesRequest(health=said).SerializeToString())
        await call.write(batch_request(stream.next_batch(rows=5)))
        await eventually(lambda: _is(shown, said))
        call.cancel()
        await eventually(lambda: _has_state(shown, VENUE_STATE_DOWN))
        assert "not connected" in (await shown()).reason


def _told(world: World) -> VenueHealth:
    healths = world.ingest.streams["okx"].healths
    return healths[-1] if healths else VenueHealth()


async def _is(shown: Shown, said: VenueHealth) -> bool:
    return bool(await shown() == said)


async def _has_state(shown: Shown, state: int) -> bool:
    return bool((await shown()).state == state)
