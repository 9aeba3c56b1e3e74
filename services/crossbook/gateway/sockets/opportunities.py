"""Opportunity events for every socket, out of one stream from arbitrage: what is open now, and the latest events.

A socket that resumes hears what it missed, out of memory; one whose token is not held begins with what is open, which
the frames say (is_snapshot). Of the stream's own break the gateway resumes, so nothing is missed there.
"""

from collections.abc import Callable, Iterable

from crossbook._core import EventFilter, EventSelection
from crossbook.gateway.rest.backends import Backends
from crossbook.gateway.sockets.following import Kept, follow_in_turn, tell
from crossbook.gateway.sockets.socket import Socket
from crossbook.gateway.sockets.subscription import Event, Subscription
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.pb.v1 import gateway_pb2 as pb
from crossbook.plumbing.follow import Link
from crossbook.plumbing.timestamps import from_timestamp, now_ns

KEPT_EVENTS = 10_000
CLOSED = arbitrage_pb2.OPPORTUNITY_EVENT_KIND_CLOSED

OpportunityEvent = arbitrage_pb2.OpportunityEvent


class Opportunities:
    """One stream, many readers."""

    def __init__(self, backends: Backends, sockets: Callable[[], Iterable[Socket]]) -> None:
        self._backends = backends
        self._sockets = sockets
        self._kept: Kept[OpportunityEvent] = Kept(KEPT_EVENTS)  # by resume token
        self._open: dict[str, OpportunityEvent] = {}  # the last event of each that is open, by id
        self._token = ""

    async def run(self) -> None:
        """Follows arbitrage until cancelled: one target after another."""
        await follow_in_turn(self._backends.targets["arbitrage"], self._read, "opportunities_lost")

    async def _read(self, target: str, link: Link) -> None:
        request = arbitrage_pb2.WatchOpportunitiesRequest(resume_token=self._token)
        call = self._backends.channel("arbitrage", target).unary_stream(
            "/crossbook.v1.ArbitrageService/WatchOpportunities",
            request_serializer=arbitrage_pb2.WatchOpportunitiesRequest.SerializeToString,
            response_deserializer=arbitrage_pb2.WatchOpportunitiesResponse.FromString,
        )(request)
        begun = set[str]()
        is_fresh = not self._token
        try:
            await call.wait_for_connection()
            link.opened()
            async for message in call:
                for event in message.events:
                    begun.add(event.opportunity.id)
                    self._take(event)
                if message.is_caught_up and is_fresh:
                    self._forget_others(begun)
        finally:
            call.cancel()

    def _forget_others(self, begun: set[str]) -> None:
        """A stream that began anew has told all that are open."""
        for identifier in set(self._open) - begun:
            del self._open[identifier]

    def _take(self, event: OpportunityEvent) -> None:
        token = event.resume_token
        if token:
            if not self._kept.add(token, event):
                return
            self._token = token
        if event.kind == CLOSED:
            self._open.pop(event.opportunity.id, None)
        else:
            self._open[event.opportunity.id] = event
        body = _body(event)
        tell(
            self._sockets(),
            pb.CHANNEL_OPPORTUNITIES,
            lambda one: is_wanted(one, event, body, from_timestamp(event.event_time)),
            lambda: _event(event, body),
        )

    def begin(self, socket: Socket, subscription: Subscription) -> None:
        """What the subscription is told first."""
        token = subscription.asked.resume_token
        subscription.selection = selection_of(subscription.asked, is_resumed=token in self._kept)
        if token in self._kept:
            for event in self._kept.after(token):
                body = _body(event)
                if is_wanted(subscription, event, body, from_timestamp(event.event_time)):
                    subscription.put_event(_event(event, body))
        else:
            at_ns = now_ns()
            events = [one for one in self._open.values() if is_wanted(subscription, one, _body(one), at_ns)]
            body = _body(*events)
            first = Event("opportunities", body, self._token, is_snapshot=True, is_last=True)
            subscription.put_event(first)
        socket.wake()


def is_wanted(subscription: Subscription, event: OpportunityEvent, body: bytes, at_ns: int) -> bool:
    """Whether the subscription is told of the event; to be asked once about each, in order.

    Of the net the peak so far counts, so what was told once is told until its end.
    """
    found, selection = event.opportunity, subscription.selection
    head = (event.kind, found.id, found.asset, found.buy.venue, found.sell.venue, found.peak_net_percent)
    return selection is not None and selection.wants(*head, at_ns, body)


def selection_of(asked: pb.Subscribe, *, is_resumed: bool) -> EventSelection:
    """What a subscription wants, with nothing let in yet; `is_resumed` where it goes on after a token."""
    chosen = asked.filter
    least = asked.min_net_percent if asked.HasField("min_net_percent") else None
    conditions = asked.opportunity_filter.SerializeToString()
    wanted = EventFilter(chosen.venues, chosen.assets, least, chosen.symbols, conditions)
    return EventSelection(wanted, is_resumed=is_resumed)


def _body(*events: OpportunityEvent) -> bytes:
    return arbitrage_pb2.WatchOpportunitiesResponse(events=events, is_caught_up=True).SerializeToString()


def _event(event: OpportunityEvent, body: bytes) -> Event:
    return Event("opportunities", body, event.resume_token)
