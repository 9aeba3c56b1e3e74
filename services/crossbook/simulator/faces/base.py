"""What every venue's face has in common: instruments, topics, subscribers, and the one way out for frames.

A face is told of requests, client messages, book changes and time; it answers through sessions. It has no sockets and
no clock of its own.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from crossbook.simulator.wire.answer import Answer, json_answer
from crossbook.simulator.wire.session import Session, encode_frame
from crossbook.simulator.world.facts import EIGHT_HOURS, Facts, facts_of
from crossbook.simulator.world.world import Instrument

# (face, topic, instrument, payload) in, the payloads that really go out.
FrameFilter = Callable[["Face", str, Instrument, bytes], Sequence[bytes]]

CORRUPTIONS = ("garbled", "truncated", "types", "nan", "negative")
QUOTED_DECIMAL = re.compile(rb'"\d+(?:\.\d+)?"')
_WRONG_VALUES = {"types": b'{"is":["not","a","price"]}', "nan": b'"NaN"', "negative": b'"-1.5"'}


class Face(ABC):
    """One venue, as its clients see it."""

    venue: ClassVar[str]
    is_text: ClassVar[bool] = True
    price: ClassVar[re.Pattern[bytes]] = QUOTED_DECIMAL  # how a depth frame writes one: what corruption spoils
    is_change_atomic: ClassVar[bool] = True  # whether one change of a book is told in one frame
    post_paths: ClassVar[frozenset[str]] = frozenset()  # asked by POST, with the body as the query parameter `body`
    ping_seconds: float  # how often this venue pings its clients
    halted_row: ClassVar[dict[str, Any]] = {}  # what the market list says otherwise of a market that does not trade
    funding_seconds: ClassVar[int] = EIGHT_HOURS  # what a rate is for
    frame_seconds: float = 0.0  # at least so long between two frames of a book: what changes meanwhile waits

    def __init__(self, instruments: Iterable[Instrument], latency_ns: int) -> None:
        self._all = {instrument.symbol: instrument for instrument in instruments}
        self.instruments = dict(self._all)  # those that are listed
        self.halted: frozenset[str] = frozenset()  # assets whose markets do not trade
        self.subscribers: dict[str, set[Session]] = {}
        self.sessions: set[Session] = set()
        self.latency_ns = latency_ns
        self.websocket_url = ""  # where its clients find it, for venues that tell them
        self.clock_shift_ns = 0
        self.delay_ns = 0
        self.is_world_hidden = False  # when a recording speaks in its place
        self.omits_snapshots = False
        self.depth_filter: FrameFilter | None = None
        self.frames_published = 0

    # --- What a venue must say for itself ---

    @abstractmethod
    def refuse_handshake(self, path: str, query: Mapping[str, str]) -> Answer | None:
        """Why a WebSocket may not be opened here; None when it may. Path and query are without the venue's prefix."""

    @abstractmethod
    def answer(self, path: str, query: Mapping[str, str], now_ns: int) -> Answer:
        """The answer to a REST request."""

    @abstractmethod
    def on_open(self, session: Session, now_ns: int) -> None:
        """A client has joined."""

    @abstractmethod
    async def on_text(self, session: Session, text: str, now_ns: int) -> None:
        """A client has said something."""

    @abstractmethod
    def publish_update(self, instrument: Instrument, is_depth_due: bool, now_ns: int) -> None:
        """A book has changed: tell who listens."""

    @abstractmethod
    def symbol_of_topic(self, topic: str) -> str:
        """The native symbol in a topic's name, whether it exists or not."""

    @abstractmethod
    async def on_timer(self, session: Session, now_ns: int) -> None:
        """Called about every 100 ms for each session: heartbeats."""

    @abstractmethod
    def topics_of_recording(self, frame: bytes, is_text: bool) -> list[str] | None:
        """Topics that a recorded frame belongs to; None when it is not market data (an ack, a greeting)."""

    @classmethod
    def is_captured(cls, first_line: str) -> bool:
        """Whether a capture that begins with this line is of this venue; see captures.py for how they look."""
        return False

    def facts_answer(self, path: str, query: Mapping[str, str], now_ns: int) -> Answer:
        """The answer to a REST request that no book and no market list is asked by."""
        return not_found(path)

    def symbol_of_snapshot(self, path: str, query: Mapping[str, str]) -> str | None:
        """The symbol whose book a REST request asks for; None when it asks for something else."""
        return None

    def advance_snapshot(self, snapshot: bytes, symbol: str, frames: Iterable[bytes]) -> bytes:
        """A recorded REST book as it was after the recorded frames that followed it."""
        return snapshot

    # --- What all of them share ---

    def facts(self, now_ns: int) -> list[tuple[Instrument, Facts]]:
        """What it says of each listed instrument besides its book."""
        return [(one, facts_of(one, self.funding_seconds, now_ns)) for one in self.instruments.values()]

    def exchange_ns(self, now_ns: int) -> int:
        """The time that the venue's matching engine would stamp on something that leaves the socket now."""
        return now_ns - self.latency_ns + self.clock_shift_ns

    def instrument_of(self, topic: str) -> Instrument | None:
        """What a topic is about; None when that does not exist, or is about everything."""
        return self.instruments.get(self.symbol_of_topic(topic))

    def subscribe(self, session: Session, topic: str) -> bool:
        """False when it was subscribed already."""
        if topic in session.topics:
            return False
        session.topics.add(topic)
        session.has_subscribed.set()
        self.subscribers.setdefault(topic, set()).add(session)
        return True

    def unsubscribe(self, session: Session, topic: str) -> bool:
        """False when it was not subscribed."""
        if topic not in session.topics:
            return False
        session.topics.discard(topic)
        listeners = self.subscribers[topic]
        listeners.discard(session)
        if not listeners:
            del self.subscribers[topic]
        return True

    def forget(self, session: Session) -> None:
        """The client is gone."""
        for topic in list(session.topics):
            self.unsubscribe(session, topic)
        self.sessions.discard(session)

    def list_only(self, is_listed: Callable[[Instrument], bool]) -> None:
        """Markets that are not listed are silent, and nobody is subscribed to them any more."""
        self.instruments = {symbol: one for symbol, one in self._all.items() if is_listed(one)}
        for symbol, instrument in self._all.items():
            instrument.is_paused = symbol not in self.instruments
        for topic in [topic for topic in self.subscribers if self.symbol_of_topic(topic) in self._all]:
            if self.instrument_of(topic) is None:
                for session in list(self.subscribers[topic]):
                    self.unsubscribe(session, topic)

    def halt(self, assets: frozenset[str], now_ns: int) -> None:
        """The markets of these assets do not trade, and all others do: who listens to statuses is told what changes."""
        changed, self.halted = self.halted ^ assets, assets
        for instrument in self.instruments.values():
            if instrument.asset in changed:
                self.tell_status(instrument, now_ns)

    def tell_status(self, instrument: Instrument, now_ns: int) -> None:  # noqa: B027 (most venues have none)
        """Whether its market trades now, for venues that tell it by a frame; the others' market lists say it."""

    def status_of(self, instrument: Instrument) -> dict[str, Any]:
        """What its row of the market list says otherwise than that of one that trades."""
        return self.halted_row if instrument.asset in self.halted else {}

    def has_listeners(self, topic: str) -> bool:
        """Whether it is worth encoding a frame."""
        return topic in self.subscribers

    def publish(self, topic: str, payload: bytes) -> None:
        """Sends one payload to everybody who listens to the topic."""
        listeners = self.subscribers.get(topic)
        if listeners:
            self.frames_published += 1
            frame = encode_frame(payload, is_text=self.is_text)
            for session in listeners:
                session.send_frame(frame)

    def publish_depth(self, instrument: Instrument, topic: str, payload: bytes) -> None:
        """Like publish, for frames with a sequence: the ones that faults drop, repeat, swap and spoil."""
        if self.depth_filter is None:
            self.publish(topic, payload)
        elif topic in self.subscribers:
            for filtered in self.depth_filter(self, topic, instrument, payload):
                self.publish(topic, filtered)

    def corrupt(self, payload: bytes, variant: str) -> bytes:
        """A spoiled copy of a frame; never one that could be taken for a whole one."""
        if variant == "truncated":
            return payload[: len(payload) // 2]
        wrong = _WRONG_VALUES.get(variant)
        if wrong is not None and self.price.search(payload):
            return self.price.sub(wrong, payload, count=1)
        return payload[:8] + b"\x1b}{#" + payload[12:]


def not_found(path: str) -> Answer:
    """A path that this venue does not have."""
    return json_answer({"error": f"no such path: {path}"}, status=404)


def as_dict(value: Any) -> dict[str, Any]:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}
