"""Followers of the latest quotes: what each is sent, and what a slow one costs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from crossbook._core import LIVE, QuoteHub, VenueWindows
from crossbook.aggregator.concurrency import Wakeups
from crossbook.aggregator.fanout import Fanout
from crossbook.pb.v1.aggregator_pb2 import InstrumentFilter, SubscribeQuoteBatchesResponse
from crossbook.plumbing.errors import UnavailableError
from tests.support.aggregator.calls import Call
from tests.support.aggregator.quote_stream import QuoteStream, batch_request, hello_request
from tests.support.waiting import eventually


class Hub:
    """A hub with two venues' streams, and its fan-out."""

    def __init__(self) -> None:
        self.hub, self.changed, self.stopping = QuoteHub(), Wakeups(), asyncio.Event()
        self.fanout = Fanout(self.hub, self.changed, self.stopping)
        self.streams = {venue: QuoteStream(venue, instruments=1) for venue in ("alpha", "beta")}
        self.windows = {venue: VenueWindows(venue, 15, self.hub) for venue in self.streams}
        for venue, stream in self.streams.items():
            self.windows[venue].on_hello(hello_request(stream.hello(1)))

    def feed(self, venue: str, bid: float) -> None:
        """One LIVE quote."""
        batch = self.streams[venue].next_batch(rows=1)
        batch.bid[:], batch.ask[:], batch.state = [bid], [bid + 1.0], bytes([LIVE])
        batch.bid_size[:] = batch.ask_size[:] = [1.0]
        self.windows[venue].on_batch(batch_request(batch))
        self.changed.notify()

    @asynccontextmanager
    async def followed(
        self, send: Callable[..., Any], call: Call, **selection: list[str]
    ) -> AsyncIterator[asyncio.Task[None]]:
        task = asyncio.create_task(send(InstrumentFilter(**selection), call))  # type: ignore[arg-type]
        try:
            await eventually(lambda: call.is_connected)
            yield task
        finally:
            task.cancel()
            await asyncio.wait((task,))


def bids(call: Call) -> list[float]:
    """Of all batches that a follower was sent."""
    return [bid for message in call.told for bid in SubscribeQuoteBatchesResponse.FromString(message).batch.bid]


async def test_a_follower_is_sent_what_is_known_and_then_the_news() -> None:
    """It hears at once that it is connected, though there is no quote yet."""
    world, call = Hub(), Call()
    async with world.followed(world.fanout.send_batches, call):
        assert call.told == []
        world.feed("alpha", 10.0)
        await eventually(lambda: bids(call) == [10.0])
        world.feed("beta", 20.0)
        await eventually(lambda: bids(call) == [10.0, 20.0])
    late = Call()
    async with world.followed(world.fanout.send_batches, late):
        await eventually(lambda: sorted(bids(late)) == [10.0, 20.0])


async def test_a_filter_chooses() -> None:
    """Quotes of other venues are not sent."""
    world, call = Hub(), Call()
    async with world.followed(world.fanout.send_batches, call, venues=["beta"]):
        world.feed("alpha", 10.0)
        world.feed("beta", 20.0)
        await eventually(lambda: bids(call) == [20.0])


async def test_rows_are_a_message_each() -> None:
    """With the instrument's names and how many quotes newer ones replaced."""
    world, call = Hub(), Call()
    call.hold()
    async with world.followed(world.fanout.send_rows, call):
        world.feed("alpha", 10.0)
        await eventually(lambda: not world.fanout.conflated_quotes)
        world.feed("beta", 20.0)
        call.flow()
        await eventually(lambda: len(call.told) == 2)
    assert [(told.quote.venue, told.quote.symbol, told.quote.bid) for told in call.told] == [
        ("alpha", "COIN0/USDT:USDT", 10.0),
        ("beta", "COIN0/USDT:USDT", 20.0),
    ]


async def test_a_slow_follower_gets_the_newest_and_what_it_missed_stays_counted() -> None:
    """Also after it is gone."""
    world, call = Hub(), Call()
    call.hold()
    async with world.followed(world.fanout.send_batches, call):
        for bid in (1.0, 2.0, 3.0, 4.0):
            world.feed("alpha", bid)
            await asyncio.sleep(0)
        assert world.fanout.subscribers == 1
        call.flow()
        await eventually(lambda: bids(call)[-1:] == [4.0])
        missed = 4 - len(bids(call))
        assert world.fanout.conflated_quotes == missed > 0
    assert (world.fanout.subscribers, world.fanout.conflated_quotes) == (0, missed)


async def test_a_stop_ends_every_follower_with_a_reason_to_dial_again() -> None:
    """Its place is free."""
    world = Hub()
    async with (
        world.followed(world.fanout.send_batches, Call()) as first,
        world.followed(world.fanout.send_rows, Call()) as second,
    ):
        world.stopping.set()
        for task in (first, second):
            with pytest.raises(UnavailableError, match="the aggregator is stopping"):
                await task
        assert world.fanout.subscribers == 0
