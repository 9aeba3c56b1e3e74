"""The last lifecycle events, numbered, so that a client that comes back can go on where it was.

A resume token names the log (one per process), the number of an event, and its time. The log keeps the newest events;
when full the oldest goes, and a client that comes back for it starts with what is open, as a new one does. A token of
another process, one before this or a replica beside it, stands for its time and a little before: what opened and
closed until the client came here is told, some of it again.
"""

import base64
import binascii
import secrets
from collections import deque

from crossbook._core import OpportunityEvent
from crossbook.arbitrage.messages import to_event
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.errors import InvalidRequestError
from crossbook.plumbing.timestamps import SECOND_NS

CAPACITY = 10_000
# Between the clocks of two replicas, and for the time that one takes to notice that its quotes no longer come.
OVERLAP_NS = 10 * SECOND_NS


class LoggedEvent:
    """An event in its place. Its message is made for the first reader that wants it and shared: nobody changes it.

    A message takes ten times as long as all else that is done for an event before its readers are woken.
    """

    __slots__ = ("_log_id", "_message", "event", "number", "opening_net_percent")

    def __init__(self, log_id: str, number: int, event: OpportunityEvent, opening_net_percent: float) -> None:
        self.number = number
        self.event = event
        self.opening_net_percent = opening_net_percent
        self._log_id = log_id
        self._message: pb.WatchOpportunitiesResponse | None = None

    @property
    def message(self) -> pb.WatchOpportunitiesResponse:
        """As it is told to clients."""
        if self._message is None:
            self._message = to_event(self.event)
            self._message.resume_token = self.token
        return self._message

    @property
    def token(self) -> str:
        """Its resume token."""
        return _token(self._log_id, self.number, self.event.event_ns)


class EventLog:
    """Bounded by its capacity and by the number of open opportunities."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._log_id = secrets.token_hex(8)
        self._events: deque[LoggedEvent] = deque(maxlen=capacity)
        self._open: dict[str, LoggedEvent] = {}
        self.last_number = 0

    def append(self, event: OpportunityEvent) -> LoggedEvent:
        """Numbers the event and keeps it."""
        self.last_number += 1
        spread = event.spread
        opened = self._open.get(spread.opportunity_id)
        opening_net_percent = opened.opening_net_percent if opened else spread.net_percent
        logged = LoggedEvent(self._log_id, self.last_number, event, opening_net_percent)
        if event.kind == pb.OPPORTUNITY_EVENT_KIND_OPENED:
            self._open[spread.opportunity_id] = logged
        elif event.kind == pb.OPPORTUNITY_EVENT_KIND_CLOSED:
            self._open.pop(spread.opportunity_id, None)
        self._events.append(logged)
        return logged

    def opened(self, opportunity_id: str) -> LoggedEvent | None:
        """The OPENED of an opportunity that is open now."""
        return self._open.get(opportunity_id)

    @property
    def token(self) -> str:
        """The resume token of the newest event, or of the beginning."""
        return self._events[-1].token if self._events else _token(self._log_id, 0, 0)

    def after(self, token: str) -> list[LoggedEvent] | None:
        """The events after the one that the token names; None when they are no longer all held.

        Raises InvalidRequestError for what never was a token.
        """
        log_id, number, event_ns = _parse(token)
        oldest = self._events[0].number if self._events else self.last_number + 1
        if log_id != self._log_id:
            number = self._number_before(event_ns - OVERLAP_NS)
        if not oldest - 1 <= number <= self.last_number:
            return None
        return [event for event in self._events if event.number > number]

    def _number_before(self, at_ns: int) -> int:
        """The event before the first of that time or later; 0 when that may be one that is no longer held."""
        earlier = (logged.number for logged in reversed(self._events) if logged.event.event_ns < at_ns)
        return next(earlier, 0)


def _token(log_id: str, number: int, event_ns: int) -> str:
    return base64.urlsafe_b64encode(f"{log_id}:{number}:{event_ns}".encode()).decode()


def _parse(token: str) -> tuple[str, int, int]:
    try:
        log_id, number, event_ns = base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode().split(":")
        return log_id, int(number), int(event_ns)
    except (binascii.Error, ValueError):
        raise InvalidRequestError.of("resume_token", "is not a token that this service gave out") from None
