"""The unary reads: checks a request field by field, fetches a page, answers in messages."""

from collections.abc import Container
from datetime import datetime, timedelta
from typing import TypeVar

from google.protobuf.timestamp_pb2 import Timestamp

from crossbook._core import QuoteRow
from crossbook.aggregator.store.moments import EPOCH, to_ns
from crossbook.aggregator.store.reads import PageQuery, Reads, SnapshotRow, StatsRow
from crossbook.pb.v1.aggregator_pb2 import (
    InstrumentFilter,
    ListMinutesRequest,
    ListMinutesResponse,
    ListSnapshotsRequest,
    ListSnapshotsResponse,
    WindowStats,
)
from crossbook.pb.v1.market_pb2 import AssetClass, BookState, Quote
from crossbook.plumbing.errors import InvalidRequestError
from crossbook.plumbing.paging import decode_token, encode_token, page_limit, query_fingerprint
from crossbook.plumbing.requests import check_names, check_range, check_venues, collect, refuse
from crossbook.plumbing.timestamps import to_timestamp

DEFAULT_PAGE_SIZE = 500
MAX_PAGE_SIZE = 10_000
MICROSECOND = timedelta(microseconds=1)

ListRequest = ListSnapshotsRequest | ListMinutesRequest
Row = TypeVar("Row", bound=StatsRow)


async def list_snapshots(reads: Reads, request: ListSnapshotsRequest, seen: Container[str]) -> ListSnapshotsResponse:
    """One page of closed windows."""
    query = parse_query(request, seen)
    page, token = _cut(request, query, await reads.snapshots(query))
    return ListSnapshotsResponse(snapshots=[_snapshot(row) for row in page], next_page_token=token)


async def list_minutes(reads: Reads, request: ListMinutesRequest, seen: Container[str]) -> ListMinutesResponse:
    """One page of closed minutes."""
    query = parse_query(request, seen)
    page, token = _cut(request, query, await reads.minutes(query))
    return ListMinutesResponse(minutes=[_stats(row) for row in page], next_page_token=token)


def parse_query(request: ListRequest, seen: Container[str] = ()) -> PageQuery:
    """Asks for one row more than the page, which tells whether another page follows. Raises InvalidRequestError."""
    violations = [*check_venues("venues", request.venues, lambda: seen), *check_names("symbols", request.symbols)]
    violations += check_range(request)
    limit = collect(violations, lambda: page_limit(request.page_size, DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE))
    after = collect(violations, lambda: _decode_position(request))
    if violations or limit is None:
        raise InvalidRequestError(violations)
    return PageQuery(
        venues=list(request.venues),
        symbols=list(request.symbols),
        from_time=_bound(request.from_time) if request.HasField("from_time") else None,
        to_time=_bound(request.to_time) if request.HasField("to_time") else None,
        after=after,
        limit=limit + 1,
        is_newest_first=request.is_newest_first,
    )


def check_filter(selection: InstrumentFilter, seen: Container[str] = ()) -> None:
    """Raises InvalidRequestError unless the filter can mean something."""
    violations = [
        *check_venues("filter.venues", selection.venues, lambda: seen),
        *check_names("filter.symbols", selection.symbols),
        *check_names("filter.assets", selection.assets),
    ]
    refuse(violations)


def to_quote(row: QuoteRow) -> Quote:
    """A quote of the hub as a message."""
    return Quote(
        venue=row.venue,
        symbol=row.symbol,
        asset=row.asset,
        asset_class=AssetClass.ValueType(row.asset_class),
        bid=row.bid,
        bid_size=row.bid_size,
        ask=row.ask,
        ask_size=row.ask_size,
        state=BookState.ValueType(row.state),
        exchange_time=_moment(row.exchange_ns),
        receive_time=to_timestamp(row.receive_ns),
    )


def _decode_position(request: ListRequest) -> tuple[datetime, str, str] | None:
    position = decode_token(query_fingerprint(request), request.page_token)
    if position is None:
        return None
    start_us, venue, symbol = position
    if not isinstance(start_us, int):
        raise InvalidRequestError.of("page_token", "is not a page token")
    return EPOCH + start_us * MICROSECOND, str(venue), str(symbol)


def _cut(request: ListRequest, query: PageQuery, rows: list[Row]) -> tuple[list[Row], str]:
    page = rows[: query.limit - 1]
    if len(page) == len(rows):
        return page, ""
    last = page[-1]
    return page, encode_token(
        query_fingerprint(request), [(last.start - EPOCH) // MICROSECOND, last.venue, last.symbol]
    )


def _bound(moment: Timestamp) -> datetime:
    """Rounded up to the microsecond, within its second: as windows start on whole seconds, it means the same."""
    return EPOCH + timedelta(seconds=moment.seconds, microseconds=min(-(-moment.nanos // 1000), 999_999))


def _snapshot(row: SnapshotRow) -> WindowStats:
    stats = _stats(row)
    stats.last_quote.CopyFrom(
        Quote(
            venue=row.venue,
            symbol=row.symbol,
            asset=row.asset,
            asset_class=AssetClass.ValueType(row.asset_class),
            bid=row.last_bid,
            bid_size=row.last_bid_size,
            ask=row.last_ask,
            ask_size=row.last_ask_size,
            state=BookState.ValueType(row.last_state),
            exchange_time=_moment(row.last_exchange_ns),
            receive_time=to_timestamp(row.last_receive_ns),
        )
    )
    return stats


def _stats(row: StatsRow) -> WindowStats:
    start_ns = to_ns(row.start)
    return WindowStats(
        venue=row.venue,
        symbol=row.symbol,
        start_time=to_timestamp(start_ns),
        end_time=to_timestamp(start_ns + row.window_ns),
        avg_bid=row.avg_bid,
        min_bid=row.min_bid,
        max_bid=row.max_bid,
        avg_ask=row.avg_ask,
        min_ask=row.min_ask,
        max_ask=row.max_ask,
        avg_spread=row.avg_spread,
        time_weighted_bid=row.time_weighted_bid,
        time_weighted_ask=row.time_weighted_ask,
        tick_count=row.tick_count,
        coverage=row.coverage,
        is_complete=row.is_complete,
        windows=row.windows,
    )


def _moment(time_ns: int) -> Timestamp | None:
    return to_timestamp(time_ns) if time_ns else None
