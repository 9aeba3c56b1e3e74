"""States that are the same for all who want them: how each venue is doing, and the summary; once a second."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping

from crossbook.gateway.sockets.socket import Socket
from crossbook.gateway.sockets.subscription import Subscription
from crossbook.pb.v1 import gateway_pb2 as pb
from crossbook.pb.v1.market_pb2 import VenueHealth
from crossbook.plumbing.timestamps import now_ns

SECONDS = 1.0
MS_NS = 1_000_000


class States:
    """Of all sockets; each is sent a heartbeat as well."""

    def __init__(
        self,
        sockets: Callable[[], Iterable[Socket]],
        healths: Callable[[], Mapping[str, VenueHealth]],
        summary: Callable[[], Awaitable[pb.GetSummaryResponse]],
        newest_ns: Callable[[], Mapping[str, int]],
        lost_shards: Callable[[], list[str]],
    ) -> None:
        self._sockets = sockets
        self._healths = healths
        self._summary = summary
        self._newest_ns = newest_ns
        self._lost_shards = lost_shards
        self._told: dict[str, bytes] = {}  # health of each venue as it was told last

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.tell()
            await asyncio.sleep(SECONDS)

    async def tell(self) -> None:
        """Heartbeats, and what is new of each state to those that have nothing waiting."""
        healths = dict(self._healths())
        now = {venue: health.SerializeToString(deterministic=True) for venue, health in healths.items()}
        changed = {venue for venue, told in now.items() if self._told.get(venue) != told}
        self._told = now
        beat = self._heartbeat()
        summary: bytes | None = None
        for socket in list(self._sockets()):
            socket.put(beat)
            for subscription in () if socket.is_paused else list(socket.subscriptions.values()):
                if subscription.ready is not None:
                    continue
                if subscription.asked.channel == pb.CHANNEL_SUMMARY:
                    summary = summary or (await self._summary()).SerializeToString()
                    subscription.put_state("summary", summary)
                elif subscription.asked.channel == pb.CHANNEL_HEALTH:
                    _put_health(subscription, healths, changed)

    def _heartbeat(self) -> bytes:
        now = now_ns()
        ages = {venue: max(0, now - at) / MS_NS for venue, at in self._newest_ns().items()}
        beat = pb.Heartbeat(server_time_ms=now // MS_NS, venue_age_ms=ages, lost_shards=self._lost_shards())
        return pb.ServerFrame(heartbeat=beat).SerializeToString()


def _put_health(subscription: Subscription, healths: Mapping[str, VenueHealth], changed: set[str]) -> None:
    wanted = set(healths) if subscription.is_beginning else changed
    if venues := set(subscription.asked.filter.venues):
        wanted &= venues
    if wanted or subscription.is_beginning:
        body = pb.VenuesHealth(venues=[healths[venue] for venue in sorted(wanted)])
        subscription.put_state("health", body.SerializeToString())
