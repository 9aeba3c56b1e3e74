"""One WatchOpportunities call: what is open now or what was missed, then what happens.

Its messages are bytes from the event log, which all readers share: a client that was busy gets all that waits in one.
A client whose token memory no longer answers reads the log in Postgres first (event_history.py), page by page at its
own pace, and joins the live events where the log ends.
"""

from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from typing import TypeVar

from crossbook._core import SpreadView
from crossbook.arbitrage.event_history import Resumption
from crossbook.arbitrage.event_log import LoggedEvent
from crossbook.arbitrage.live import LiveScan
from crossbook.arbitrage.messages import to_opportunity
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.timestamps import to_timestamp

QUEUE_LIMIT = 1000
EVENTS_AT_A_TIME = 256  # about 100 kB
CAUGHT_UP = pb.WatchOpportunitiesResponse(is_caught_up=True).SerializeToString()

T = TypeVar("T")


async def watch(
    live: LiveScan, request: pb.WatchOpportunitiesRequest, queue_limit: int = QUEUE_LIMIT
) -> AsyncGenerator[bytes, None]:
    """WatchOpportunitiesResponses with the events that match. A client too slow for them loses the oldest waiting ones,
    and is told how many.

    Raises InvalidRequestError for a malformed resume token, UnavailableError while the log that it needs is away.
    """
    missed = live.history.resume(request.resume_token) if live.history and request.resume_token else None
    if missed is not None:
        async for events in missed.pages():
            if message := _joined(request, events):
                yield message
    async with live.broadcast.subscribe(queue_limit) as subscription:
        # Nothing is awaited between the subscription and the end of this line: no event is missed or told twice.
        beginning = _beginning(live, request) if missed is None else _after_log(live, request, missed)
        for message in beginning:
            yield message
        yield CAUGHT_UP
        async for event in subscription:
            events = (event, *subscription.take(EVENTS_AT_A_TIME - 1))
            if message := _joined(request, events):
                yield message + _dropped(subscription.dropped)


def _beginning(live: LiveScan, request: pb.WatchOpportunitiesRequest) -> Iterable[bytes]:
    missed = live.events.after(request.resume_token) if request.resume_token else None
    if missed is None:
        return _open_now(live, request)
    # Each is made when the client is ready for it: all at once they would be as large as the log.
    return (message for events in _parts(missed) if (message := _joined(request, events)))


def _after_log(live: LiveScan, request: pb.WatchOpportunitiesRequest, missed: Resumption) -> list[bytes]:
    """The events that are not in the log yet, the ends of what is not open here, what is open here and not told."""
    rest = [message for events in _parts(missed.rest()) if (message := _joined(request, events))]
    ends = missed.ends(lambda event: _matches(request, event))
    untold = [event for event in _open_events(live, request) if not missed.is_told(event.opportunity.id)]
    return rest + _encoded([*ends, *untold])


def _joined(request: pb.WatchOpportunitiesRequest, events: Iterable[LoggedEvent]) -> bytes:
    """Responses in a row are one response with all their events."""
    return b"".join(event.payload for event in events if _matches(request, event))


def _open_now(live: LiveScan, request: pb.WatchOpportunitiesRequest) -> list[bytes]:
    """An OPENED for each, as it is now. Only the last bears a token: who resumes from an earlier one starts again."""
    events = _open_events(live, request)
    if events:
        events[-1].resume_token = live.events.token
    return _encoded(events)


def _open_events(live: LiveScan, request: pb.WatchOpportunitiesRequest) -> list[pb.OpportunityEvent]:
    events = []
    for spread in live.scanner.open_opportunities():
        opened = live.events.opened(spread.opportunity_id)
        if opened is not None and _matches(request, opened):
            events.append(_opened(opened, spread, live.clock.now_ns()))
    return events


def _encoded(events: Sequence[pb.OpportunityEvent]) -> list[bytes]:
    return [pb.WatchOpportunitiesResponse(events=some).SerializeToString() for some in _parts(events)]


def _opened(opened: LoggedEvent, spread: SpreadView, now_ns: int) -> pb.OpportunityEvent:
    return pb.OpportunityEvent(
        kind=pb.OPPORTUNITY_EVENT_KIND_OPENED,
        opportunity=to_opportunity(spread, now_ns),
        event_time=to_timestamp(opened.event_ns),
        cause_time=to_timestamp(opened.cause_ns),
    )


def _parts(events: Sequence[T]) -> Iterator[Sequence[T]]:
    return (events[start : start + EVENTS_AT_A_TIME] for start in range(0, len(events), EVENTS_AT_A_TIME))


def _matches(request: pb.WatchOpportunitiesRequest, event: LoggedEvent) -> bool:
    if request.venues and not {event.buy_venue, event.sell_venue}.issubset(request.venues):
        return False
    if request.assets and event.asset not in request.assets:
        return False
    return not request.HasField("min_net_percent") or event.opening_net_percent >= request.min_net_percent


def _dropped(count: int) -> bytes:
    return pb.WatchOpportunitiesResponse(dropped_events=count).SerializeToString() if count else b""
