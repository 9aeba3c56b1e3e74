"""What a client missed, from the log in Postgres: what it is told between its resume token and the events in memory.

The log tells what happened until each writer died. What a dead writer held open and this process does not see open has
not been watched since: it is told as CLOSED, at the last moment at which its writer was alive. So a client that resumes
hears the end of everything that it hears the beginning of. What is still in force is open here, under the same id when
the same quotes say so.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

import structlog

from crossbook._core import EventSelection, ResumeToken, SharedScan
from crossbook.arbitrage.store.events import EventStore, StoredEvent
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.timestamps import from_timestamp, to_duration, to_timestamp

PAGE = 256
CLOSED = pb.OPPORTUNITY_EVENT_KIND_CLOSED

log = structlog.get_logger()


class EventHistory:
    """The log in Postgres, and the one in memory that goes on where it ends."""

    def __init__(self, store: EventStore, scanner: SharedScan, clock: Clock) -> None:
        self._store = store
        self._scanner = scanner
        self._clock = clock

    def resume(self, token: ResumeToken) -> "Resumption":
        """For a client whose token memory does not answer."""
        return Resumption(token, self._store, self._scanner, self._clock)


class Resumption:
    """One client's way from its token to the events in memory."""

    def __init__(self, token: ResumeToken, store: EventStore, scanner: SharedScan, clock: Clock) -> None:
        self._token = token
        self._store = store
        self._scanner = scanner
        self._clock = clock
        self._row_id: int | None = None
        self._alive: Mapping[str, int] = {}
        self._open: dict[str, StoredEvent] = {}
        self.number = 0  # of this process' events, the last that the pages told for certain

    @property
    def told(self) -> list[str]:
        """Opportunities that the client knows to be open."""
        return list(self._open)

    async def pages(self, wanted: EventSelection) -> AsyncIterator[bytes]:
        """What the log holds now of what is wanted, oldest first; the next call goes on from there.

        Raises UnavailableError.
        """
        if self._row_id is None:
            self._row_id = await self._place()
        is_more = True
        while is_more:
            _, _, self.number = self._scanner.writing()
            rows = await self._store.after(self._row_id, PAGE)
            for row in rows:
                self._follow(row)
            if rows:
                self._row_id = rows[-1].id
            if message := b"".join(row.payload for row in rows if row.is_wanted(wanted)):
                yield message
            is_more = len(rows) == PAGE
        self._alive = await self._store.alive()

    def ends(self, ended: Sequence[str], wanted: EventSelection) -> Iterator[bytes]:
        """A CLOSED for each that was told, is wanted and has ended unseen. None bears a token."""
        now = self._clock.now_ns()
        ends = (self._open[opportunity_id]._replace(kind=CLOSED) for opportunity_id in ended)
        lost = [last for last in ends if last.is_wanted(wanted)]
        for start in range(0, len(lost), PAGE):
            events = [_closed(last, min(self._alive_ns(last), now)) for last in lost[start : start + PAGE]]
            yield pb.WatchOpportunitiesResponse(events=events).SerializeToString()

    async def _place(self) -> int:
        token = self._token
        place = await self._store.place(token.log_id, token.number, token.event_ns)
        if not place.is_whole:
            log.warning("resumed_before_the_log", since_ns=token.event_ns)
        return place.id

    def _alive_ns(self, last: StoredEvent) -> int:
        return max(last.event_ns, self._alive.get(last.writer, 0))

    def _follow(self, row: StoredEvent) -> None:
        if row.kind == CLOSED:
            self._open.pop(row.opportunity_id, None)
        else:
            self._open[row.opportunity_id] = row


def _closed(last: StoredEvent, end_ns: int) -> pb.OpportunityEvent:
    event = pb.WatchOpportunitiesResponse.FromString(last.payload).events[0]
    event.kind = CLOSED
    event.close_reason = pb.REFUSAL_REASON_NOT_LIVE
    event.duration.CopyFrom(to_duration(max(0, end_ns - from_timestamp(event.opportunity.open_time))))
    event.event_time.CopyFrom(to_timestamp(end_ns))
    event.resume_token = ""
    return event
