"""Every shard's quotes, followed into the board. A list that changes counts at once; what left it is let go."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from crossbook._core import QuoteBoard, WallClock
from crossbook.plumbing.plane.quote_stream import QuoteWatch, Source
from crossbook.plumbing.plane.thread import PlaneThread

OnChange: TypeAlias = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Followed:
    watch: QuoteWatch
    task: asyncio.Task[None]


class ShardBoard:
    """The board, and who feeds it."""

    def __init__(self, shards: Mapping[str, str], wall: WallClock, plane: PlaneThread) -> None:
        self.board = QuoteBoard(wall)
        self._wall = wall
        self._plane = plane
        self._listed = dict(shards)
        self._followed: dict[tuple[str, str], _Followed] = {}
        self._changed = asyncio.Event()
        self._next_number = 0

    @property
    def lost(self) -> list[str]:
        """Listed shards whose stream is down."""
        up = {one.watch.source.shard for one in self._followed.values() if one.watch.is_connected}
        return sorted(set(self._listed) - up)

    def choose(self, shards: Mapping[str, str]) -> None:
        """Takes another list: target by shard."""
        self._listed = dict(shards)
        self._changed.set()

    async def run(self, on_change: OnChange) -> None:
        """Follows until cancelled; tells whenever a stream has come or gone."""
        self._followed.clear()
        async with asyncio.TaskGroup() as tasks:
            while True:
                for key in self._followed.keys() - self._listed.items():
                    self._followed.pop(key).task.cancel()
                for key in self._listed.items() - self._followed.keys():
                    source = Source(*key, self._next_number)
                    self._next_number += 1
                    watch = QuoteWatch(source, self.board, self._wall, self._plane, on_change)
                    self._followed[key] = _Followed(watch, tasks.create_task(watch.run()))
                self._changed.clear()
                await self._changed.wait()
