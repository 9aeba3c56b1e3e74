"""One feed at work: the feed, its time, and how it ended. Everything that tells the feed something holds the same one.

VenueFailedError     the feed raised: begin afresh, after a wait
ClockSteppedError    the clock was set: begin afresh at once; nothing that comes now can stand in the same stream
"""

import asyncio
from typing import Protocol

from crossbook.plumbing.clock import Clock
from crossbook.tracker.feed.feed import Feed


class VenueFailedError(Exception):
    """The feed raised: start it afresh."""


class ClockSteppedError(Exception):
    """The clock was set: start afresh, at once."""


class Watcher(Protocol):
    """Who acts on what befalls a session."""

    def on_hole(self, now_ns: int) -> None:
        """Nobody listened until now."""

    def on_quotes_missing(self, shard: str) -> None:
        """The shard has lost some for good."""


class Session:
    """From the feed's beginning to its end. Use as a context manager, once it has its watcher."""

    def __init__(self, venue: str, stream_id: str, feed: Feed, clock: Clock) -> None:
        self.venue = venue
        self.stream_id = stream_id
        self.feed = feed
        self.watcher: Watcher | None = None
        self.end: asyncio.Future[None] = asyncio.get_running_loop().create_future()  # it only ever raises
        self._stretch = clock.begin(self._on_hole, self._on_step)
        self.now_ns = self._stretch.now_ns  # without a call in between: every read asks

    def fail(self, error: BaseException) -> VenueFailedError:
        """Of a feed that raised; the first error is the reason."""
        failure = VenueFailedError(f"{type(error).__name__}: {error}")
        failure.__cause__ = error
        self._end(failure)
        return failure

    @property
    def has_failed(self) -> bool:
        """Whether the feed must not be told anything any more."""
        return self.end.done() and isinstance(self.end.exception(), VenueFailedError)

    def on_quotes_missing(self, shard: str) -> None:
        """Of an uplink."""
        if self.watcher is not None:
            self.watcher.on_quotes_missing(shard)

    def close(self) -> None:
        """Its time need not be kept any more."""
        self._stretch.end()
        if self.end.done():
            self.end.exception()  # whoever waited has seen it
        else:
            self.end.cancel()

    def _on_hole(self, now_ns: int) -> None:
        if self.watcher is not None and not self.end.done():
            self.watcher.on_hole(now_ns)

    def _on_step(self, reason: str) -> None:
        self._end(ClockSteppedError(reason))

    def _end(self, error: Exception) -> None:
        if not self.end.done():
            self.end.set_exception(error)
