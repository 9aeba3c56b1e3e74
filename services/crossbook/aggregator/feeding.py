"""Which tracker's stream feeds a venue: one at a time, and never in place of another that is alive.

A tracker says something every half second. So a stream that has been silent for SILENT_SECONDS belongs to a tracker
that is gone without the network having said so, and the next one takes over; one that ended, or that has sent its last,
leaves at once. Whoever comes while a stream is alive is asked to come again: a restarted tracker is back
within the moment that its old connection takes to end, a stranger does not get in between.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

from crossbook.plumbing.errors import ConflictError
from crossbook.plumbing.tasks import set_within

SILENT_SECONDS = 3.0
LEAVE_SECONDS = 1.0  # for the end of a stream whose tracker is gone to arrive


class Feeding:
    """One stream's time as the venue's only one. `superseded` says that it was taken over."""

    def __init__(self) -> None:
        self.superseded = asyncio.Event()
        self.ended = asyncio.Event()
        self._began_at = asyncio.get_running_loop().time()
        self._silence: Silence = self._since_its_beginning

    def listen(self, silence: "Silence") -> None:
        """Its batches are taken from now on: by whom, and for how long there were none."""
        self._silence = silence

    def done(self) -> None:
        """Its tracker has said its last."""
        self._silence = _endless

    def alive_seconds(self) -> float:
        """For how long it may yet be silent; 0 or less when it has been for too long."""
        silent_seconds = self._silence()
        return SILENT_SECONDS - (silent_seconds or 0.0)

    def _since_its_beginning(self) -> float:
        return asyncio.get_running_loop().time() - self._began_at


Silence: TypeAlias = Callable[[], float | None]
"""For how many seconds a tracker has said nothing; None while we do not listen: then its silence is ours."""


def _endless() -> float:
    return math.inf


class Feeder:
    """The turn of one venue."""

    def __init__(self) -> None:
        self._current: Feeding | None = None

    @asynccontextmanager
    async def turn(self, venue: str) -> AsyncIterator[Feeding]:
        """The caller's stream is the venue's only one inside. Raises ConflictError while another is alive."""
        await self._until_free(venue)
        self._current = feeding = Feeding()
        try:
            yield feeding
        finally:
            self._current = None
            feeding.ended.set()

    async def _until_free(self, venue: str) -> None:
        loop = asyncio.get_running_loop()
        patience = loop.time() + LEAVE_SECONDS
        while (current := self._current) is not None:
            alive_s, left_s = current.alive_seconds(), patience - loop.time()
            if alive_s <= 0:
                current.superseded.set()
                await current.ended.wait()
            elif left_s <= 0:
                raise ConflictError(
                    f"another tracker feeds {venue}, and is alive: stop it first; once it has been silent for"
                    f" {SILENT_SECONDS:g} s, the next stream takes over"
                )
            else:
                await set_within(current.ended, min(alive_s, left_s))
