"""One connection that a feed wants, kept up: dialled within the venue's limits until it is cancelled.

Where the venue wants a ticket, a new one is asked for before every dial, through the venue's request budget; one that
does not come or does not read is a failed dial, and is asked for again after the same backoff.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from crossbook._core import PayloadError, RestRequest
from crossbook.plumbing.follow import Link, Loss
from crossbook.tracker.feed.feed import Step
from crossbook.tracker.feed.session import Session
from crossbook.transport.budget import Budget
from crossbook.transport.connection import Connection, DialError, dial
from crossbook.transport.fetcher import NO_ANSWER, Fetcher
from crossbook.transport.throttling import DEFAULT_SECONDS, THROTTLED_STATUSES

BACKOFF_BASE_SECONDS = 0.25
BACKOFF_CAP_SECONDS = 15.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Address:
    """What to dial, or what to ask for it first."""

    url: str
    ticket: RestRequest | None
    fetcher: Fetcher
    headers: Sequence[tuple[str, str]] = ()

    async def resolve(self, session: Session, connection: int) -> str:
        """The url to dial now. Raises DialError."""
        if self.ticket is None:
            return self.url
        status, answer = await self.fetcher.ask(self.ticket)
        if status != 200:
            raise DialError(f"{self.ticket.url} gave {'no answer' if status == NO_ANSWER else f'HTTP {status}'}")
        try:
            return session.feed.ticketed_url(connection, answer, session.now_ns())
        except PayloadError as error:
            raise DialError(f"{self.ticket.url}: {error}") from error


class Socket:
    """Tells the feed what happens on one connection, and the driver what the feed asks then."""

    def __init__(
        self,
        session: Session,
        number: int,
        address: Address,
        dials: Budget,
        execute: Callable[[Sequence[Step]], None],
        on_read: Callable[[int], None],
    ) -> None:
        self._session = session
        self._feed = session.feed
        self._venue = session.venue
        self._number = number
        self._address = address
        self._dials = dials
        self._execute = execute
        self._on_read = on_read
        self._connection: Connection | None = None
        self._read_ns = 0
        self._link = Link(BACKOFF_BASE_SECONDS, BACKOFF_CAP_SECONDS)
        self.oversize_messages = 0

    @property
    def last_error(self) -> str:
        """Why the connection was lost or not reached; empty while it is open."""
        return self._link.problem

    async def run(self) -> None:
        """Endless; a cancel closes the connection, and tells the feed so."""
        while True:
            await self._dials.acquire()
            await self._link.live(self._live_once())
            await self._link.pause()

    def send(self, text: str) -> None:
        """Sends now; what cannot be sent is lost, and the feed learns of the loss by on_closed."""
        if self._connection is not None:
            self._connection.send(text)

    def drop(self, reason: str) -> None:
        """Closes the connection; `run` dials again."""
        if self._connection is not None:
            self._connection.close(reason)

    def prove(self) -> None:
        """Asks the venue for a sign of life: what it sent before is old."""
        if self._connection is not None:
            self._connection.prove()

    async def _live_once(self) -> Loss:
        try:
            url = await self._address.resolve(self._session, self._number)
            connection = await dial(url, self, headers=self._address.headers, now_ns=self._session.now_ns)
            reason = await connection.wait_closed()
            log.warning("socket_closed", venue=self._venue, connection=self._number, reason=reason)
            return Loss(reason)
        except DialError as error:
            self._on_dial_error(error)
            return Loss(str(error))
        finally:  # a cancel may come between the opening and its being known here
            if self._connection is not None:
                self._end(self._connection)

    def _end(self, connection: Connection) -> None:
        self._connection = None
        self.oversize_messages += connection.is_oversize
        connection.close("no longer wanted")
        try:
            self._execute(self._feed.on_closed(self._number, self._session.now_ns()))
        except BaseException as error:
            self._session.fail(error)

    def _on_dial_error(self, error: DialError) -> None:
        log.warning("dial_failed", venue=self._venue, connection=self._number, error=str(error))
        if error.status in THROTTLED_STATUSES or error.retry_after_seconds is not None:
            wait = error.retry_after_seconds
            self._dials.pause(DEFAULT_SECONDS if wait is None else wait)

    # What the connection says. A panic of the core is none of Exception, hence the wide nets.

    def on_open(self, connection: Connection, now_ns: int) -> None:
        """Listener's."""
        self._connection = connection
        self._link.opened()
        log.info("socket_open", venue=self._venue, connection=self._number)
        try:
            self._execute(self._feed.on_open(self._number, now_ns))
        except BaseException as error:
            self._session.fail(error)

    def on_message(self, payload: bytes, is_text: bool, now_ns: int) -> None:
        """Listener's, once per frame."""
        try:
            steps = self._feed.on_frame(self._number, payload, is_text, now_ns)
            if steps:
                self._execute(steps)
        except BaseException as error:
            self._session.fail(error)
        self._read_ns = now_ns

    def on_read(self) -> None:
        """Listener's, once per read."""
        try:
            self._on_read(self._read_ns)
        except BaseException as error:
            self._session.fail(error)

    def on_silence(self) -> None:
        """Listener's."""
        log.warning("socket_silent", venue=self._venue, connection=self._number)
        self._tell(lambda now_ns: self._feed.on_silence(self._number, now_ns))

    def on_proof(self) -> None:
        """Listener's."""
        self._tell(lambda now_ns: self._feed.on_proof(self._number, now_ns))

    def _tell(self, call: Callable[[int], Sequence[Step]]) -> None:
        try:
            self._execute(call(self._session.now_ns()))
        except BaseException as error:
            self._session.fail(error)
