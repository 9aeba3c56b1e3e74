"""A venue's stream to one shard: opened here, and again whenever it is lost; what goes over it is the core's.

The plane sends what the outbox holds, and the outbox lets go what is acknowledged. All that is left to us is to open
the stream with the feed's hello, to log what becomes of it, and to tell the journal. Whatever ends a stream, the next
is opened, with backoff, for ever; the outbox keeps the batches meanwhile. When some quotes are lost for good, the feed
tells its current ones once more, so that the aggregator does not wait for each instrument's next change.
"""

import asyncio
from collections.abc import Callable

import structlog

from crossbook._core import Outbox, Resumed, SentStream, SequenceError, UplinkState
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.follow import Link, Loss, within
from crossbook.plumbing.plane.dialing import dial_rules, loss_of
from crossbook.plumbing.plane.thread import PlaneThread

RESUME_TIMEOUT_SECONDS = 10.0
BACKOFF_BASE_SECONDS = 0.1
BACKOFF_CAP_SECONDS = 3.0
LOG_INTERVAL_SECONDS = 30.0

log = structlog.get_logger()


class Uplink:
    """Keeps open the stream of one lane."""

    def __init__(
        self,
        venue: str,
        shard: str,
        outbox: Outbox,
        plane: PlaneThread,
        make_hello: Callable[[int], bytes],
        on_quotes_missing: Callable[[], None],
    ) -> None:
        self.state = UplinkState(outbox)
        self._outbox = outbox
        self._plane = plane
        self._make_hello = make_hello
        self._on_quotes_missing = on_quotes_missing
        self._link = Link(BACKOFF_BASE_SECONDS, BACKOFF_CAP_SECONDS, again_seconds=LOG_INTERVAL_SECONDS)
        self._log = log.bind(venue=venue, shard=shard)

    async def run(self, target: str) -> None:
        """Until the state is told to finish, and all is sent; may be cancelled and run again with another target."""
        while True:
            loss = await self._link.live(self._live(target))
            self.state.on_closed(self._link.problem)
            if loss.is_ours:
                return
            if loss.is_news:
                self._log.warning("uplink_closed", reason=loss.reason, unacknowledged_batches=len(self._outbox))
            await self._link.pause()

    async def _live(self, target: str) -> Loss | None:
        """One stream from its opening to its loss."""
        hello = self._make_hello(self.state.begin())
        stream = self._plane.core.send_quotes(target, hello, self.state, dial_rules())
        try:
            with self._plane.listen(stream.bell) as news:
                await self._open(stream, news)
                code, message = await self._ended(stream, news)
        except SequenceError as error:
            raise UnavailableError(str(error)) from error
        finally:
            stream.stop()
            self._outbox.settle()
        loss = loss_of(code, message)
        return Loss("all is sent", is_ours=True) if loss is None and self.state.is_finishing else loss

    async def _open(self, stream: SentStream, news: asyncio.Event) -> None:
        async with within(RESUME_TIMEOUT_SECONDS):
            while (resumed := stream.take_resumed()) is None and stream.end is None:
                await news.wait()
                news.clear()
        if resumed is not None:
            self._on_open(resumed)

    async def _ended(self, stream: SentStream, news: asyncio.Event) -> tuple[int, str]:
        while (end := stream.end) is None:
            self._outbox.settle()
            await news.wait()
            news.clear()
        return end

    def _on_open(self, resumed: Resumed) -> None:
        self._link.opened()
        self._log.info(
            "uplink_open",
            next_sequence=resumed.next_sequence,
            oldest_sequence=resumed.oldest_sequence,
            are_quotes_missing=resumed.are_quotes_missing,
        )
        if resumed.are_quotes_missing:
            self._on_quotes_missing()
