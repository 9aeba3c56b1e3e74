"""The newest events of the stream, kept for slots that others evaluate: whoever gains one begins with them."""

from collections import deque
from dataclasses import dataclass
from itertools import islice

from crossbook.alerts.match import Position
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.plumbing.timestamps import SECOND_NS, from_timestamp

CAPACITY = 10_000  # as many as arbitrage holds
OVERLAP_NS = 10 * SECOND_NS  # as arbitrage's event log: owner and successor may follow different replicas

Event = arbitrage_pb2.OpportunityEvent


@dataclass(frozen=True, slots=True)
class Since:
    """The events after a position; `is_whole` unless some of them may have been forgotten."""

    events: list[Event]
    is_whole: bool
    told: int | None = None  # how many of them bear a token, where the position's own event is held


class RecentEvents:
    """When full the oldest event goes."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._events: deque[tuple[int, Event]] = deque(maxlen=capacity)
        self._newest_ns = 0

    def __len__(self) -> int:
        return len(self._events)

    def resume(self, event_ns: int) -> None:
        """What comes next is told after an event of that time."""
        self._newest_ns = max(self._newest_ns, event_ns)

    def add(self, event: Event) -> None:
        """What a stream lists at its beginning bears the time of long ago: it counts as told after all before it."""
        self._newest_ns = max(self._newest_ns, from_timestamp(event.event_time))
        self._events.append((self._newest_ns, event))

    def since(self, position: Position) -> Since:
        """Exactly those after the position's event when it is held; else those of about its time and later."""
        for behind, (_, event) in enumerate(reversed(self._events)):
            if position.token and event.resume_token == position.token:
                events = self._newest(behind)
                return Since(events, is_whole=True, told=sum(bool(one.resume_token) for one in events))
        from_ns = position.event_ns - OVERLAP_NS
        behind = sum(told_ns >= from_ns for told_ns, _ in self._events)
        is_whole = behind < len(self._events) or len(self._events) < (self._events.maxlen or 0)
        return Since(self._newest(behind), is_whole)

    def latest(self, opportunity_id: str) -> arbitrage_pb2.Opportunity | None:
        """As told last; None when none of the events held is about it."""
        told = (event.opportunity for _, event in reversed(self._events) if event.opportunity.id == opportunity_id)
        return next(told, None)

    def _newest(self, count: int) -> list[Event]:
        return [event for _, event in islice(self._events, len(self._events) - count, None)]
