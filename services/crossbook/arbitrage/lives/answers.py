"""Answers about lives: a page of them, and statistics in groups."""

from collections.abc import Iterator, Sequence
from typing import Any, LiteralString

from crossbook._core import Life
from crossbook.arbitrage.lives.requests import check_history, check_statistics
from crossbook.arbitrage.store.lives import GroupRow, LifeStore
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.paging import encode_token, query_fingerprint
from crossbook.plumbing.timestamps import SECOND_NS, to_duration, to_timestamp

US_NS = 1_000
# The SQL of each grouping's keys; an hour is its first second.
KEYS: dict[int, tuple[LiteralString, ...]] = {
    pb.LIFE_GROUPING_ASSET: ("asset",),
    pb.LIFE_GROUPING_VENUE_PAIR: ("buy_venue", "sell_venue"),
    pb.LIFE_GROUPING_HOUR: ("open_ns / 3600000000000 * 3600",),
}


async def list_history(
    store: LifeStore, request: pb.ListOpportunityHistoryRequest
) -> pb.ListOpportunityHistoryResponse:
    """One page. Raises InvalidRequestError, UnavailableError."""
    query, limit = check_history(request)
    rows = await store.page(query, limit + 1)
    page, has_more = rows[:limit], len(rows) > limit
    token = encode_token(query_fingerprint(request), [page[-1].open_ns, page[-1].id]) if has_more else ""
    return pb.ListOpportunityHistoryResponse(lives=[to_life(life) for life in page], next_page_token=token)


async def statistics(
    store: LifeStore, request: pb.GetOpportunityStatisticsRequest, now_ns: int
) -> pb.GetOpportunityStatisticsResponse:
    """All groups at once. Raises InvalidRequestError, UnavailableError."""
    asked = check_statistics(request, now_ns)
    keys = [key for grouping in asked.grouping for key in KEYS[grouping]]
    latencies_us = [latency // US_NS for latency in asked.latencies_ns]
    rows = await store.statistics(asked.query, keys, latencies_us, asked.limit)
    return pb.GetOpportunityStatisticsResponse(rows=[_group(row, asked.grouping, asked.latencies_ns) for row in rows])


def to_life(life: Life) -> pb.OpportunityLife:
    """A row as a message."""
    end_ns = life.last_ns if life.close_ns is None else life.close_ns
    return pb.OpportunityLife(
        id=life.id,
        asset=life.asset,
        buy_venue=life.buy_venue,
        buy_symbol=life.buy_symbol,
        sell_venue=life.sell_venue,
        sell_symbol=life.sell_symbol,
        quote_currency=life.quote_currency,
        open_time=to_timestamp(life.open_ns),
        publish_time=to_timestamp(life.publish_ns),
        close_time=None if life.close_ns is None else to_timestamp(life.close_ns),
        duration=to_duration(max(0, end_ns - life.open_ns)),
        close_reason=pb.RefusalReason.ValueType(life.close_reason),
        is_censored=life.is_censored,
        opening_gross_percent=life.opening_gross_percent,
        opening_net_percent=life.opening_net_percent,
        peak_net_percent=life.peak_net_percent,
        peak_time=to_timestamp(life.peak_ns),
        last_net_percent=life.last_net_percent,
        opening_size=life.opening_size,
        opening_notional=life.opening_notional,
        peak_notional=life.peak_notional,
        path=_path(life),
        events=life.events,
    )


def _path(life: Life) -> Iterator[pb.EdgePoint]:
    for after_us, net, notional in zip(life.path_us, life.path_net_percent, life.path_notional, strict=True):
        yield pb.EdgePoint(after=to_duration(after_us * US_NS), net_percent=net, executable_notional=notional)


def _group(row: GroupRow, grouping: Sequence[int], latencies_ns: Sequence[int]) -> pb.LifeStatistics:
    """A share of which nothing is known is 0: every life's watch ended before."""
    captures = zip(latencies_ns, row.captures, strict=True)
    return pb.LifeStatistics(
        **_keys(row.keys, grouping),
        count=row.count,
        censored_count=row.censored,
        median_life=to_duration(round(row.median_us) * US_NS),
        mean_opening_net_percent=row.mean_opening_net_percent,
        peak_net_percent=row.peak_net_percent,
        captures=[
            pb.LatencyCapture(latency=to_duration(latency), alive_share=alive or 0.0, mean_net_percent=net or 0.0)
            for latency, (alive, net) in captures
        ],
    )


def _keys(keys: Sequence[Any], grouping: Sequence[int]) -> dict[str, Any]:
    left, told = iter(keys), {}
    for one in grouping:
        if one == pb.LIFE_GROUPING_ASSET:
            told["asset"] = next(left)
        elif one == pb.LIFE_GROUPING_VENUE_PAIR:
            told["buy_venue"], told["sell_venue"] = next(left), next(left)
        else:
            told["hour"] = to_timestamp(next(left) * SECOND_NS)
    return told
