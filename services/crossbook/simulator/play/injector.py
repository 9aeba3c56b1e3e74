"""Makes ordered faults happen at their time, ends them, and writes both into the truth file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from crossbook.plumbing.timestamps import SECOND_NS
from crossbook.simulator.faces.base import CORRUPTIONS, Face
from crossbook.simulator.play.faults import FRAME_KINDS, Fault, FaultSpecError
from crossbook.simulator.wire.answer import Answer, text_answer
from crossbook.simulator.wire.session import encode_frame
from crossbook.simulator.world.truth import TruthFile
from crossbook.simulator.world.world import Instrument

MAX_ORDERS = 1_000
OVERSIZE_BYTES = 10 * 1024 * 1024

log = structlog.get_logger()


@dataclass(slots=True)
class Order:
    """A fault with its times; it is waiting, then active, then gone."""

    id: str
    fault: Fault
    start_ns: int
    end_ns: int | None  # None while it lasts for a count of frames
    left: int | None
    is_active: bool = False
    corruptions: int = 0
    held: tuple[str, bytes] | None = None  # topic and frame that wait for the next one of the topic

    def concerns(self, instrument: Instrument) -> bool:
        """Whether it works on this instrument."""
        return self.fault.asset in (None, instrument.asset)


class Injector:
    """All orders of all venues."""

    def __init__(self, faces: dict[str, Face], truth: TruthFile) -> None:
        self._faces = faces
        self._truth = truth
        self._orders: list[Order] = []
        self._count = 0

    def add(self, faults: Iterable[Fault], from_ns: int) -> list[str]:
        """Orders faults whose start counts from from_ns; returns their ids. Raises FaultSpecError."""
        faults = list(faults)
        if len(self._orders) + len(faults) > MAX_ORDERS:
            raise FaultSpecError(f"at most {MAX_ORDERS} faults may wait or work at a time")
        return [self._add(fault, from_ns).id for fault in faults]

    def advance(self, now_ns: int) -> None:
        """Starts and ends what is due."""
        for order in list(self._orders):
            if not order.is_active and order.start_ns <= now_ns:
                self._start(order, now_ns)
            is_over = order.left == 0 or (order.end_ns is not None and order.end_ns <= now_ns)
            if order.is_active and is_over:
                self._end(order, now_ns)

    def stop(self, now_ns: int) -> None:
        """Ends what is active and forgets what waits."""
        for order in list(self._orders):
            if order.is_active:
                self._end(order, now_ns)
        self._orders.clear()

    def is_mute(self, venue: str) -> bool:
        """Whether the venue's sockets take and send nothing."""
        return any(order.fault.asset is None for order in self._active(venue, "freeze"))

    def is_refusing(self, venue: str) -> bool:
        """Whether connections are dropped before a word is said."""
        return bool(self._active(venue, "refuse"))

    def refusal(self, venue: str) -> Answer | None:
        """The 429 that every request gets for now."""
        for order in self._active(venue, "429"):
            return text_answer(429, "Too many requests\n", {"Retry-After": order.fault.value or "2"})
        return None

    def state(self) -> list[dict[str, Any]]:
        """Waiting and active orders."""
        return [{"id": o.id, "fault": o.fault.text, "is_active": o.is_active} for o in self._orders]

    def _active(self, venue: str, kind: str) -> list[Order]:
        return [o for o in self._orders if o.is_active and o.fault.kind == kind and o.fault.venue == venue]

    def _add(self, fault: Fault, from_ns: int) -> Order:
        self._count += 1
        start_ns = from_ns + int(fault.start_seconds * SECOND_NS)
        lasts = fault.duration_seconds
        end_ns = start_ns + int((lasts or 0.0) * SECOND_NS) if fault.count is None else None
        order = Order(f"fault-{self._count}", fault, start_ns, end_ns, fault.count)
        self._orders.append(order)
        return order

    def _start(self, order: Order, now_ns: int) -> None:
        fault = order.fault
        order.is_active = True
        log.warning("fault_started", id=order.id, fault=fault.text)
        self._truth.fault_started(order.id, fault.venue, fault.asset, fault.kind, now_ns)
        if fault.kind == "cut":
            self._cut(fault)
        elif fault.kind == "oversize":
            self._oversize(fault)
        elif fault.kind == "forget":
            self._forget(fault)
        self._apply(fault.venue, now_ns)

    def _end(self, order: Order, now_ns: int) -> None:
        self._orders.remove(order)
        log.info("fault_ended", id=order.id, fault=order.fault.text)
        self._truth.fault_ended(order.id, now_ns)
        self._apply(order.fault.venue, now_ns)

    def _apply(self, venue: str, now_ns: int) -> None:
        """Sets on the face what its active faults ask for together."""
        face = self._faces[venue]
        delisted = {order.fault.asset for order in self._active(venue, "delist")}
        face.list_only(lambda instrument: instrument.asset not in delisted)
        halted = self._active(venue, "halt")
        face.halt(frozenset(order.fault.asset or "" for order in halted), now_ns)
        standing = [*self._active(venue, "freeze"), *halted]
        for instrument in face.instruments.values():
            instrument.is_paused = any(order.concerns(instrument) for order in standing)
        face.clock_shift_ns = sum(int(order.fault.seconds * SECOND_NS) for order in self._active(venue, "clock"))
        face.delay_ns = sum(int(order.fault.seconds * SECOND_NS) for order in self._active(venue, "slow"))
        face.omits_snapshots = bool(self._active(venue, "nosnapshot"))
        spoils = any(self._active(venue, kind) for kind in FRAME_KINDS)
        face.depth_filter = self._filter if spoils else None

    def _cut(self, fault: Fault) -> None:
        face = self._faces[fault.venue]
        for session in list(face.sessions):
            assets = {instrument.asset for topic in session.topics if (instrument := face.instrument_of(topic))}
            if fault.asset is None or fault.asset in assets:
                session.abort()

    def _forget(self, fault: Fault) -> None:
        face = self._faces[fault.venue]
        for session in face.sessions:
            for topic in list(session.topics):
                instrument = face.instrument_of(topic)
                if instrument is not None and fault.asset in (None, instrument.asset):
                    face.unsubscribe(session, topic)

    def _oversize(self, fault: Fault) -> None:
        face = self._faces[fault.venue]
        frame = encode_frame(b'{"data":"' + b"x" * OVERSIZE_BYTES + b'"}', is_text=True)
        for session in face.sessions:
            session.send_frame(frame)

    def _filter(self, face: Face, topic: str, instrument: Instrument, payload: bytes) -> Sequence[bytes]:
        """What becomes of one depth frame: the first active fault that concerns it decides."""
        for order in self._orders:
            fault = order.fault
            is_meant = order.is_active and fault.venue == face.venue and fault.kind in FRAME_KINDS
            if is_meant and order.left != 0 and order.concerns(instrument):
                return self._spoil(order, face, topic, payload)
        return (payload,)

    def _spoil(self, order: Order, face: Face, topic: str, payload: bytes) -> Sequence[bytes]:
        if order.fault.kind == "reorder":
            return _swap(order, topic, payload)
        _count_down(order)
        if order.fault.kind == "drop":
            return ()
        if order.fault.kind == "duplicate":
            return (payload, payload)
        variant = order.fault.value or CORRUPTIONS[order.corruptions % len(CORRUPTIONS)]
        order.corruptions += 1
        return (face.corrupt(payload, variant),)


def _swap(order: Order, topic: str, payload: bytes) -> Sequence[bytes]:
    """Holds one frame back until the next one of its topic has gone first; frames of other topics pass."""
    if order.held is None:
        order.held = (topic, payload)
        return ()
    held_topic, held = order.held
    if held_topic != topic:
        return (payload,)
    order.held = None
    _count_down(order)
    return (payload, held)


def _count_down(order: Order) -> None:
    if order.left is not None:
        order.left -= 1
