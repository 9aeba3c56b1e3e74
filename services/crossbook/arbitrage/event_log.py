"""The last lifecycle events, numbered, so that a client that comes back can go on where it was.

A resume token names the log (one per process) and the number of an event. The log keeps the newest events; when full
the oldest goes, and a client that comes back for it starts with what is open, as a new one does. A token of an earlier
process stands for the beginning: what opened and closed before the client found the new process is told.
"""

import base64
import binascii
import secrets
from collections import deque

from crossbook._core import OpportunityEvent
from crossbook.arbitrage.messages import to_event
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.errors import InvalidRequestError

CAPACITY = 10_000


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
        return _token(self._log_id, self.number)


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

    def token(self, number: int) -> str:
        """The resume token of an event."""
        return _token(self._log_id, number)

    def after(self, token: str) -> list[LoggedEvent] | None:
        """The events after the one that the token names; None when they are no longer all held.

        Raises InvalidRequestError for what never was a token.
        """
        log_id, number = _parse(token)
        oldest = self._events[0].number if self._events else self.last_number + 1
        if log_id != self._log_id:
            number = 0
        if not oldest - 1 <= number <= self.last_number:
            return None
        return [event for event in self._events if event.number > number]


def _token(log_id: str, number: int) -> str:
    return base64.urlsafe_b64encode(f"{log_id}:{number}".encode()).decode()


def _parse(token: str) -> tuple[str, int]:
    try:
        log_id, _, number = base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode().partition(":")
        return log_id, int(number)
    except (binascii.Error, ValueError):
        raise InvalidRequestError.of("resume_token", "is not a token that this service gave out") from None
