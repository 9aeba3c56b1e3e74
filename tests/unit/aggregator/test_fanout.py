"""Followers of the latest quotes: what each is sent, how often, and what a slow one costs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from crossbook._core import LIVE, QuoteHub, VenueWindows
from crossbook.aggregator.fanout import INTERVAL_SECONDS, Fanout, interval_seconds
from crossbook.pb.v1.aggregator_pb2 import (
    InstrumentFilter,
    SubscribeQuoteBatchesRequest,
    SubscribeQuoteBatchesResponse,
    WatchQuotesRequest,
    WatchQuotesResponse,
)
from crossbook.plumbing.errors import InvalidRequestError
from crossbook.plumbing.plane.calls import Stream, StreamCall
from tests.support.aggregator.quote_stream import QuoteStream, batch_request, hello_request
from tests.support.plane import Call, carried, refusal
from tests.support.waiting import eventually

BATCHES, ROWS = "/crossbook.v1.AggregatorService/SubscribeQuoteBatches", "/crossbook.v1.AggregatorService/WatchQuotes"
MINUTE = Duration(seconds=60)


class Hub:
    """A hub with two venues' streams, and its fan-out behind a real port."""

    channel: grpc.aio.Channel

    def __init__(self) -> None:
        self.hub, self.stopping = QuoteHub(), asyncio.Event()
        self.fanout = Fanout(self.hub, self.stopping)
        self.sources = {venue: QuoteStream(venue, instruments=1) for venue in ("alpha", "beta")}
        self.windows = {venue: VenueWindows(venue, 15, self.hub) for venue in self.sources}
        for venue, stream in self.sources.items():
            self.windows[venue].on_hello(hello_request(stream.hello(1)))

    @property
    def streams(self) -> dict[str, Stream]:
        """Both methods."""
        return {
            BATCHES: Stream(self._serve(SubscribeQuoteBatchesRequest, self.fanout.send_batches)),
            ROWS: Stream(self._serve(WatchQuotesRequest, self.fanout.send_rows)),
        }

    def feed(self, venue: str, bid: float) -> None:
        """One LIVE quote."""
        batch = self.sources[venue].next_batch(rows=1)
        batch.bid[:], batch.ask[:], batch.state = [bid], [bid + 1.0], bytes([LIVE])
        batch.bid_size[:] = batch.ask_size[:] = [1.0]
        self.windows[venue].on_batch(batch_request(batch))
        self.hub.notify()

    async def follow(self, method: str = BATCHES, **request: Any) -> Call:
        """A client, once it is connected."""
        kind = SubscribeQuoteBatchesRequest if method == BATCHES else WatchQuotesRequest
        call = Call(self.channel, method)
        await call.say(kind(**request).SerializeToString())
        await call.leave()
        await call.call.initial_metadata()
        return call

    def _serve(self, kind: type[Any], send: Callable[[Any, StreamCall], Any]) -> Any:
        async def serve(call: StreamCall) -> None:
            await send(call.request(kind), call)

        return serve


@pytest.fixture
async def world() -> AsyncIterator[Hub]:
    world = Hub()
    async with carried(world.streams) as plane:
        world.channel = plane.channel
        yield world


def bids(call: Call) -> list[float]:
    """Of all batches that a follower was sent."""
    return [bid for message in call.told for bid in SubscribeQuoteBatchesResponse.FromString(message).batch.bid]


async def test_a_follower_is_sent_what_is_known_and_then_the_news(world: Hub) -> None:
    """It hears at once that it is connected, though there is no quote yet."""
    call = await world.follow()
    assert call.told == []
    world.feed("alpha", 10.0)
    await eventually(lambda: bids(call) == [10.0])
    world.feed("beta", 20.0)
    await eventually(lambda: bids(call) == [10.0, 20.0])
    late = await world.follow()
    await eventually(lambda: sorted(bids(late)) == [10.0, 20.0])


async def test_a_filter_chooses(world: Hub) -> None:
    """Quotes of other venues are not sent."""
    call = await world.follow(filter=InstrumentFilter(venues=["beta"]))
    world.feed("alpha", 10.0)
    world.feed("beta", 20.0)
    await eventually(lambda: bids(call) == [20.0])


