"""The shards that are followed: each with a stream of quotes, the scanner's source, and how its venues are doing.

A list that changes at run time takes no quote away. A new shard is followed at once; one that is no longer listed is
followed on until it tells of no open instrument any more: its instruments move to others when the list of the trackers
changes too, which may be sooner or later. One that is listed at another target is another one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

import structlog

from crossbook.arbitrage.live import LiveScan
from crossbook.arbitrage.venue_health import VenueHealths, merged
from crossbook.pb.v1.market_pb2 import VenueHealth
from crossbook.plumbing.plane.quote_stream import QuoteWatch, Source
from crossbook.plumbing.plane.thread import PlaneThread
from crossbook.plumbing.tasks import Keeper, call_off, set_within

LOOK_SECONDS = 1.0  # how often those that are to be left are looked at

log = structlog.get_logger()

OnConnected = Callable[[bool], Awaitable[None]]


@dataclass(slots=True)
class _Followed:
    watch: QuoteWatch
    venues: VenueHealths
    task: asyncio.Task[None]
    is_leaving: bool = False

    @property
    def source(self) -> Source:
        return self.watch.source


class ShardFollower:
    """Follows what is listed."""

    def __init__(self, shards: Mapping[str, str], live: LiveScan, plane: PlaneThread) -> None:
        self._listed = dict(shards)
        self._live = live
        self._plane = plane
        self._followed: list[_Followed] = []
        self._changed = asyncio.Event()
        self._telling = asyncio.Lock()  # what is told last is what is so

    @property
    def listed(self) -> Mapping[str, str]:
        """Targets of those that are to be followed, by shard."""
        return self._listed

    @property
    def is_connected(self) -> bool:
        """Whether any shard's stream is up."""
        return any(followed.watch.is_connected for followed in self._followed)

    @property
    def connections(self) -> dict[str, bool]:
        """Whether its stream is up, by shard."""
        up = {followed.source.shard for followed in self._followed if followed.watch.is_connected}
        return {followed.source.shard: followed.source.shard in up for followed in self._followed}

    @property
    def healths(self) -> list[VenueHealth]:
        """How each venue is doing, over all shards."""
        return merged({followed.source.shard: followed.venues.healths for followed in self._followed})

    def choose(self, shards: Mapping[str, str]) -> None:
        """Takes another list: target by shard."""
        self._listed = dict(shards)
        self._changed.set()

    async def run(self, on_connected: OnConnected, keeper: Keeper) -> None:
        """Follows until cancelled. Tells whether any shard's stream is up whenever one of them comes or goes."""
        self._followed.clear()

        async def tell() -> None:
            async with self._telling:
                await on_connected(self.is_connected)

        async with asyncio.TaskGroup() as tasks:
            while True:
                if await self._leave_unlisted():
                    await tell()
                self._follow_listed(tasks, tell, keeper)
                self._changed.clear()
                await set_within(self._changed, LOOK_SECONDS)

    async def _leave_unlisted(self) -> bool:
        """Whether any was left."""
        before = list(self._followed)
        for followed in before:
            source = followed.source
            is_listed = self._listed.get(source.shard) == source.target
            if not is_listed and not followed.is_leaving:
                log.info(
                    "shard_unlisted", shard=source.shard, target=source.target, open_legs=self._open_legs(followed)
                )
            followed.is_leaving = not is_listed
            if not is_listed and not self._open_legs(followed):
                await self._leave(followed)
        return len(self._followed) < len(before)

    async def _leave(self, followed: _Followed) -> None:
        await call_off(followed.task)  # its number is free only then
        self._followed.remove(followed)
        log.info("shard_left", shard=followed.source.shard, target=followed.source.target)

    def _follow_listed(self, tasks: asyncio.TaskGroup, tell: Callable[[], Awaitable[None]], keeper: Keeper) -> None:
        known = {(followed.source.shard, followed.source.target) for followed in self._followed}
        for shard, target in self._listed.items():
            if (shard, target) not in known:
                source = Source(shard, target, self._free_number())
                watch = QuoteWatch(source, self._live.scanner, self._live.clock.core, self._plane, tell)
                venues = VenueHealths(target)
                task = tasks.create_task(keeper.keep(f"shard {shard}", partial(_run, watch, venues)))
                self._followed.append(_Followed(watch, venues, task))

    def _free_number(self) -> int:
        taken = {followed.source.number for followed in self._followed}
        return next(number for number in range(len(taken) + 1) if number not in taken)

    def _open_legs(self, followed: _Followed) -> int:
        return self._live.scanner.open_legs(followed.source.number)


async def _run(watch: QuoteWatch, venues: VenueHealths) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(watch.run())
        tasks.create_task(venues.run())
