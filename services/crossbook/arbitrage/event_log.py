"""The last lifecycle events, numbered, so that a client that comes back can go on where it was.

A resume token names the log (one per process), the number of an event, and its time. The log keeps the newest events;
when full the oldest goes, and a client that comes back for it starts with what is open, as a new one does. A token of
another process, one before this or a replica beside it, stands for its time and a little before: what opened and
closed until the client came here is told, some of it again.

Events are kept as the bytes of their messages, about 0.5 kB each: a message that has been made takes three times as
much beside the event that it was made of, and few are ever read again.
"""

import base64
import binascii
import secrets
from collections import deque
from dataclasses import dataclass
from itertools import islice, takewhile

from crossbook._core import OpportunityEvent
from crossbook.arbitrage.messages import to_event
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.errors import InvalidRequestError
from crossbook.plumbing.timestamps import SECOND_NS

CAPACITY = 10_000
# Between the clocks of two replicas, and for the time that one takes to notice that its quotes no longer come.
OVERLAP_NS = 10 * SECOND_NS


class LoggedEvent:
    """An event on its way to its readers. Its message is made for the first that wants it and shared, never changed.

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


class KeptEvent:
    """An event as the log keeps it."""

    __slots__ = ("_serialized", "event_ns", "opening_net_percent")

    def __init__(self, event: LoggedEvent) -> None:
        self.event_ns = event.event.event_ns
        self.opening_net_percent = event.opening_net_percent
        self._serialized = event.message.SerializeToString()

    @property
    def message(self) -> pb.WatchOpportunitiesResponse:
        """Read anew each time."""
        return pb.WatchOpportunitiesResponse.FromString(self._serialized)


@dataclass(frozen=True, slots=True)
class Opening:
    """What is remembered of an OPENED while the opportunity is open."""

    net_percent: float
    event_ns: int
    cause_ns: int


class EventLog:
    """Bounded by its capacity and by the number of open opportunities."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._log_id = secrets.token_hex(8)
        self._fresh: list[LoggedEvent] = []  # since the last `settle`
        self._kept: deque[KeptEvent] = deque(maxlen=capacity)
        self._open: dict[str, Opening] = {}
        self.last_number = 0
        self._last_ns = 0

    def append(self, event: OpportunityEvent) -> LoggedEvent:
        """Numbers the event and takes it. The caller sees to it that `settle` follows, after the readers were woken."""
        self.last_number += 1
        self._last_ns = event.event_ns
        spread = event.spread
        opening = self._open.get(spread.opportunity_id)
        if opening is None:
            opening = Opening(spread.net_percent, event.event_ns, event.cause_ns)
        if event.kind == pb.OPPORTUNITY_EVENT_KIND_OPENED:
            self._open[spread.opportunity_id] = opening
        elif event.kind == pb.OPPORTUNITY_EVENT_KIND_CLOSED:
            self._open.pop(spread.opportunity_id, None)
        logged = LoggedEvent(self._log_id, self.last_number, event, opening.net_percent)
        self._fresh.append(logged)
        return logged

    def settle(self) -> None:
        """Makes bytes of what has been taken."""
        self._kept.extend(KeptEvent(event) for event in self._fresh)
        self._fresh.clear()

    def opening(self, opportunity_id: str) -> Opening | None:
        """Of an opportunity that is open now."""
        return self._open.get(opportunity_id)

    @property
    def token(self) -> str:
        """The resume token of the newest event, or of the beginning."""
        return _token(self._log_id, self.last_number, self._last_ns)

    def after(self, token: str) -> list[KeptEvent] | None:
        """The events after the one that the token names; None when they are no longer all held.

        Raises InvalidRequestError for what never was a token.
        """
        log_id, number, event_ns = _parse(token)
        self.settle()
        dropped = self.last_number - len(self._kept)
        if log_id != self._log_id:
            number = self._number_before(event_ns - OVERLAP_NS)
        if not dropped <= number <= self.last_number:
            return None
        return list(islice(self._kept, number - dropped, None))

    def _number_before(self, at_ns: int) -> int:
        """The event before the first of that time or later; 0 when that may be one that is no longer held."""
        newer = takewhile(lambda kept: kept.event_ns >= at_ns, reversed(self._kept))
        count = sum(1 for _ in newer)
        return self.last_number - count if count < len(self._kept) else 0


def _token(log_id: str, number: int, event_ns: int) -> str:
    return base64.urlsafe_b64encode(f"{log_id}:{number}:{event_ns}".encode()).decode()


def _parse(token: str) -> tuple[str, int, int]:
    try:
        log_id, number, event_ns = base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode().split(":")
        return log_id, int(number), int(event_ns)
    except (binascii.Error, ValueError):
        raise InvalidRequestError.of("resume_token", "is not a token that this service gave out") from None
