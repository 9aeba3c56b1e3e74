"""A call that the plane carries, as its handler has it: what the client said first, what it is sent, how it ends."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from google.protobuf.message import DecodeError, Message

from crossbook._core import IngestRules, IngestStream, OpportunityWatching, PlaneCall, QuoteHub, VenueWindows
from crossbook.plumbing.errors import InvalidRequestError, UnavailableError
from crossbook.plumbing.plane.thread import PlaneThread

# Messages written and not yet taken, beyond which a writer waits.
MAX_WAITING = 4

M = TypeVar("M", bound=Message)


class StreamCall:
    """Of one client. A handler that returns ends the call well; what it raises is what the client is told."""

    def __init__(self, core: PlaneCall, news: asyncio.Event, thread: PlaneThread) -> None:
        self._core = core
        self._news = news
        self._thread = thread

    @property
    def first(self) -> bytes:
        """What the client said first."""
        return self._core.first

    def request(self, kind: type[M]) -> M:
        """The only message of a client that sends one. Raises InvalidRequestError."""
        try:
            return kind.FromString(self.first)
        except DecodeError:
            raise InvalidRequestError.of("request", "is not a message of the method's type") from None

    def begin(self) -> None:
        """Tells the client that it is served."""
        self._core.accept()

    async def write(self, message: bytes) -> None:
        """Begins the call if nobody has. Waits while the client is behind."""
        self.begin()
        await self._until(lambda: self._core.waiting < MAX_WAITING or self._core.is_gone)
        self._core.write(message)

    def watch(self, watching: OpportunityWatching) -> None:
        """From now on the client is sent what the watcher is told, until its end."""
        self._core.watch(watching)
        self.begin()

    async def gone(self) -> None:
        """Until the client has left."""
        await self._until(lambda: self._core.is_gone)

    def feed(
        self, windows: VenueWindows, rules: IngestRules
    ) -> tuple[IngestStream, AbstractContextManager[asyncio.Event]]:
        """From now on what the client sends goes to the windows: what tells of it, and the event of its news.

        Raises UnavailableError when the client is gone.
        """
        try:
            stream = self._core.feed(windows, rules)
        except ConnectionError as error:
            raise UnavailableError(str(error)) from error
        return stream, self._thread.listen(stream.bell)

    def follow(
        self,
        hub: QuoteHub,
        selection: "Selection",
        *,
        as_rows: bool = False,
        with_depth: bool = False,
        interval_seconds: float = 0.0,
    ) -> None:
        """From now on the client is sent what the hub has, as batches, with depth or without, or as rows."""
        venues, symbols, assets = selection
        self._core.follow(
            hub, venues, symbols, assets, as_rows=as_rows, with_depth=with_depth, interval_seconds=interval_seconds
        )
        self.begin()

    async def _until(self, is_so: Callable[[], bool]) -> None:
        while not is_so():
            self._news.clear()
            await self._news.wait()


Selection: TypeAlias = tuple[list[str], list[str], list[str]]
"""Venues, symbols and assets; an empty list does not restrict."""


@dataclass(frozen=True, slots=True)
class Stream:
    """A method that the plane carries."""

    serve: Callable[[StreamCall], Coroutine[Any, Any, None]]
    opening: str = "request"  # what its clients say first
    max_silent: int = 512  # calls that have said nothing
