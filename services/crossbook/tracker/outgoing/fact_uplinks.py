"""A venue's facts on their way to every shard: what is new, a message at a time, the next once the last was taken.

What changes meanwhile waits in the book, the newest of each fact: nothing here grows. A shard that comes, or comes
back, is told everything; for simplicity's sake the others are too.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import grpc
import structlog

from crossbook._core import FactBook
from crossbook.pb.v1 import aggregator_pb2 as messages
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.follow import Loss
from crossbook.plumbing.grpc.channel import open_channel
from crossbook.plumbing.process import Lifetime
from crossbook.plumbing.retry import Redial

PAUSE_SECONDS = 0.5
ANSWER_SECONDS = 5.0
BACKOFF_BASE_SECONDS = 0.5
BACKOFF_CAP_SECONDS = 10.0
METHOD = f"/{messages.DESCRIPTOR.services_by_name['AggregatorService'].full_name}/IngestFacts"

Call = grpc.aio.StreamStreamCall[bytes, messages.IngestFactsResponse]

log = structlog.get_logger()


class FactUplinks:
    """One venue's streams of facts, one to each shard."""

    def __init__(self, venue: str, book: FactBook, shards: Callable[[], Mapping[str, str]], clock: Clock) -> None:
        self._venue = venue
        self._book = book
        self._shards = shards
        self._clock = clock
        self._links: dict[str, _Link] = {}  # by target; no more than there are shards

    async def run(self, lifetime: Lifetime) -> None:
        """Until told to stop."""
        try:
            while not lifetime.stopping.is_set():
                await self.send_once()
                await lifetime.sleep(PAUSE_SECONDS)
        finally:
            for link in self._links.values():
                await link.close()

    async def send_once(self) -> None:
        """Sends what is new to every shard that is there."""
        await self._follow_shards()
        if any([await link.open() for link in self._links.values()]):
            self._book.tell_all()
        if not any(link.is_open for link in self._links.values()):
            return  # it stays in the book
        while payload := self._book.take_changes(self._clock.now_ns()):
            await asyncio.gather(*(link.send(payload) for link in self._links.values() if link.is_open))

    async def _follow_shards(self) -> None:
        targets = set(self._shards().values())
        for target in self._links.keys() - targets:
            await self._links.pop(target).close()
        for target in targets - self._links.keys():
            self._links[target] = _Link(self._venue, target)


class _Link:
    """The stream to one shard, over all its lives."""

    def __init__(self, venue: str, target: str) -> None:
        self._venue = venue
        self._target = target
        self._channel = open_channel(target)
        self._call: Call | None = None
        self._redial = Redial(BACKOFF_BASE_SECONDS, BACKOFF_CAP_SECONDS)
        self._not_before = 0.0
        self._is_lost = False

    @property
    def is_open(self) -> bool:
        """Whether it takes messages."""
        return self._call is not None

    async def open(self) -> bool:
        """Dials where there is no stream; whether there is a new one."""
        if self._call is not None or asyncio.get_running_loop().time() < self._not_before:
            return False
        self._redial.opened()
        method: Any = self._channel.stream_stream(
            METHOD, request_serializer=None, response_deserializer=messages.IngestFactsResponse.FromString
        )
        self._call = method()
        hello = messages.IngestFactsRequest(venue=self._venue)
        return await self.send(hello.SerializeToString())

    async def send(self, payload: bytes) -> bool:
        """Whether it was taken."""
        call = self._call
        if call is None:
            return False
        async with self._losing():
            async with asyncio.timeout(ANSWER_SECONDS):
                await call.write(payload)
                if await call.read() is grpc.aio.EOF:
                    raise TimeoutError("the stream has ended")
            if self._is_lost:
                self._is_lost = False
                log.info("facts_uplink_open", venue=self._venue, target=self._target)
            return True
        return False

    async def close(self) -> None:
        """For good."""
        self._hang_up()
        await self._channel.close()

    @asynccontextmanager
    async def _losing(self) -> AsyncIterator[None]:
        try:
            yield
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError, TimeoutError) as error:
            self._hang_up()
            self._not_before = asyncio.get_running_loop().time() + self._redial.wait_seconds()
            if not self._is_lost:
                self._is_lost = True
                reason = Loss.of(error).reason
                log.warning("facts_uplink_lost", venue=self._venue, target=self._target, reason=reason)

    def _hang_up(self) -> None:
        call, self._call = self._call, None
        if call is not None:
            call.cancel()
