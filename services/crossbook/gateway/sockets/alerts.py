"""Alerts for every socket, out of one stream: what fires, and the latest that fired for those that resume.

The stream cannot resume, so after a break the history is asked for what fired meanwhile: nothing is missed, none comes
twice. A token is an alert's name.
"""

from collections.abc import Callable, Iterable

from crossbook.gateway.rest.backends import Backends
from crossbook.gateway.sockets.following import Kept, follow_in_turn, tell
from crossbook.gateway.sockets.socket import Socket
from crossbook.gateway.sockets.subscription import Event, Subscription
from crossbook.pb.v1 import alerts_pb2
from crossbook.pb.v1 import gateway_pb2 as pb
from crossbook.plumbing.follow import Link

KEPT_ALERTS = 1_000


class Alerts:
    """One stream, many readers."""

    def __init__(self, backends: Backends, sockets: Callable[[], Iterable[Socket]]) -> None:
        self._backends = backends
        self._sockets = sockets
        self._kept: Kept[alerts_pb2.Alert] = Kept(KEPT_ALERTS)  # by name

    async def run(self) -> None:
        """Follows until cancelled: one target after another."""
        await follow_in_turn(self._backends.targets["alerts"], self._read, "alerts_lost")

    async def _read(self, target: str, link: Link) -> None:
        channel = self._backends.channel("alerts", target)
        call = channel.unary_stream(
            "/crossbook.v1.AlertService/WatchAlerts",
            request_serializer=alerts_pb2.WatchAlertsRequest.SerializeToString,
            response_deserializer=alerts_pb2.WatchAlertsResponse.FromString,
        )(alerts_pb2.WatchAlertsRequest())
        try:
            await call.initial_metadata()  # from here on nothing is missed
            link.opened()
            await self._catch_up(target)
            async for message in call:
                self._take(message.alert)
        finally:
            call.cancel()

    async def _catch_up(self, target: str) -> None:
        asked = alerts_pb2.ListAlertsRequest(page_size=KEPT_ALERTS).SerializeToString()
        payload = await self._backends.call_one("alerts", target, "crossbook.v1.AlertService/ListAlerts", asked)
        is_first = not self._kept
        for alert in reversed(alerts_pb2.ListAlertsResponse.FromString(payload).alerts):
            self._take(alert, is_news=not is_first)

    def _take(self, alert: alerts_pb2.Alert, *, is_news: bool = True) -> None:
        if self._kept.add(alert.name, alert) and is_news:
            tell(self._sockets(), pb.CHANNEL_ALERTS, lambda one: is_wanted(alert, one.asked), lambda: _event(alert))

    def begin(self, socket: Socket, subscription: Subscription) -> None:
        """What fired after the token, as far as it is held; else nothing from before."""
        asked = subscription.asked
        missed = self._kept.after(asked.resume_token) if asked.resume_token in self._kept else []
        for alert in missed:
            if is_wanted(alert, asked):
                subscription.put_event(_event(alert))
        socket.wake()


def is_wanted(alert: alerts_pb2.Alert, asked: pb.Subscribe) -> bool:
    """Whether an alert is of what a subscription asked for."""
    found, chosen = alert.opportunity, asked.filter
    if chosen.venues and not {found.buy.venue, found.sell.venue} & set(chosen.venues):
        return False
    if chosen.symbols and not {found.buy.symbol, found.sell.symbol} & set(chosen.symbols):
        return False
    return not chosen.assets or found.asset in chosen.assets


def _event(alert: alerts_pb2.Alert) -> Event:
    return Event("alert", alerts_pb2.WatchAlertsResponse(alert=alert).SerializeToString(), alert.name)
