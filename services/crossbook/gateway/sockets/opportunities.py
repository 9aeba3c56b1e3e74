"""Opportunity events for every socket, out of one stream from arbitrage: what is open now, and the latest events.

A socket that resumes hears what it missed, out of memory; one whose token is not held begins with what is open, which
the frames say (is_snapshot). Of the stream's own break the gateway resumes, so nothing is missed there.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable

import structlog

from crossbook.gateway.rest.backends import Backends
from crossbook.gateway.sockets.socket import Socket
from crossbook.gateway.sockets.subscription import Event, Subscription
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.pb.v1 import gateway_pb2 as pb
from crossbook.plumbing.follow import Link

KEPT_EVENTS = 10_000
BACKOFF_BASE_SECONDS, BACKOFF_CAP_SECONDS = 0.2, 3.0
CLOSED = arbitrage_pb2.OPPORTUNITY_EVENT_KIND_CLOSED

OpportunityEvent = arbitrage_pb2.OpportunityEvent
log = structlog.get_logger()


class Opportunities:
    """One stream, many readers."""

    def __init__(self, backends: Backends, sockets: Callable[[], Iterable[Socket]]) -> None:
        self._backends = backends
        self._sockets = sockets
        self._kept: OrderedDict[str, OpportunityEvent] = OrderedDict()  # by resume token
        self._open: dict[str, OpportunityEvent] = {}  # the last event of each that is open, by id
        self._token = ""

    async def run(self) -> None:
        """Follows arbitrage until cancelled: one target after another."""
        link, turn = Link(BACKOFF_BASE_SECONDS, BACKOFF_CAP_SECONDS), 0
        targets = self._backends.targets["arbitrage"]
        while True:
            loss = await link.live(self._read(targets[turn % len(targets)], link))
            turn += 1
            if loss.is_news:
                log.warning("opportunities_lost", reason=loss.reason)
            await link.pause()

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
            if token in self._kept:
                return
            self._token = token
            self._kept[token] = event
            if len(self._kept) > KEPT_EVENTS:
                self._kept.popitem(last=False)
        if event.kind == CLOSED:
            self._open.pop(event.opportunity.id, None)
        else:
            self._open[event.opportunity.id] = event
        for socket in self._sockets():
            for subscription in socket.subscriptions.values():
                if subscription.asked.channel == pb.CHANNEL_OPPORTUNITIES and is_wanted(event, subscription.asked):
                    subscription.put_event(_event(event))
                    socket.wake()

    def begin(self, socket: Socket, subscription: Subscription) -> None:
        """What the subscription is told first."""
        asked = subscription.asked
        if asked.resume_token in self._kept:
            missed = _after(self._kept, asked.resume_token)
            for event in missed:
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


def _after(kept: OrderedDict[str, OpportunityEvent], token: str) -> list[OpportunityEvent]:
    found: list[OpportunityEvent] = []
    for one in reversed(kept):
        if one == token:
            break
        found.append(kept[one])
    return found[::-1]
