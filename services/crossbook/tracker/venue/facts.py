"""What a venue tells of its instruments besides quotes: asked for within its request budget, a request at a time.

Answers are read in a thread and without the GIL, so that sockets go on meanwhile; nothing here is on a quote's way.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence

import structlog

from crossbook._core import FactBook, Instrument
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.process import Lifetime
from crossbook.tracker.venue.reach import Reach

IDLE_SECONDS = 0.25
LOG_AFTER_FAILURES = 12  # in a row, of any of the venue's answers

log = structlog.get_logger()


class Facts:
    """The facts of one venue's tracked instruments."""

    def __init__(self, reach: Reach, clock: Clock) -> None:
        self.book = FactBook(reach.venue, rest_url=reach.endpoint.rest_url)
        self._reach = reach
        self._clock = clock
        self._tracked: tuple[Instrument, ...] = ()
        self._failures = 0
        self._listed: Sequence[bytes] = ()  # answers to the newest market list, until they are read

    async def keep_asking(self, lifetime: Lifetime, tracked: Callable[[], Collection[Instrument]]) -> None:
        """Until told to stop."""
        while not lifetime.stopping.is_set():
            self.track(tracked())
            await self._take_listed()
            if not await self.ask_once():
                await lifetime.sleep(IDLE_SECONDS)

    def track(self, instruments: Collection[Instrument]) -> None:
        """These are tracked from now on."""
        wanted = tuple(instruments)
        if wanted != self._tracked:
            self._tracked = wanted
            self.book.track(wanted, self._clock.now_ns())

    async def ask_once(self) -> bool:
        """Asks for what is due; False when nothing is."""
        ask = self.book.next_ask(self._clock.now_ns())
        if ask is None:
            return False
        status, body = await self._reach.fetcher.ask(ask.request, is_urgent=False)
        before = self.book.counts()[1]
        await asyncio.to_thread(self.book.read, ask, status, body, self._clock.now_ns())
        self._tell(ask.request.url, status, is_failure=self.book.counts()[1] > before)
        return True

    async def take_listing(self, answers: Sequence[bytes]) -> None:
        """The market list has facts as well; those of the first one wait until something is tracked."""
        self._listed = answers

    async def _take_listed(self) -> None:
        if self._listed and self._tracked:
            answers, self._listed = self._listed, ()
            await asyncio.to_thread(self.book.read_markets, answers, self._clock.now_ns())

    def _tell(self, url: str, status: int, *, is_failure: bool) -> None:
        self._failures = self._failures + 1 if is_failure else 0
        if self._failures == LOG_AFTER_FAILURES:
            effect = "facts of its instruments become stale"
            log.warning("facts_not_told", venue=self._reach.venue, url=url, status=status, effect=effect)
