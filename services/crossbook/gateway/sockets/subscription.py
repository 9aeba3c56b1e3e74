"""One subscription of one socket: its numbers, and what of it waits to be sent.

Of a state one frame at most waits, and none is made while it does: a reader that is slow is only late. Events queue, up
to a bound; then the oldest go, and are told as dropped.
"""

from collections import deque
from dataclasses import dataclass, field

from crossbook._core import BoardReader, EventSelection
from crossbook.gateway.sockets.frames import joined
from crossbook.pb.v1 import gateway_pb2 as pb
from crossbook.pb.v1.gateway_pb2 import ServerFrame, Subscribe

QUEUED_EVENTS = 1_000
DEFAULT_HZ, MIN_HZ, MAX_HZ, MAX_JSON_HZ, RANK_HZ = 5.0, 0.1, 10.0, 2.0, 1.0
EVENTS = frozenset({pb.CHANNEL_OPPORTUNITIES, pb.CHANNEL_ALERTS, pb.CHANNEL_LOG})


@dataclass(slots=True)
class Event:
    """One message, but for its number."""

    kind: str
    body: bytes
    resume_token: str = ""
    is_snapshot: bool = False
    is_last: bool = False


@dataclass(slots=True)
class Subscription:
    """`asked` is what the client said last."""

    asked: Subscribe
    hz: float
    sequence: int = 0
    ready: Event | None = None
    queue: deque[Event] = field(default_factory=deque)
    dropped: int = 0
    reader: BoardReader | None = None
    selection: EventSelection | None = None
    is_beginning: bool = True  # the next frame of a state is the first of a snapshot
    is_in_snapshot: bool = False
    next_at: float = 0.0

    @property
    def is_of_events(self) -> bool:
        return self.asked.channel in EVENTS

    def put_state(self, kind: str, body: bytes, *, is_last: bool = True) -> None:
        """The frame that is sent next; is_last says whether a snapshot that it belongs to ends with it."""
        is_snapshot = self.is_beginning or self.is_in_snapshot
        self.is_beginning, self.is_in_snapshot = False, is_snapshot and not is_last
        self.ready = Event(kind, body, "", is_snapshot, is_snapshot and is_last)

    def put_event(self, event: Event) -> None:
        """Behind those that wait; the oldest makes room."""
        if len(self.queue) >= QUEUED_EVENTS:
            self.queue.popleft()
            self.dropped += 1
        self.queue.append(event)

    def take(self) -> bytes | None:
        """What is to be sent next, if anything is. It has its number from here: what is never sent has none."""
        if self.ready is not None:
            event, self.ready = self.ready, None
        elif self.queue:
            event = self.queue.popleft()
        else:
            return None
        self.sequence += 1
        head = ServerFrame(
            subscription=self.asked.id,
            sequence=self.sequence,
            is_snapshot=event.is_snapshot,
            is_last=event.is_last,
            resume_token=event.resume_token,
            dropped=self.dropped,
        )
        return joined(head, event.kind, event.body)

    def begin_again(self) -> None:
        """A state begins with a snapshot."""
        self.ready = None
        self.is_beginning, self.is_in_snapshot = True, False

    def close(self) -> None:
        """Nothing of it is sent any more."""
        self.ready = None
        self.queue.clear()
        if self.reader is not None:
            self.reader.close()


def hz_of(asked: Subscribe, *, is_json: bool) -> float:
    """Frames a second that a subscription has."""
    if asked.channel == pb.CHANNEL_RANK:
        return RANK_HZ
    most = MAX_JSON_HZ if is_json else MAX_HZ
    return min(most, max(MIN_HZ, asked.max_hz or DEFAULT_HZ))
