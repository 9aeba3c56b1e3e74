"""The calls about facts: taken from trackers, listed, and followed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Container, Iterable
from typing import TypeVar

from crossbook.aggregator.facts.table import FactTable
from crossbook.aggregator.queries import check_filter
from crossbook.pb.v1.aggregator_pb2 import (
    IngestFactsRequest,
    IngestFactsResponse,
    ListInstrumentFactsRequest,
    ListInstrumentFactsResponse,
    WatchInstrumentFactsRequest,
    WatchInstrumentFactsResponse,
)
from crossbook.pb.v1.facts_pb2 import FactKind
from crossbook.plumbing.errors import FieldViolation, InvalidRequestError, UnavailableError
from crossbook.plumbing.grpc.access import check_feeding
from crossbook.plumbing.paging import decode_token, encode_token, page_limit, query_fingerprint
from crossbook.plumbing.requests import check_venue, refuse

DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE = 500, 1_000

T = TypeVar("T")


class FactCalls:
    """The table behind the calls."""

    def __init__(self, table: FactTable, seen: Container[str], stopping: asyncio.Event) -> None:
        self._table = table
        self._seen = seen
        self._stopping = stopping

    async def ingest(self, requests: AsyncIterator[IngestFactsRequest]) -> AsyncIterator[IngestFactsResponse]:
        """One venue's stream, a message at a time. Raises InvalidRequestError, ForbiddenError and UnavailableError."""
        first = await self._next(requests)
        if first is None:
            return
        refuse(check_venue("venue", first.venue, lambda: self._seen))
        check_feeding(first.venue)
        with self._table.fed(first.venue):
            request: IngestFactsRequest | None = first
            while request is not None:
                if request.venue != first.venue:
                    raise InvalidRequestError.of("venue", f"must be {first.venue!r} as in the first message")
                self._table.take(request)
                yield IngestFactsResponse()
                request = await self._next(requests)

    def list(self, request: ListInstrumentFactsRequest) -> ListInstrumentFactsResponse:
        """One page. Raises InvalidRequestError."""
        check_filter(request.filter, self._seen)
        refuse(_check_kinds(request.kinds))
        limit = page_limit(request.page_size, DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)
        fingerprint = query_fingerprint(request)
        after = decode_token(fingerprint, request.page_token)
        rows = self._table.list(request.filter, frozenset(request.kinds))
        rows = [row for row in rows if after is None or [row.venue, row.symbol] > list(map(str, after))]
        page, rest = rows[:limit], rows[limit:]
        token = encode_token(fingerprint, [page[-1].venue, page[-1].symbol]) if rest else ""
        return ListInstrumentFactsResponse(instruments=page, next_page_token=token)

    async def watch(self, request: WatchInstrumentFactsRequest) -> AsyncIterator[WatchInstrumentFactsResponse]:
        """Everything, then what changes. Raises InvalidRequestError, and UnavailableError at the end."""
        check_filter(request.filter, self._seen)
        refuse(_check_kinds(request.kinds))
        with self._table.watched(request.filter, request.kinds) as watcher:
            portions = watcher.portions()
            while True:
                rows, is_complete = await self._unless_stopping(anext(portions))
                yield WatchInstrumentFactsResponse(instruments=rows, is_complete=is_complete)

    async def _next(self, requests: AsyncIterator[IngestFactsRequest]) -> IngestFactsRequest | None:
        async def read() -> IngestFactsRequest | None:
            return await anext(requests, None)

        return await self._unless_stopping(read())

    async def _unless_stopping(self, wanted: Awaitable[T]) -> T:
        """Streams end when the service stops, so that it need not wait for them."""
        work, stop = asyncio.ensure_future(wanted), asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                raise UnavailableError("the aggregator is stopping")
            return work.result()
        finally:
            stop.cancel()
            if not work.done():
                work.cancel()


def _check_kinds(kinds: Iterable[int]) -> list[FieldViolation]:
    known = FactKind.values()
    wrong = ((index, kind) for index, kind in enumerate(kinds) if kind not in known or not kind)
    return [FieldViolation(f"kinds[{index}]", f"{kind} is no kind of fact") for index, kind in wrong]