async def test_rows_are_a_message_each(world: Hub) -> None:
    """With the instrument's names and how many quotes newer ones replaced."""
    for bid in (8.0, 9.0, 10.0):
        world.feed("alpha", bid)
    world.feed("beta", 20.0)
    call = await world.follow(ROWS)
    await eventually(lambda: len(call.told) == 2)
    told = [WatchQuotesResponse.FromString(message) for message in call.told]
    assert sorted((one.quote.venue, one.quote.symbol, one.quote.bid) for one in told) == [
        ("alpha", "COIN0/USDT:USDT", 10.0),
        ("beta", "COIN0/USDT:USDT", 20.0),
    ]
    assert {one.conflated_quotes for one in told} == {0}  # before it came there was nobody to miss them


@pytest.mark.parametrize("method", [BATCHES, ROWS])
async def test_between_two_sendings_the_newest_replaces_and_what_was_missed_stays_counted(
    world: Hub, method: str
) -> None:
    """For a minute, as the client wanted: what it is sent at once is all, and its misses outlive it."""
    world.feed("alpha", 1.0)
    call = await world.follow(method, min_interval=MINUTE)
    await eventually(lambda: call.told)
    for bid in (2.0, 3.0, 4.0):
        world.feed("alpha", bid)
    assert (world.fanout.subscribers, world.fanout.conflated_quotes) == (1, 2)
    other = await world.follow()
    await eventually(lambda: bids(other) == [4.0])
    assert len(call.told) == 1
    call.cancel()
    other.cancel()
    await eventually(lambda: world.fanout.subscribers == 0)
    assert world.fanout.conflated_quotes == 2


async def test_a_follower_that_wants_no_interval_is_told_of_every_sending(world: Hub) -> None:
    """What it missed would be the connection's business alone."""
    call = await world.follow(min_interval=Duration())
    for bid in (1.0, 2.0, 3.0):
        world.feed("alpha", bid)
        await eventually(lambda bid=bid: bids(call)[-1:] == [bid])  # type: ignore[misc]
    assert bids(call) == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("kind", [SubscribeQuoteBatchesRequest, WatchQuotesRequest])
def test_an_interval_is_the_clients_wish_or_a_millisecond(kind: type[Any]) -> None:
    """None at all and a minute are the ends of what may be wished."""
    assert interval_seconds(kind()) == INTERVAL_SECONDS == 0.001
    assert interval_seconds(kind(min_interval=Duration())) == 0.0
    assert interval_seconds(kind(min_interval=Duration(nanos=250_000))) == 0.00025
    assert interval_seconds(kind(min_interval=MINUTE)) == 60.0


OUT_OF_RANGE = [Duration(nanos=-1), Duration(seconds=60, nanos=1), Duration(seconds=2**62), Duration(seconds=-(2**62))]


@pytest.mark.parametrize("wish", OUT_OF_RANGE, ids=lambda wish: f"{wish.seconds}s{wish.nanos}")
def test_an_interval_out_of_range_is_refused_by_its_name(wish: Duration) -> None:
    """Negative ones, and those of more than a minute."""
    with pytest.raises(InvalidRequestError, match=r"min_interval: must be from 0 to 60 s"):
        interval_seconds(SubscribeQuoteBatchesRequest(min_interval=wish))


@pytest.mark.parametrize("method", [BATCHES, ROWS])
async def test_a_client_hears_which_field_was_wrong(world: Hub, method: str) -> None:
    """As for every request: BadRequest with the field's name. It follows nothing."""
    call = Call(world.channel, method)
    await call.say(SubscribeQuoteBatchesRequest(min_interval=Duration(seconds=61)).SerializeToString())
    error = await refusal(call)
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    details = error_details_pb2.BadRequest()
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    assert status.details[0].Unpack(details)
    assert [violation.field for violation in details.field_violations] == ["min_interval"]
    assert world.fanout.subscribers == 0


async def test_a_stop_ends_every_follower_with_a_reason_to_dial_again(world: Hub) -> None:
    """Its place is free."""
    followers = [await world.follow(), await world.follow(ROWS)]
    world.stopping.set()
    for call in followers:
        error = await refusal(call)
        assert (error.code(), error.details()) == (grpc.StatusCode.UNAVAILABLE, "the aggregator is stopping")
    await eventually(lambda: world.fanout.subscribers == 0)
