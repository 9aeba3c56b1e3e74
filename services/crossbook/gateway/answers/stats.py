"""How a venue, or all of them, are doing, and which markets there are: out of what the processes said last."""

from collections.abc import Iterable, Mapping

from crossbook.gateway.answers.prices import MAX_ROWS, Price, is_meant
from crossbook.gateway.answers.processes import Processes
from crossbook.pb.v1 import gateway_pb2 as pb
from crossbook.pb.v1.aggregator_pb2 import VenueRows
from crossbook.pb.v1.market_pb2 import BookState, Instrument, VenueState
from crossbook.pb.v1.tracker_pb2 import VenueStats
from crossbook.plumbing.errors import InvalidRequestError
from crossbook.plumbing.timestamps import from_timestamp

MS_NS = 1_000_000
UNKNOWN_ROWS = -1
# From the best to the worst; of several venues the worst is told.
_WORSE = (
    VenueState.VENUE_STATE_UNSPECIFIED,
    VenueState.VENUE_STATE_LIVE,
    VenueState.VENUE_STATE_STARTING,
    VenueState.VENUE_STATE_DEGRADED,
    VenueState.VENUE_STATE_DOWN,
)


def stats_of(
    processes: Processes, venue: str, rows: Iterable[VenueRows] | None, window_ns: int, now_ns: int
) -> pb.GetStatsResponse:
    """Of one venue, or of all where none is named. `rows` are None while nobody could count them."""
    venues = [stats for name, stats in processes.venues.items() if venue in ("", name)]
    answer = pb.GetStatsResponse(
        is_tracking=any(stats.markets for stats in venues),
        markets=sum(stats.markets for stats in venues),
        live_markets=sum(stats.live_markets for stats in venues),
        connected=bool(venues) and all(stats.connected for stats in venues),
        messages_received=sum(stats.messages_received for stats in venues),
        database=_counted(rows, venue),
        aggregator=_progress(processes, venue, window_ns, now_ns),
        as_of_ms=now_ns // MS_NS,
    )
    _put_state(answer, processes, venues)
    last = [from_timestamp(stats.last_message_time) for stats in venues if stats.HasField("last_message_time")]
    if last:
        answer.last_message_at_ms = max(last) // MS_NS
    if venue and venues:
        for name in ("clock_offset_ms", "delay_ms"):
            if venues[0].HasField(name):
                setattr(answer, name, getattr(venues[0], name))
    return answer


def markets_of(
    processes: Processes, prices: Mapping[tuple[str, str], Price], request: pb.ListVenueMarketsRequest
) -> pb.ListVenueMarketsResponse:
    """Listed markets; active is what the board has that is not closed. Raises InvalidRequestError."""
    if not 0 <= request.limit <= MAX_ROWS:
        raise InvalidRequestError.of("limit", f"must be 1 to {MAX_ROWS}, or 0 for all; it is {request.limit}")
    rows = [
        row
        for market in processes.markets
        if request.venue in ("", market.venue) and (not request.symbol or is_meant(market, request.symbol))
        for row in [_market(market, prices.get((market.venue, market.symbol)))]
        if not request.HasField("active") or row.active == request.active
    ]
    return pb.ListVenueMarketsResponse(markets=rows[: request.limit or MAX_ROWS], count=len(rows))


def _market(market: Instrument, price: Price | None) -> pb.MarketRow:
    state = price.state if price else 0
    row = pb.MarketRow(
        symbol=market.symbol,
        active=state not in (0, BookState.BOOK_STATE_CLOSED),
        venue=market.venue,
        asset=market.asset,
        native_symbol=market.native_symbol,
        tick_size=market.tick_size,
        state=BookState.ValueType(state),
        quote_currency=market.quote_currency,
        asset_scale=market.asset_scale,
    )
    if market.native_symbol.isdigit():
        row.market_index = int(market.native_symbol)
    for name in ("taker_fee_percent", "maker_fee_percent"):
        if market.HasField(name):
            setattr(row, name, getattr(market, name))
    return row


def _counted(rows: Iterable[VenueRows] | None, venue: str) -> pb.RowCounts:
    if rows is None:
        return pb.RowCounts(snapshots=UNKNOWN_ROWS, minutes=UNKNOWN_ROWS)
    own = [one for one in rows if venue in ("", one.venue)]
    return pb.RowCounts(snapshots=sum(one.snapshots for one in own), minutes=sum(one.minutes for one in own))


def _progress(processes: Processes, venue: str, window_ns: int, now_ns: int) -> pb.AggregatorProgress:
    streams = [
        stream
        for shard in processes.of("aggregator")
        if shard.stats is not None
        for stream in shard.stats.streams
        if venue in ("", stream.venue)
    ]
    return pb.AggregatorProgress(
        current_symbols=sum(stream.instruments for stream in streams), window_elapsed_ms=now_ns % window_ns / MS_NS
    )


def _put_state(answer: pb.GetStatsResponse, processes: Processes, venues: list[VenueStats]) -> None:
    healths = processes.healths
    told = [healths[stats.venue] for stats in venues if stats.venue in healths]
    if not told:
        return
    worst = max(told, key=lambda health: _WORSE.index(health.state))
    answer.state, answer.reason = worst.state, worst.reason
    if worst.HasField("since_time"):
        answer.since_ms = from_timestamp(worst.since_time) // MS_NS
