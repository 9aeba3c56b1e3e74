"""One event to many subscribers, each at its own pace: a slow one loses its own oldest events, and is told how many."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

T = TypeVar("T")


class Subscription(Generic[T]):
    """One subscriber's queue: bounded; when full its oldest event makes room and `dropped` counts it."""

    def __init__(self, limit: int) -> None:
        self._waiting: deque[T] = deque(maxlen=limit)
        self._changed = asyncio.Event()
        self._is_closed = False
        self.dropped = 0

    def __aiter__(self) -> "Subscription[T]":
        return self

    async def __anext__(self) -> T:
        while not self._waiting:
            if self._is_closed:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        return self._waiting.popleft()

    def take(self, limit: int) -> list[T]:
        """What waits besides, at most so many, without waiting for more."""
        return [self._waiting.popleft() for _ in range(min(limit, len(self._waiting)))]

    def _put(self, item: T) -> bool:
        """Whether an older one had to go for it."""
        is_full = len(self._waiting) == self._waiting.maxlen
        self.dropped += is_full
        self._waiting.append(item)
        self._changed.set()
        return is_full

    def _close(self) -> None:
        self._is_closed = True
        self._changed.set()


class Broadcast(Generic[T]):
    """The publisher's side; it never waits."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription[T]] = set()
        self._is_closed = False
        self.dropped = 0  # over all subscriptions that ever were

    def __len__(self) -> int:
        return len(self._subscriptions)

    def publish(self, item: T) -> None:
        """Hands the item to every subscriber."""
        for subscription in self._subscriptions:
            self.dropped += subscription._put(item)

    def close(self) -> None:
        """Ends every subscription once it has read what it holds, so that streams end before the server stops."""
        self._is_closed = True
        for subscription in self._subscriptions:
            subscription._close()

    @asynccontextmanager
    async def subscribe(self, limit: int) -> AsyncIterator[Subscription[T]]:
        """A subscription that gets every item published from now on, and holds at most `limit` of them."""
        subscription: Subscription[T] = Subscription(limit)
        if self._is_closed:
            subscription._close()
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
