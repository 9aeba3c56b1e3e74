"""What clients ask of lives, checked and as queries; every wrong field is named."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from google.protobuf.duration_pb2 import Duration

from crossbook.arbitrage.store.lives import LifeQuery
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.errors import FieldViolation
from crossbook.plumbing.paging import decode_token, page_limit, query_fingerprint
from crossbook.plumbing.requests import check_names, check_range, refuse
from crossbook.plumbing.timestamps import MINUTE_NS, SECOND_NS, from_duration, from_timestamp

DEFAULT_LIVES = 100
MAX_LIVES = 1000
DEFAULT_GROUPS = 100
MAX_GROUPS = 1000
MAX_LATENCIES = 8
DEFAULT_LATENCIES_MS = (50, 180, 500)
DAY_NS = 86_400 * SECOND_NS
MS_NS = 1_000_000

Request = pb.ListOpportunityHistoryRequest | pb.GetOpportunityStatisticsRequest


@dataclass(frozen=True, slots=True)
class Statistics:
    """A request for statistics, checked."""

    query: LifeQuery
    grouping: Sequence[int]
    latencies_ns: Sequence[int]
    limit: int


def check_history(request: pb.ListOpportunityHistoryRequest) -> tuple[LifeQuery, int]:
    """The query of a page, and its rows. Raises InvalidRequestError."""
    violations = _common(request)
    least = request.min_peak_net_percent
    if request.HasField("min_peak_net_percent") and not math.isfinite(least):
        violations.append(FieldViolation("min_peak_net_percent", f"must be a number of percent, not {least:g}"))
    if not _is_span(request.min_duration, DAY_NS):
        violations.append(FieldViolation("min_duration", "must be a duration of 0 to a day"))
    violations += [
        FieldViolation(f"close_reasons[{index}]", f"{reason} is not a reason")
        for index, reason in enumerate(request.close_reasons)
        if reason not in pb.RefusalReason.values()
    ]
    refuse(violations)
    limit = page_limit(request.page_size, DEFAULT_LIVES, MAX_LIVES)
    position = decode_token(query_fingerprint(request), request.page_token)
    query = LifeQuery(
        venues=list(request.venues),
        assets=list(request.assets),
        from_ns=from_timestamp(request.from_time) if request.HasField("from_time") else None,
        to_ns=from_timestamp(request.to_time) if request.HasField("to_time") else None,
        min_peak_net_percent=least if request.HasField("min_peak_net_percent") else None,
        min_duration_ns=from_duration(request.min_duration),
        close_reasons=list(request.close_reasons),
        before=(cast(int, position[0]), cast(str, position[1])) if position else None,
    )
    return query, limit


def check_statistics(request: pb.GetOpportunityStatisticsRequest, now_ns: int) -> Statistics:
    """Raises InvalidRequestError."""
    violations = _common(request)
    grouping = list(request.group_by)
    if len(set(grouping)) < len(grouping) or not set(grouping) <= set(GROUPINGS):
        violations.append(FieldViolation("group_by", "must hold ASSET, VENUE_PAIR and HOUR at most once each"))
    if len(request.latencies) > MAX_LATENCIES:
        violations.append(FieldViolation("latencies", f"must not hold more than {MAX_LATENCIES}"))
    violations += [
        FieldViolation(f"latencies[{index}]", "must be a duration of 0 to a minute")
        for index, latency in enumerate(request.latencies[:MAX_LATENCIES])
        if not _is_span(latency, MINUTE_NS)
    ]
    if not 0 <= request.limit <= MAX_GROUPS:
        violations.append(FieldViolation("limit", f"must be 1 to {MAX_GROUPS}, or 0 for {DEFAULT_GROUPS}"))
    refuse(violations)
    to_ns = from_timestamp(request.to_time) if request.HasField("to_time") else now_ns
    from_ns = from_timestamp(request.from_time) if request.HasField("from_time") else to_ns - DAY_NS
    query = LifeQuery(venues=list(request.venues), assets=list(request.assets), from_ns=from_ns, to_ns=to_ns)
    latencies = [from_duration(one) for one in request.latencies] or [ms * MS_NS for ms in DEFAULT_LATENCIES_MS]
    return Statistics(query, grouping, latencies, request.limit or DEFAULT_GROUPS)


GROUPINGS = (pb.LIFE_GROUPING_ASSET, pb.LIFE_GROUPING_VENUE_PAIR, pb.LIFE_GROUPING_HOUR)


def _common(request: Request) -> list[FieldViolation]:
    return [
        *check_names("venues", request.venues),
        *check_names("assets", request.assets),
        *check_range(request),
    ]


def _is_span(duration: Duration, most_ns: int) -> bool:
    is_whole = -SECOND_NS < duration.nanos < SECOND_NS and duration.seconds * duration.nanos >= 0
    return is_whole and 0 <= from_duration(duration) <= most_ns
