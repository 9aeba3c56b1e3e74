"""One venue inside the aggregator: its windows, its writer, and which tracker stream feeds it now."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import structlog

from crossbook._core import QuoteHub, VenueWindows
from crossbook.aggregator.counters import Counters
from crossbook.aggregator.feeding import Feeder, Feeding
from crossbook.aggregator.store.store import Store
from crossbook.aggregator.writer import WindowWriter
from crossbook.pb.v1.market_pb2 import VENUE_STATE_DOWN, VenueHealth
from crossbook.plumbing.clock import Clock, is_ahead
from crossbook.plumbing.timestamps import SECOND_NS, now_ns, to_timestamp

log = structlog.get_logger()


class Venue:
    """Lives from the venue's first hello to the end of the process; streams come and go, one at a time."""

    def __init__(
        self, name: str, *, window_seconds: int, hub: QuoteHub, store: Store, counters: Counters, clock: Clock
    ) -> None:
        self.name = name
        self._store = store
        self._counters = counters
        self._now_ns = clock.now_ns
        self._make_windows = partial(VenueWindows, name, window_seconds, hub)
        self._make_writer = partial(WindowWriter, name, store=store, counters=counters)
        self.windows = self._make_windows()
        self.writer = self._make_writer(windows=self.windows)
        self._writing: asyncio.Future[None] | None = None  # the writer's run
        self._is_restored = False  # to what Postgres holds of it, which may be nothing
        self.is_connected = False
        self._reported: VenueHealth | None = None
        self._lost_ns = 0
        self._feeder = Feeder()

    async def restore(self) -> None:
        """Continues after the last commit, if there was one, unless it was of a clock that has been set back since.

        Raises UnavailableError while Postgres is away.
        """
        point = await self._store.open_venue(self.name)
        now_ns = self._now_ns()
        if point is not None and is_ahead(point.committed_until_ns, now_ns):
            was_ns = point.committed_until_ns
            point, rows = await self._store.set_back(self.name, now_ns)
            self._counters.positions_set_back += 1
            log.error("position_set_back", venue=self.name, ahead_seconds=(was_ns - now_ns) // SECOND_NS, rows=rows)
        if point is not None:
            self.windows.restore(point.stream_id, point.position, point.committed_until_ns, point.carried)
            self.writer.restore(point)
            log.info("venue_restored", venue=self.name, stream_id=point.stream_id, position=point.position)
        self._is_restored = True

    async def renew(self) -> None:
        """Windows are given up that Postgres has lost commits before, or that have closed before their time.

        Raises UnavailableError while Postgres is away: the next stream then finds the venue as it is, to be restored.
        """
        is_early = is_ahead(self.windows.watermark_ns, self._now_ns())
        if is_early:
            log.error("windows_set_back", venue=self.name, watermark_ns=self.windows.watermark_ns)
        if is_early or self.writer.lost_commits.is_set():
            await self._begin_afresh()
        if not self._is_restored:
            await self.restore()

    async def write(self) -> None:
        """Endless: commits what the windows close, also after these have begun afresh."""
        while True:
            self._writing = asyncio.ensure_future(self.writer.run())
            try:
                await asyncio.wait((self._writing,))
            finally:
                self._writing.cancel()
            if not self._writing.cancelled():
                self._writing.result()

    async def _begin_afresh(self) -> None:
        """Forgets its windows, with what of them is not committed. To be restored again."""
        self.windows.on_disconnected(now_ns())
        self._is_restored = False
        self.windows = self._make_windows()
        self.writer = self._make_writer(windows=self.windows)
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait((self._writing,))

    @property
    def health(self) -> VenueHealth | None:
        """As its tracker said last, and DOWN while there is none; None until one has said so."""
        if self.is_connected:
            return self._reported
        reason, since_time = "its tracker is not connected", to_timestamp(self._lost_ns) if self._lost_ns else None
        return VenueHealth(venue=self.name, state=VENUE_STATE_DOWN, reason=reason, since_time=since_time)

    def report(self, health: VenueHealth) -> None:
        """Its tracker says how it is doing."""
        self._reported = health

    @asynccontextmanager
    async def fed(self) -> AsyncIterator[Feeding]:
        """Makes the caller's stream the venue's only one: only one may touch the windows. Raises ConflictError."""
        async with self._feeder.turn(self.name) as feeding:
            self.is_connected = True
            try:
                yield feeding
            finally:
                self.is_connected, self._reported, self._lost_ns = False, None, now_ns()
                self.windows.on_disconnected(now_ns())
