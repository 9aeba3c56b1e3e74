"""Opportunity events for every socket, out of one stream from arbitrage: what is open now, and the latest events.

A socket that resumes hears what it missed, out of memory; one whose token is not held begins with what is open, which
the frames say (is_snapshot). Of the stream's own break the gateway resumes, so nothing is missed there.
"""

from collections.abc import Callable, Iterable

from crossbook.gateway.rest.backends import Backends
from crossbook.gateway.sockets.following import Kept, follow_in_turn, tell
from crossbook.gateway.sockets.socket import Socket
from crossbook.gateway.sockets.subscription import Event, Subscription
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.pb.v1 import gateway_pb2 as pb
from crossbook.plumbing.follow import Link

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
        tell(self._sockets(), pb.CHANNEL_OPPORTUNITIES, lambda asked: is_wanted(event, asked), lambda: _event(event))

    def begin(self, socket: Socket, subscription: Subscription) -> None:
        """What the subscription is told first."""
        asked = subscription.asked
        if asked.resume_token in self._kept:
            for event in self._kept.after(asked.resume_token):
                if is_wanted(event, asked):
                    subscription.put_event(_event(event))
        else:
            events = [event for event in self._open.values() if is_wanted(event, asked)]
            body = arbitrage_pb2.WatchOpportunitiesResponse(events=events, is_caught_up=True)
            first = Event("opportunities", body.SerializeToString(), self._token, is_snapshot=True, is_last=True)
            subscription.put_event(first)
        socket.wake()


def is_wanted(event: OpportunityEvent, asked: pb.Subscribe) -> bool:
    """Whether an event is of what was asked for; by the peak so far, so what was told once is told until its end."""
    found, chosen = event.opportunity, asked.filter
    if chosen.venues and not {found.buy.venue, found.sell.venue} <= set(chosen.venues):
        return False
    if chosen.assets and found.asset not in chosen.assets:
        return False
    if chosen.symbols and not {found.buy.symbol, found.sell.symbol} & set(chosen.symbols):
        return False
    return not asked.HasField("min_net_percent") or found.peak_net_percent >= asked.min_net_percent


def _event(event: OpportunityEvent) -> Event:
    body = arbitrage_pb2.WatchOpportunitiesResponse(events=[event], is_caught_up=True)
    return Event("opportunities", body.SerializeToString(), event.resume_token)
