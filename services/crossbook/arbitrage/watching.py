"""One WatchOpportunities call: what is open now or what was missed, then what happens."""

from collections.abc import AsyncGenerator

from crossbook._core import SpreadView
from crossbook.arbitrage.event_log import LoggedEvent
from crossbook.arbitrage.live import LiveScan
from crossbook.arbitrage.messages import to_opportunity
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.timestamps import now_ns

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
            if _matches(request, event):
                yield _with_dropped(event.message, subscription.dropped)


def _beginning(live: LiveScan, request: pb.WatchOpportunitiesRequest) -> list[pb.WatchOpportunitiesResponse]:
    missed = live.events.after(request.resume_token) if request.resume_token else None
    if missed is not None:
        return [event.message for event in missed if _matches(request, event)]
    return _open_now(live, request)


def _open_now(live: LiveScan, request: pb.WatchOpportunitiesRequest) -> list[pb.WatchOpportunitiesResponse]:
    """An OPENED for each, as it is now. Only the last bears a token: who resumes from an earlier one starts again."""
    messages = []
    for spread in live.scanner.open_opportunities():
        opened = live.events.opened(spread.opportunity_id)
        if opened is not None and _matches(request, opened):
            messages.append(_opened(opened, spread))
    if messages:
        messages[-1].resume_token = live.events.token
    return messages


def _opened(opened: LoggedEvent, spread: SpreadView) -> pb.WatchOpportunitiesResponse:
    return pb.WatchOpportunitiesResponse(
        kind=pb.OPPORTUNITY_EVENT_KIND_OPENED,
        opportunity=to_opportunity(spread, now_ns()),
        event_time=opened.message.event_time,
        cause_time=opened.message.cause_time,
    )


def _matches(request: pb.WatchOpportunitiesRequest, event: LoggedEvent) -> bool:
    if request.venues or request.assets:
        spread = event.event.spread
        if request.venues and not {spread.buy.venue, spread.sell.venue}.issubset(request.venues):
            return False
        if request.assets and spread.asset not in request.assets:
            return False
    return not request.HasField("min_net_percent") or event.opening_net_percent >= request.min_net_percent


def _with_dropped(message: pb.WatchOpportunitiesResponse, dropped: int) -> pb.WatchOpportunitiesResponse:
    """The message is shared by all readers: one that differs is a copy."""
    if not dropped:
        return message
    copy = pb.WatchOpportunitiesResponse()
    copy.CopyFrom(message)
    copy.dropped_events = dropped
    return copy
