"""What a client missed, from the log in Postgres: what it is told between its resume token and the events in memory.

The log tells what happened until each writer died. What a dead writer held open and this process does not see open has
not been watched since: it is told as CLOSED, at the last moment at which its writer was alive. So a client that resumes
hears the end of everything that it hears the beginning of. What is still in force is open here, under the same id when
the same quotes say so.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence

import structlog

from crossbook.arbitrage.event_log import EventLog, LoggedEvent, Token
from crossbook.arbitrage.event_writer import EventWriter
from crossbook.arbitrage.store.events import EventStore, StoredEvent
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.timestamps import from_timestamp, to_duration, to_timestamp

PAGE = 256
SAFE_SECONDS = 0.05  # between two looks, while events of this process are on their way to the log

log = structlog.get_logger()


class EventHistory:
    """The log in Postgres, and the one in memory that goes on where it ends."""

    def __init__(self, store: EventStore, writer: EventWriter, events: EventLog, clock: Clock) -> None:
        self._store = store
        self._writer = writer
        self._events = events
        self._clock = clock

    def resume(self, token: str) -> "Resumption | None":
        """None when memory holds all that the token asks for. Raises InvalidRequestError for what is no token."""
        parts = Token.decoded(token)
        if parts.log_id == self._events.log_id and self._events.after_number(parts.number) is not None:
            return None
        return Resumption(parts, self._store, self._writer, self._events, self._clock)


class Resumption:
    """One client's way from its token to the events in memory."""

    def __init__(self, token: Token, store: EventStore, writer: EventWriter, events: EventLog, clock: Clock) -> None:
        self._token = token
        self._store = store
        self._writer = writer
        self._events = events
        self._clock = clock
        self._alive: Mapping[str, int] = {}
        self._open: dict[str, StoredEvent] = {}
        self._number = 0

    async def pages(self) -> AsyncIterator[Sequence[LoggedEvent]]:
        """Everything up to what memory holds, oldest first. Raises UnavailableError."""
        place = await self._store.place(*self._token)
        if not place.is_whole:
            log.warning("resumed_before_the_log", since_ns=self._token.event_ns)
        row_id = place.id
        while True:
            number = self._writer.safe_number
            rows = await self._store.after(row_id, PAGE)
            for row in rows:
                self._follow(row)
            if rows:
                row_id = rows[-1].id
                yield [row.event for row in rows]
            if len(rows) < PAGE:
                self._alive = await self._store.alive()
                if self._events.after_number(number) is not None:
                    self._number = number
                    return
                await asyncio.sleep(SAFE_SECONDS)

    def rest(self) -> list[LoggedEvent]:
        """What memory holds beyond the pages; to be asked in the moment in which the client subscribes."""
        rest = self._events.after_number(self._number) or []
        for event in rest:
            self._follow(StoredEvent(0, self._events.log_id, event))
        return rest

    def ends(self, is_wanted: Callable[[LoggedEvent], bool]) -> Iterator[pb.OpportunityEvent]:
        """A CLOSED for each that was told and is not open here. None bears a token."""
        now = self._clock.now_ns()
        for opportunity_id, last in self._open.items():
            if self._events.opened(opportunity_id) is None and is_wanted(last.event):
                alive_ns = max(last.event.event_ns, self._alive.get(last.writer, 0))
                yield _closed(last.event, min(alive_ns, now))

    def is_told(self, opportunity_id: str) -> bool:
        """Whether the client knows that it is open."""
        return opportunity_id in self._open

    def _follow(self, row: StoredEvent) -> None:
        if row.event.kind == pb.OPPORTUNITY_EVENT_KIND_CLOSED:
            self._open.pop(row.event.opportunity_id, None)
        else:
            self._open[row.event.opportunity_id] = row


def _closed(last: LoggedEvent, end_ns: int) -> pb.OpportunityEvent:
    event = pb.WatchOpportunitiesResponse.FromString(last.payload).events[0]
    event.kind = pb.OPPORTUNITY_EVENT_KIND_CLOSED
    event.close_reason = pb.REFUSAL_REASON_NOT_LIVE
    event.duration.CopyFrom(to_duration(max(0, end_ns - from_timestamp(event.opportunity.open_time))))
    event.event_time.CopyFrom(to_timestamp(end_ns))
    event.resume_token = ""
    return event
