"""Follows the latest quotes for clients: a batch at once when there is news, then a hold before the next.

The hold is four times what sending takes, so that a client has a fifth of the process at most: a fraction of a
millisecond where little goes on, and longer by itself when there are many clients or the machine is short of time.

A slow client costs nothing but its own freshness: the core keeps one newest quote per instrument and subscription, and
counts what newer ones replaced. The write that waits for the client's flow control is the only queue.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc

from crossbook._core import QuoteHub, QuoteRow, QuoteSubscription
from crossbook.aggregator.concurrency import Wakeups, refuse_when_stopping
from crossbook.aggregator.queries import to_quote
from crossbook.pb.v1.aggregator_pb2 import InstrumentFilter, WatchQuotesResponse
from crossbook.plumbing.tasks import until_first

MIN_HOLD_SECONDS = 0.00025
MAX_HOLD_SECONDS = 0.05
HOLD_PER_SEND = 4.0
NEWEST_WEIGHT = 0.1  # of the last send in what sending takes
ROWS_AT_A_TIME = 256

Send = Callable[[QuoteSubscription], Awaitable[None]]


class Fanout:
    """Serves subscriptions to the hub until their clients go or the service stops."""

    def __init__(self, hub: QuoteHub, hub_changed: Wakeups, stopping: asyncio.Event) -> None:
        self._hub = hub
        self._hub_changed = hub_changed
        self._stopping = stopping
        self._subscriptions: set[QuoteSubscription] = set()  # bounded by the places of the two methods
        self._conflated_by_closed = 0

    @property
    def subscribers(self) -> int:
        """Clients that follow quotes now."""
        return len(self._hub_changed)

    @property
    def conflated_quotes(self) -> int:
        """Quotes that newer ones replaced before their client took them, over all clients that ever were."""
        return self._conflated_by_closed + sum(one.conflated_quotes for one in list(self._subscriptions))

    def latest(self, selection: InstrumentFilter) -> list[QuoteRow]:
        """The quotes in force now."""
        return self._hub.latest(selection.venues, selection.symbols, selection.assets)

    async def send_batches(self, selection: InstrumentFilter, context: grpc.aio.ServicerContext[Any, bytes]) -> None:
        """Columnar: the core's bytes are written as they are."""

        async def send(subscription: QuoteSubscription) -> None:
            while (batch := subscription.take_batch()) is not None:
                await context.write(batch)

        await self._follow(selection, send, context)

    async def send_rows(
        self, selection: InstrumentFilter, context: grpc.aio.ServicerContext[Any, WatchQuotesResponse]
    ) -> None:
        """One message per quote."""

        async def send(subscription: QuoteSubscription) -> None:
            while rows := subscription.take_rows(ROWS_AT_A_TIME):
                conflated = subscription.conflated_quotes
                for row in rows:
                    await context.write(WatchQuotesResponse(quote=to_quote(row), conflated_quotes=conflated))

        await self._follow(selection, send, context)

    async def _follow(
        self, selection: InstrumentFilter, send: Send, context: grpc.aio.ServicerContext[Any, Any]
    ) -> None:
        await context.send_initial_metadata(())  # a client knows that it is connected before there is any quote
        async with self._hub_changed.listen() as news, self._subscription(selection) as subscription:
            await until_first(_pump(subscription, news, send), refuse_when_stopping(self._stopping))

    @asynccontextmanager
    async def _subscription(self, selection: InstrumentFilter) -> AsyncIterator[QuoteSubscription]:
        subscription = self._hub.subscribe(selection.venues, selection.symbols, selection.assets)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
            self._conflated_by_closed += subscription.conflated_quotes
            subscription.close()


async def _pump(subscription: QuoteSubscription, news: asyncio.Event, send: Send) -> None:
    clock, send_seconds = asyncio.get_running_loop().time, 0.0
    while True:
        await news.wait()
        news.clear()
        started = clock()
        await send(subscription)
        send_seconds += NEWEST_WEIGHT * (clock() - started - send_seconds)
        await asyncio.sleep(min(max(HOLD_PER_SEND * send_seconds, MIN_HOLD_SECONDS), MAX_HOLD_SECONDS))
