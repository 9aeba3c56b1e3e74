"""How the streams of this service wait: for its stop, and for each other's news."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NoReturn

from crossbook.plumbing.errors import UnavailableError


async def refuse_when_stopping(stopping: asyncio.Event) -> NoReturn:
    """Ends a stream with UNAVAILABLE when the service stops, so that its client keeps what it has and dials again."""
    await stopping.wait()
    raise UnavailableError("the aggregator is stopping")


class Wakeups:
    """Wakes every waiter when there is news; a waiter that is busy finds one wake-up waiting, however much came."""

    def __init__(self) -> None:
        self._events: set[asyncio.Event] = set()

    def __len__(self) -> int:
        return len(self._events)

    def notify(self) -> None:
        """Wakes everybody; cheap enough for every batch."""
        for event in self._events:
            event.set()

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[asyncio.Event]:
        """An event that is set by news, and by what was there before; the waiter clears it."""
        event = asyncio.Event()
        event.set()
        self._events.add(event)
        try:
            yield event
        finally:
            self._events.discard(event)
