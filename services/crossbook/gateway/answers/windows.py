"""Closed windows and minutes, newest first, in the shape that REST has for them."""

from typing import Any, TypeAlias

from google.protobuf.timestamp_pb2 import Timestamp

from crossbook.gateway.answers.prices import Prices
from crossbook.gateway.rest.backends import Backends
from crossbook.pb.v1 import aggregator_pb2
from crossbook.pb.v1 import gateway_pb2 as pb
from crossbook.plumbing.errors import FieldViolation, InvalidRequestError
from crossbook.plumbing.paging import page_limit
from crossbook.plumbing.timestamps import from_timestamp

MS_NS = 1_000_000
DEFAULT_ROWS = 60
MAX_ROWS = 1_000
MAX_OFFSET = 9_000
MAX_MS = 253_402_300_799_000  # the last of the year 9999
STATS = (
    "avg_bid",
    "avg_ask",
    "avg_spread",
    "min_bid",
    "max_bid",
    "min_ask",
    "max_ask",
    "time_weighted_bid",
    "time_weighted_ask",
)

Asked: TypeAlias = pb.ListMinuteRowsRequest | pb.ListSnapshotRowsRequest


class Windows:
    """Asks any shard: each has all of them."""

    def __init__(self, backends: Backends, prices: Prices) -> None:
        self._backends = backends
        self._prices = prices

    async def minutes(self, request: pb.ListMinuteRowsRequest) -> pb.ListMinuteRowsResponse:
        """Raises InvalidRequestError, and AioRpcError."""
        limit, asked = self._asked(request)
        query = aggregator_pb2.ListMinutesRequest(**asked)
        path = "crossbook.v1.AggregatorService/ListMinutes"
        answer = aggregator_pb2.ListMinutesResponse.FromString(
            await self._backends.call("aggregator", path, query.SerializeToString())
        )
        rows = [_row(stats) for stats in answer.minutes[request.offset : request.offset + limit]]
        return pb.ListMinuteRowsResponse(minutes=rows, count=len(rows), next_page_token=answer.next_page_token)

    async def snapshots(self, request: pb.ListSnapshotRowsRequest) -> pb.ListSnapshotRowsResponse:
        """Raises InvalidRequestError, and AioRpcError."""
        limit, asked = self._asked(request)
        query = aggregator_pb2.ListSnapshotsRequest(**asked)
        path = "crossbook.v1.AggregatorService/ListSnapshots"
        answer = aggregator_pb2.ListSnapshotsResponse.FromString(
            await self._backends.call("aggregator", path, query.SerializeToString())
        )
        rows = [_row(stats) for stats in answer.snapshots[request.offset : request.offset + limit]]
        return pb.ListSnapshotRowsResponse(snapshots=rows, count=len(rows), next_page_token=answer.next_page_token)

    def _asked(self, request: Asked) -> tuple[int, dict[str, Any]]:
        """How many rows are wanted, and the fields of the aggregator's request for them and those before."""
        limit = page_limit(request.limit, DEFAULT_ROWS, MAX_ROWS) if 0 <= request.limit <= MAX_ROWS else -1
        violations = []
        if limit < 0:
            violations.append(FieldViolation("limit", f"must be 1 to {MAX_ROWS}, or 0 for {DEFAULT_ROWS}"))
        if not 0 <= request.offset <= MAX_OFFSET:
            violations.append(FieldViolation("offset", f"must be 0 to {MAX_OFFSET}; page_token leads further"))
        if request.offset and request.page_token:
            violations.append(FieldViolation("offset", "does not go together with page_token"))
        bounds = [(name, getattr(request, f"{name}_ms")) for name in ("from", "to") if _has(request, f"{name}_ms")]
        violations += [FieldViolation(n, "must be milliseconds of a time") for n, at in bounds if not 0 <= at <= MAX_MS]
        if violations:
            raise InvalidRequestError(violations)
        return limit, {
            "venues": [request.venue] if request.venue else [],
            "symbols": self._prices.symbols_of(request.symbol, request.venue) if request.symbol else [],
            "page_size": limit + request.offset,
            "page_token": request.page_token,
            "is_newest_first": True,
            **{f"{name}_time": moment(at) for name, at in bounds},
        }


def _has(request: Any, name: str) -> bool:
    return bool(request.HasField(name))


def moment(ms: float) -> Timestamp:
    """A time of REST as one of the protos."""
    found = Timestamp()
    found.FromMicroseconds(round(ms * 1000))
    return found


def _row(stats: aggregator_pb2.WindowStats) -> pb.WindowRow:
    start_ns, end_ns = from_timestamp(stats.start_time), from_timestamp(stats.end_time)
    return pb.WindowRow(
        symbol=stats.symbol,
        venue=stats.venue,
        timestamp=start_ns // MS_NS,
        tick_count=stats.tick_count,
        coverage=stats.coverage,
        is_complete=stats.is_complete,
        duration_ms=(end_ns - start_ns) // MS_NS,
        **{name: getattr(stats, name) for name in STATS if stats.HasField(name)},  # type: ignore[arg-type]
    )
