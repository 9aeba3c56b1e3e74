"""Has the plane send the latest quotes to clients: at once when there is news, then a short hold before the next.

A slow client costs nothing but its own freshness: the core keeps one newest quote per instrument and client, and counts
what newer ones replaced; a message is made only when the client's connection can take it.
"""

import asyncio

from crossbook._core import QuoteHub, QuoteRow
from crossbook.aggregator.stopping import refuse_when_stopping
from crossbook.pb.v1.aggregator_pb2 import InstrumentFilter, SubscribeQuoteBatchesRequest, WatchQuotesRequest
from crossbook.plumbing.errors import InvalidRequestError
from crossbook.plumbing.plane.calls import Selection, StreamCall
from crossbook.plumbing.timestamps import SECOND_NS, from_duration

# Of clients that say none. A message costs a Python client some 200 microseconds, whatever its size.
INTERVAL_SECONDS = 0.001
MAX_INTERVAL_SECONDS = 60.0


class Fanout:
    """Serves subscriptions to the hub until their clients go or the service stops."""

    def __init__(self, hub: QuoteHub, stopping: asyncio.Event) -> None:
        self._hub = hub
        self._stopping = stopping

    @property
    def subscribers(self) -> int:
        """Clients that follow quotes now."""
        return self._hub.followers

    @property
    def conflated_quotes(self) -> int:
        """Quotes that newer ones replaced before their client took them, over all clients that ever were."""
        return self._hub.conflated_quotes

    def latest(self, selection: InstrumentFilter) -> list[QuoteRow]:
        """The quotes in force now."""
        return self._hub.latest(*_lists(selection))

    async def send_batches(self, request: SubscribeQuoteBatchesRequest, call: StreamCall) -> None:
        """In columns. Ends with UnavailableError when the service stops."""
        await self._send(request, call, with_depth=request.with_depth)

    async def send_rows(self, request: WatchQuotesRequest, call: StreamCall) -> None:
        """One message per quote. Ends with UnavailableError when the service stops."""
        await self._send(request, call, as_rows=True)

    async def _send(
        self,
        request: SubscribeQuoteBatchesRequest | WatchQuotesRequest,
        call: StreamCall,
        *,
        as_rows: bool = False,
        with_depth: bool = False,
    ) -> None:
        call.follow(
            self._hub,
            _lists(request.filter),
            as_rows=as_rows,
            with_depth=with_depth,
            interval_seconds=interval_seconds(request),
        )
        await refuse_when_stopping(self._stopping)


def interval_seconds(request: SubscribeQuoteBatchesRequest | WatchQuotesRequest) -> float:
    """The least time between two sendings that the client wants. Raises InvalidRequestError."""
    if not request.HasField("min_interval"):
        return INTERVAL_SECONDS
    seconds = from_duration(request.min_interval) / SECOND_NS
    if not 0 <= seconds <= MAX_INTERVAL_SECONDS:
        raise InvalidRequestError.of("min_interval", f"must be from 0 to {MAX_INTERVAL_SECONDS:g} s")
    return seconds


def _lists(selection: InstrumentFilter) -> Selection:
    return list(selection.venues), list(selection.symbols), list(selection.assets)
