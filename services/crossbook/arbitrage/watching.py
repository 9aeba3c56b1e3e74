"""One WatchOpportunities call: what is open now or what was missed, then what happens."""

from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence

from crossbook._core import SpreadView
from crossbook.arbitrage.event_log import KeptEvent, Opening
from crossbook.arbitrage.live import LiveScan
from crossbook.arbitrage.messages import to_opportunity
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.timestamps import now_ns, to_timestamp

QUEUE_LIMIT = 1000


async def watch(
    live: LiveScan, request: pb.WatchOpportunitiesRequest, queue_limit: int = QUEUE_LIMIT
) -> AsyncGenerator[pb.WatchOpportunitiesResponse, None]:
    """Events that match. A client too slow for them loses the oldest waiting ones, and is told how many.

    Raises InvalidRequestError for a malformed resume token.
    """
    async with live.broadcast.subscribe(queue_limit) as subscription:
        # Nothing is awaited between the subscription and the end of this line: no event is missed or told twice.
        beginning = _beginning(live, request)
        for message in beginning:
            yield message
        async for event in subscription:
            if _matches(request, event.event.spread, event.opening_net_percent):
                yield _with_dropped(event.message, subscription.dropped)


def _beginning(live: LiveScan, request: pb.WatchOpportunitiesRequest) -> Iterable[pb.WatchOpportunitiesResponse]:
    missed = live.events.after(request.resume_token) if request.resume_token else None
    return _open_now(live, request) if missed is None else _missed(missed, request)


def _missed(
    events: Sequence[KeptEvent], request: pb.WatchOpportunitiesRequest
) -> Iterator[pb.WatchOpportunitiesResponse]:
    """Each is made when the client is ready for it: all at once they would be many times as large as the log."""
    for event in events:
        message = event.message
        if _matches(request, message.opportunity, event.opening_net_percent):
            yield message


def _open_now(live: LiveScan, request: pb.WatchOpportunitiesRequest) -> list[pb.WatchOpportunitiesResponse]:
    """An OPENED for each, as it is now. Only the last bears a token: who resumes from an earlier one starts again."""
    messages = []
    for spread in live.scanner.open_opportunities():
        opening = live.events.opening(spread.opportunity_id)
        if opening is not None and _matches(request, spread, opening.net_percent):
            messages.append(_opened(opening, spread))
    if messages:
        messages[-1].resume_token = live.events.token
    return messages


def _opened(opening: Opening, spread: SpreadView) -> pb.WatchOpportunitiesResponse:
    return pb.WatchOpportunitiesResponse(
        kind=pb.OPPORTUNITY_EVENT_KIND_OPENED,
        opportunity=to_opportunity(spread, now_ns()),
        event_time=to_timestamp(opening.event_ns),
        cause_time=to_timestamp(opening.cause_ns),
    )


def _matches(
    request: pb.WatchOpportunitiesRequest, spread: SpreadView | pb.Opportunity, opening_net_percent: float
) -> bool:
    if request.venues and not {spread.buy.venue, spread.sell.venue}.issubset(request.venues):
        return False
    if request.assets and spread.asset not in request.assets:
        return False
    return not request.HasField("min_net_percent") or opening_net_percent >= request.min_net_percent


def _with_dropped(message: pb.WatchOpportunitiesResponse, dropped: int) -> pb.WatchOpportunitiesResponse:
    """The message is shared by all readers: one that differs is a copy."""
    if not dropped:
        return message
    copy = pb.WatchOpportunitiesResponse()
    copy.CopyFrom(message)
    copy.dropped_events = dropped
    return copy
