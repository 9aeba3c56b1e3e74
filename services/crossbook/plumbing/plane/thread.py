"""The plane's thread in this process, and how its bells wake tasks of the event loop.

A bell says only that something has changed; whoever listens looks for itself what. So listeners look first and wait
then, and a thousand changes between two turns of the loop are one wake-up.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from crossbook._core import Plane


class PlaneThread:
    """Of one event loop; `core` is what calls and servers of the core are made with."""

    def __init__(self, core: Plane) -> None:
        self.core = core
        self._events: dict[int, asyncio.Event] = {}  # by bell; no more than there are listeners

    @contextmanager
    def listen(self, bell: int) -> Iterator[asyncio.Event]:
        """An event that is set whenever the bell was rung, and at the beginning; the listener clears it."""
        event = self._events[bell] = asyncio.Event()
        event.set()
        try:
            yield event
        finally:
            del self._events[bell]

    def hear(self) -> None:
        """To be called when the core's descriptor is readable."""
        for bell in self.core.take_bells():
            if event := self._events.get(bell):
                event.set()


@asynccontextmanager
async def open_plane() -> AsyncIterator[PlaneThread]:
    """Runs the thread until the end of the block."""
    thread, loop = PlaneThread(Plane()), asyncio.get_running_loop()
    loop.add_reader(thread.core.fileno(), thread.hear)
    try:
        yield thread
    finally:
        loop.remove_reader(thread.core.fileno())
        thread.core.close()
