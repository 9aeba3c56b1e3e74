"""The lanes of a real feed on a clock that a test sets, with real servers in the place of the shards' aggregators."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from crossbook._core import Instrument, Pace
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.plane.thread import PlaneThread, open_plane
from crossbook.plumbing.timestamps import MINUTE_NS, SECOND_NS
from crossbook.tracker.feed.feed import FeedArguments, make_feed
from crossbook.tracker.feed.session import Session
from crossbook.tracker.outgoing.lanes import Lanes
from crossbook.tracker.outgoing.outgoing import Outgoing
from crossbook.tracker.outgoing.routing import Routing
from tests.support.tracker.ingest_server import IngestServer, ingest_server

START_NS = 1_750_000_000 * SECOND_NS // MINUTE_NS * MINUTE_NS + 7 * SECOND_NS
BOUNDARY_NS = START_NS // MINUTE_NS * MINUTE_NS + MINUTE_NS


@dataclass(frozen=True)
class Shards:
    """A server for each, and the plane that a tracker sends with."""

    plane: PlaneThread
    servers: dict[str, IngestServer]


class LaneWorld:
    """A feed on a clock that the test sets, whose lanes go to real servers."""

    def __init__(self, shards: Shards, listed: tuple[str, ...], venue: str, *, spool: Path | None = None) -> None:
        self.servers = servers = shards.servers
        self._passed_ns = 0
        self.venue = venue
        arguments = FeedArguments(
            venue=self.venue,
            stream_id="s-1",
            websocket_url=None,
            rest_url=None,
            stale_after_ns=None,
            shards=list(listed),
        )
        self.feed = make_feed(arguments)
        clock = Clock(lambda: START_NS + self._passed_ns, lambda: self._passed_ns)
        self.session = Session(self.venue, "s-1", self.feed, clock)
        self._clock = clock
        self.targets = {shard: f"127.0.0.1:{server.port}" for shard, server in servers.items()}
        self.routing = Routing({shard: self.targets[shard] for shard in listed})
        outgoing = Outgoing(shards.plane, Pace(), 1 << 20)
        self.lanes = Lanes(self.session, self.routing, outgoing, spool)

    def pass_until(self, time_ns: int) -> None:
        """Without a hole: the process beats all the while."""
        while START_NS + self._passed_ns < time_ns:
            self._passed_ns += min(SECOND_NS // 2, time_ns - START_NS - self._passed_ns)
            self._clock.beat()
        self.lanes.keep_current(self.session.now_ns())

    def track(self, instruments: list[Instrument]) -> None:
        """Their first states make rows."""
        self.feed.track(instruments, self.session.now_ns())
        self.lanes.flush_soon()

    @property
    def shards(self) -> dict[str, bool]:
        """Each lane's, and whether it leaves."""
        return {lane.shard: lane.is_leaving for lane in self.lanes}

    def received(self, shard: str) -> int:
        """Batches that a shard has got."""
        stream = self.servers[shard].streams.get(self.venue)
        return len(stream.batches) if stream else 0

    def end(self) -> None:
        """As a driver does."""
        self.lanes.stop()
        self.session.close()


@asynccontextmanager
async def two_shards() -> AsyncIterator[Shards]:
    """East's and west's."""
    async with AsyncExitStack() as stack:
        plane = await stack.enter_async_context(open_plane())
        yield Shards(plane, {shard: await stack.enter_async_context(ingest_server()) for shard in ("east", "west")})
