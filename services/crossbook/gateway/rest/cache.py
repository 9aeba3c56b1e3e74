"""Answers that may be shared for a moment: one flight for each key, however many ask, and none that a change outdates.

A change that goes through this gateway empties it: who wrote reads what they wrote.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

MAX_ENTRIES = 512
MAX_BYTES = 64 * 1024 * 1024  # of all answers together

Key = tuple[str, bytes]


@dataclass(slots=True)
class _Entry:
    flight: "asyncio.Future[bytes]"
    until: float = 0.0
    size: int = 0


class Cache:
    """By method and request."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: OrderedDict[Key, _Entry] = OrderedDict()
        self._bytes = 0
        self.asked = 0  # how often the backend was

    async def get(self, key: Key, seconds: float, ask: Callable[[], Awaitable[bytes]]) -> bytes:
        """The answer, asked for if there is none that is younger. What `ask` raises, all who wait for it are told."""
        if not seconds:
            return await ask()
        entry = self._entries.get(key)
        if entry is None or (entry.flight.done() and (self._clock() >= entry.until or _failed(entry))):
            self._drop(key)
            entry = _Entry(asyncio.ensure_future(ask()))
            self._entries[key] = entry
            self.asked += 1
            entry.flight.add_done_callback(lambda _: self._landed(key, entry, seconds))
        return await asyncio.shield(entry.flight)

    def clear(self) -> None:
        """Something has changed."""
        self._entries.clear()
        self._bytes = 0

    def _landed(self, key: Key, entry: _Entry, seconds: float) -> None:
        if self._entries.get(key) is not entry:
            return
        if _failed(entry):
            self._drop(key)
            return
        entry.until, entry.size = self._clock() + seconds, len(entry.flight.result())
        self._bytes += entry.size
        while self._bytes > MAX_BYTES or len(self._entries) > MAX_ENTRIES:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: Key) -> None:
        if (entry := self._entries.pop(key, None)) is not None:
            self._bytes -= entry.size


def _failed(entry: _Entry) -> bool:
    flight = entry.flight
    return flight.cancelled() or (flight.done() and flight.exception() is not None)
