"""The last lifecycle events, numbered, so that a client that comes back can go on where it was.

A resume token names the log (one per process), the number of an event, and its time. The log keeps the newest events in
memory; what it no longer holds, and what another process told, is in Postgres (event_history.py). Without Postgres a
client that comes back for what is gone starts with what is open, as a new one does, and a token of another process, one
before this or a replica beside it, stands for its time and a little before: some is told again.
"""

import base64
import binascii
import secrets
from collections import deque
from dataclasses import dataclass
from itertools import islice
from sys import intern
from typing import NamedTuple

from crossbook._core import OpportunityEvent
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.errors import InvalidRequestError
from crossbook.plumbing.timestamps import SECOND_NS

CAPACITY = 10_000
# Between the clocks of two replicas, and for the time that one takes to notice that its quotes no longer come.
OVERLAP_NS = 10 * SECOND_NS


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event in its place: what it can be chosen by, and the bytes that every reader is told."""

    number: int
    token: str
    asset: str
    buy_venue: str
    sell_venue: str
    opening_net_percent: float
    event_ns: int
    cause_ns: int
    payload: bytes  # a WatchOpportunitiesResponse with this event alone
    kind: int
    opportunity_id: str


class Token(NamedTuple):
    """A resume token in its parts."""

    log_id: str
    number: int
    event_ns: int

    def encoded(self) -> str:
        """As clients keep it."""
        return base64.urlsafe_b64encode(f"{self.log_id}:{self.number}:{self.event_ns}".encode()).decode()

    @staticmethod
    def decoded(token: str) -> "Token":
        """Raises InvalidRequestError for what never was a token."""
        try:
            log_id, number, event_ns = (
                base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode().split(":")
            )
            return Token(log_id, int(number), int(event_ns))
        except (binascii.Error, ValueError):
            raise InvalidRequestError.of("resume_token", "is not a token that this service gave out") from None


class EventLog:
    """Bounded by its capacity and by the number of open opportunities."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.log_id = secrets.token_hex(8)
        self._events: deque[LoggedEvent] = deque(maxlen=capacity)
        self._open: dict[str, LoggedEvent] = {}
        self.last_number = 0

    def append(self, event: OpportunityEvent) -> LoggedEvent:
        """Numbers the event and keeps it."""
        self.last_number += 1
        opened = self._open.get(event.opportunity_id)
        token = Token(self.log_id, self.last_number, event.event_ns).encoded()
        logged = LoggedEvent(
            number=self.last_number,
            token=token,
            asset=intern(event.asset),
            buy_venue=intern(event.buy_venue),
            sell_venue=intern(event.sell_venue),
            opening_net_percent=opened.opening_net_percent if opened else event.net_percent,
            event_ns=event.event_ns,
            cause_ns=event.cause_ns,
            payload=event.encode(token),
            kind=event.kind,
            opportunity_id=event.opportunity_id,
        )
        if event.kind == pb.OPPORTUNITY_EVENT_KIND_OPENED:
            self._open[event.opportunity_id] = logged
        elif event.kind == pb.OPPORTUNITY_EVENT_KIND_CLOSED:
            self._open.pop(event.opportunity_id, None)
        self._events.append(logged)
        return logged

    def opened(self, opportunity_id: str) -> LoggedEvent | None:
        """The OPENED of an opportunity that is open now."""
        return self._open.get(opportunity_id)

    @property
    def token(self) -> str:
        """The resume token of the newest event, or of the beginning."""
        return self._events[-1].token if self._events else Token(self.log_id, 0, 0).encoded()

    def after(self, token: str) -> list[LoggedEvent] | None:
        """The events after the one that the token names; None when they are no longer all held.

        Raises InvalidRequestError for what never was a token.
        """
        log_id, number, event_ns = Token.decoded(token)
        if log_id != self.log_id:
            number = self._number_before(event_ns - OVERLAP_NS)
        return self.after_number(number)

    def after_number(self, number: int) -> list[LoggedEvent] | None:
        """The events after one of this log; None when they are no longer all held."""
        oldest = self._events[0].number if self._events else self.last_number + 1
        if not oldest - 1 <= number <= self.last_number:
            return None
        return list(islice(self._events, number - oldest + 1, None))

    def _number_before(self, at_ns: int) -> int:
        """The event before the first of that time or later; 0 when that may be one that is no longer held."""
        earlier = (logged.number for logged in reversed(self._events) if logged.event_ns < at_ns)
        return next(earlier, 0)
