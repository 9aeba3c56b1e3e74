"""A live scan whose watchers are told within the event loop: the plane's part, for tests without it."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from crossbook._core import WATCHER_QUEUE_LIMIT, OpportunityWatching
from crossbook.arbitrage.live import LiveScan
from crossbook.arbitrage.opportunity_stream import begin
from crossbook.pb.v1 import arbitrage_pb2 as pb


class WatchedScan(LiveScan):
    """Takes quotes, and wakes those who wait in `messages`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._bells: dict[int, asyncio.Event] = {}  # by the watcher's number
        super().__init__(*arguments, **options)

    def on_batch(self, payload: bytes, source: int = 0) -> None:
        """Takes a SubscribeQuoteBatchesResponse of a source, the stream of one shard. Raises PayloadError."""
        told = self.scanner.on_batch(payload, self.clock.now_ns(), source)
        self._tell(told)
        if told[0]:
            self.scanner.on_published(self.clock.now_ns())

    def on_disconnected(self, source: int = 0) -> None:
        """The source is gone."""
        self._tell(self.scanner.on_disconnected(self.clock.now_ns(), source))

    async def messages(self, watching: OpportunityWatching) -> AsyncGenerator[bytes, None]:
        """What the watcher is told, until its end."""
        bell = self._bells[watching.number] = asyncio.Event()
        try:
            while (message := watching.take()) != b"":
                if message is None:
                    await bell.wait()
                    bell.clear()
                else:
                    yield message
        finally:
            del self._bells[watching.number]
            watching.close()

    def _tell(self, told: tuple[int, list[int]]) -> None:
        for number in told[1]:
            if bell := self._bells.get(number):
                bell.set()
        super()._tell(told)


async def watch(
    live: WatchedScan, request: pb.WatchOpportunitiesRequest, queue_limit: int = WATCHER_QUEUE_LIMIT
) -> AsyncGenerator[bytes, None]:
    """All messages of a call, as its client gets them."""
    pages: asyncio.Queue[bytes | None] = asyncio.Queue(1)

    async def start() -> OpportunityWatching:
        try:
            return await begin(live, request, pages.put, queue_limit)
        finally:
            await pages.put(None)

    beginning = asyncio.ensure_future(start())
    try:
        while (page := await pages.get()) is not None:
            yield page
        messages = live.messages(await beginning)
        try:
            async for message in messages:
                yield message
        finally:
            await messages.aclose()
    finally:
        beginning.cancel()
