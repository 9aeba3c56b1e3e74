"""Drives one venue's feed: does what it asks, tells it the time, moves its quotes to the shards.

It knows no venue: every step it executes is the feed's. An error out of the feed ends `run` with VenueFailedError, a
clock that was set with ClockSteppedError; the venue (venue.py) then starts afresh.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from crossbook._core import Close, Fetch, Instrument, Open, Reconnect, Report, Send
from crossbook.tracker.feed.feed import Step
from crossbook.tracker.feed.session import Session, VenueFailedError
from crossbook.tracker.outgoing.lanes import Lanes
from crossbook.tracker.outgoing.routing import Route
from crossbook.tracker.venue.reach import Reach
from crossbook.tracker.venue.reports import ReportLog
from crossbook.tracker.venue.sockets import Address, Socket

TIMER_SECONDS = 0.1
DRAIN_SECONDS = 2.0


class Driver:
    """One session, its sockets, its requests and its lanes."""

    def __init__(self, session: Session, reach: Reach, lanes: Lanes) -> None:
        self.feed = session.feed
        self.lanes = lanes
        session.watcher = self
        self._session = session
        self._reach = reach
        self._reports = ReportLog(session.venue)
        self._sockets: dict[int, tuple[Socket, asyncio.Task[None]]] = {}
        self._fetches: set[asyncio.Task[None]] = set()
        self._closed_oversize_messages = 0
        self._tasks: asyncio.TaskGroup | None = None

    async def run(
        self, stopping: asyncio.Event, instruments: Sequence[Instrument], coming: Route | None = None
    ) -> None:
        """Tracks until told to stop, then closes everything and hands over what is left.

        `coming` is a move that an earlier session did not live to see. Raises VenueFailedError and ClockSteppedError.
        """
        end = self._session.end
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            timer = tasks.create_task(self._tick())
            stop = tasks.create_task(stopping.wait())
            try:
                with suppress(VenueFailedError):  # it is the session's end
                    self._begin(tasks, coming)
                    self.track(instruments)
                await asyncio.wait((end, stop), return_when=asyncio.FIRST_COMPLETED)
                await self._close_sockets()
                if not self._session.has_failed:
                    await self._drain()
            finally:
                self.lanes.stop()
                for task in (timer, stop, *self._fetches):
                    task.cancel()
        if end.done():
            end.result()

    def track(self, instruments: Sequence[Instrument]) -> None:
        """Starts tracking. Raises VenueFailedError."""
        self._tell(lambda: self.feed.track(instruments, self._session.now_ns()))

    def untrack(self, symbols: Sequence[str]) -> None:
        """Stops tracking. Raises VenueFailedError."""
        self._tell(lambda: self.feed.untrack(symbols, self._session.now_ns()))

    def route(self, route: Route) -> None:
        """Spreads the instruments over other shards from a moment on. Raises VenueFailedError."""
        self._tell(lambda: self.lanes.route(route))

    def on_hole(self, now_ns: int) -> None:
        """Watcher's: no quote stands across it; what the sockets hold is old until their venue has answered."""
        with suppress(VenueFailedError):
            self._tell(lambda: self.feed.on_hole(now_ns))
        for socket, _ in self._sockets.values():
            socket.prove()

    def on_quotes_missing(self, shard: str) -> None:
        """Watcher's."""
        with suppress(VenueFailedError):
            self._tell(lambda: self.feed.requote(shard, self._session.now_ns()))

    def _begin(self, tasks: asyncio.TaskGroup, coming: Route | None) -> None:
        self.lanes.start(tasks)
        if coming is not None:
            self.route(coming)

    def _tell(self, call: Callable[[], Sequence[Step] | None]) -> None:
        try:
            self._execute(call() or ())
            self.lanes.flush_soon()
        except BaseException as error:  # a panic of the core is none of Exception
            raise self._session.fail(error) from error

    @property
    def last_error(self) -> str:
        """What is wrong with the sockets that are down; empty when none is."""
        return next((socket.last_error for socket, _ in self._sockets.values() if socket.last_error), "")

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
        address = Address(step.url, step.ticket, self._reach.fetcher, step.headers)
        dials = self._reach.limits.dials
        socket = Socket(self._session, step.connection, address, dials, self._execute, self.lanes.on_read)
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
        status, body = await self._reach.fetcher.ask(step.request)
        with suppress(VenueFailedError):
            self._tell(lambda: self.feed.on_answer(step.request_id, status, body, self._session.now_ns()))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TIMER_SECONDS)
            with suppress(VenueFailedError):
                self._tell(lambda: self.feed.on_timer(self._session.now_ns()))
                self._tell(lambda: self.lanes.keep_current(self._session.now_ns()))

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
