"""Drives one venue's feed: does what it asks, tells it the time, moves its quotes to the shards.

It knows no venue: every step it executes is the feed's. An error out of the feed ends `run` with VenueFailedError;
the venue (venue.py) then starts afresh, and other venues of the process do not notice.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from crossbook._core import Close, Fetch, Instrument, Open, Reconnect, Report, Send
from crossbook.tracker.feed.feed import Feed, Step
from crossbook.tracker.outgoing.channels import Channels
from crossbook.tracker.outgoing.lanes import Lanes
from crossbook.tracker.outgoing.pace import Pace
from crossbook.tracker.outgoing.routing import Route, Routing
from crossbook.tracker.venue.clock import ClockWatch
from crossbook.tracker.venue.reports import ReportLog
from crossbook.tracker.venue.sockets import Address, Socket
from crossbook.transport.fetcher import Fetcher
from crossbook.transport.limits import Limits

TIMER_SECONDS = 0.1
DRAIN_SECONDS = 2.0


class VenueFailedError(Exception):
    """The feed raised: start it afresh."""


class Driver:
    """One feed, its sockets, its requests and its lanes."""

    def __init__(
        self,
        venue: str,
        feed: Feed,
        fetcher: Fetcher,
        limits: Limits,
        pace: Pace,
        routing: Routing,
        channels: Channels,
        buffer_bytes: int,
    ) -> None:
        self.feed = feed
        self.lanes = Lanes(venue, feed, routing, channels, pace, buffer_bytes, self._requote, self._fail)
        self._venue = venue
        self._routing = routing
        self._fetcher = fetcher
        self._limits = limits
        self._reports = ReportLog(venue)
        self._clock = ClockWatch()
        self._sockets: dict[int, tuple[Socket, asyncio.Task[None]]] = {}
        self._fetches: set[asyncio.Task[None]] = set()
        self._closed_oversize_messages = 0
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._tasks: asyncio.TaskGroup | None = None

    async def run(self, stopping: asyncio.Event, instruments: Sequence[Instrument]) -> None:
        """Tracks until told to stop, then closes everything and hands over what is left. Raises VenueFailedError."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            timer = tasks.create_task(self._tick())
            stop = tasks.create_task(stopping.wait())
            try:
                with suppress(VenueFailedError):  # it is in self._failure
                    self._begin(tasks)
                    self.track(instruments)
                await asyncio.wait((self._failure, stop), return_when=asyncio.FIRST_COMPLETED)
                await self._close_sockets()
                if not self._failure.done():
                    await self._drain()
            finally:
                self.lanes.stop()
                for task in (timer, stop, *self._fetches):
                    task.cancel()
        if self._failure.done():
            self._failure.result()

    def track(self, instruments: Sequence[Instrument]) -> None:
        """Starts tracking. Raises VenueFailedError."""
        self._tell(lambda: self.feed.track(instruments, self._now_ns()))

    def untrack(self, symbols: Sequence[str]) -> None:
        """Stops tracking. Raises VenueFailedError."""
        self._tell(lambda: self.feed.untrack(symbols, self._now_ns()))

    def route(self, route: Route) -> None:
        """Spreads the instruments over other shards from a moment on. Raises VenueFailedError."""
        self._tell(lambda: self.lanes.route(route))

    def _begin(self, tasks: asyncio.TaskGroup) -> None:
        """Opens the lanes, and goes on with a move that an earlier feed did not live to see."""
        self.lanes.start(tasks)
        if (route := self._routing.next(self.latest_ns)) is not None:
            self.route(route)

    def _tell(self, call: Callable[[], list[Step] | None]) -> None:
        try:
            self._execute(call() or ())
            self.lanes.flush_soon()
        except BaseException as error:  # a panic of the core is none of Exception
            raise self._fail(error) from error

    def _now_ns(self) -> int:
        return self._clock.check(time.time_ns())

    @property
    def latest_ns(self) -> int:
        """The time by the clock, or the latest that the feed was told, if the clock was set back."""
        return max(time.time_ns(), self._clock.latest_ns)

    @property
    def last_error(self) -> str:
        """What is wrong with the sockets that are down; empty when none is."""
        return next((socket.last_error for socket, _ in self._sockets.values() if socket.last_error), "")

    @property
    def throttled_seconds(self) -> float:
        """How long the venue still wants no requests or no dials; 0 when it takes both."""
        return max(self._limits.requests.paused_seconds, self._limits.dials.paused_seconds)

    @property
    def oversize_messages(self) -> int:
        """Messages beyond the limit; each cost its connection."""
        return self._closed_oversize_messages + sum(socket.oversize_messages for socket, _ in self._sockets.values())

    def _execute(self, steps: Sequence[Step]) -> None:
        for step in steps:
            match step:
                case Send():
                    self._send(step)
                case Open():
                    self._open(step)
                case Close():
                    self._close(step.connection)
                case Reconnect():
                    self._reconnect(step)
                case Fetch():
                    self._spawn_fetch(step)
                case Report():
                    self._reports.write(step)

    def _open(self, step: Open) -> None:
        assert self._tasks is not None
        socket = Socket(
            self.feed,
            self._venue,
            step.connection,
            Address(step.url, step.ticket, self._fetcher, step.headers),
            dials=self._limits.dials,
            execute=self._execute,
            on_read=self.lanes.on_read,
            on_error=self._fail,
        )
        self._sockets[step.connection] = (socket, self._tasks.create_task(socket.run()))

    def _close(self, connection: int) -> None:
        entry = self._sockets.pop(connection, None)
        if entry is not None:
            socket, task = entry
            self._closed_oversize_messages += socket.oversize_messages
            task.cancel()

    def _send(self, step: Send) -> None:
        if step.connection in self._sockets:
            self._sockets[step.connection][0].send(step.text)

    def _reconnect(self, step: Reconnect) -> None:
        if step.connection in self._sockets:
            self._sockets[step.connection][0].drop(step.reason)

    def _spawn_fetch(self, step: Fetch) -> None:
        assert self._tasks is not None
        fetch = self._tasks.create_task(self._fetch(step))
        self._fetches.add(fetch)  # bounded by the feed, which keeps few outstanding
        fetch.add_done_callback(self._fetches.discard)

    async def _fetch(self, step: Fetch) -> None:
        status, body = await self._fetcher.ask(step.request)
        with suppress(VenueFailedError):
            self._tell(lambda: self.feed.on_answer(step.request_id, status, body, self._now_ns()))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TIMER_SECONDS)
            with suppress(VenueFailedError):
                self._tell(lambda: self.feed.on_timer(self._now_ns()))
                self._tell(lambda: self.lanes.keep_current(self._now_ns()))

    def _requote(self, shard: str) -> None:
        with suppress(VenueFailedError):  # it is in self._failure
            self._tell(lambda: self.feed.requote(shard, self._now_ns()))

    async def _close_sockets(self) -> None:
        tasks = [task for _, task in self._sockets.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _drain(self) -> None:
        """The CLOSED states and the last watermarks go out; the final acknowledgements are waited for briefly."""
        with suppress(VenueFailedError):
            self._tell(lambda: self.lanes.close())
        await self.lanes.finish(DRAIN_SECONDS)

    def _fail(self, error: BaseException) -> VenueFailedError:
        failure = VenueFailedError(f"{type(error).__name__}: {error}")
        failure.__cause__ = error
        if not self._failure.done():
            self._failure.set_exception(failure)
        return failure
