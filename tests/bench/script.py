"""What the sender says of one world: for every topic of top-of-book frames, templates of several states of its book.

Made when a client has subscribed, by the venues' own faces: whatever they would send to it, they are asked to encode.
Afterwards the sequence of a frame is always the face's latest: so a frame belongs to the book that the client has.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from crossbook.simulator.faces.base import Face
from crossbook.simulator.simulator import Simulator
from crossbook.simulator.wire.session import Session
from crossbook.simulator.world.world import Instrument
from tests.bench.templates import Form, UnplayableError, learn

SIZES = 2  # states in a row with one price and different sizes
STATES = 32 * SIZES  # a price comes again so late that no event is taken for an earlier frame's
APART_NS = 1_000_000_000  # from one frame that is learned from to the next: whole units of every venue's times
SHIFT_PERCENT = 0.01  # of the price, from one to the next

Top = tuple[float, float]  # bid and ask per coin
Move = tuple[
    int, str, str, float, float, bool
]  # time in nanoseconds, venue, asset, bid, ask, whether it is the sender's


class Ear:
    """Beside a client among the listeners of a topic: hears what the face sends."""

    def __init__(self, on_payload: Callable[[bytes], None]) -> None:
        self._on_payload = on_payload

    def send_frame(self, frame: bytes) -> None:
        """In the place of Session.send_frame: a header of 2, 4 or 10 bytes, then the payload."""
        self._on_payload(frame[2 if frame[1] < 126 else 4 if frame[1] == 126 else 10 :])


@dataclass
class Topic:
    """One topic of one client, and the price that it was last shown.

    `moves` takes every frame that shows another price than the one before, the face's own included.
    """

    session: Session
    instrument: Instrument
    form: Form  # a template for each state
    tops: list[Top]  # of each state
    sequence: int
    moves: list[Move]
    state: int = 0
    shown: Top | None = None

    @property
    def venue(self) -> str:
        return self.instrument.venue

    def next_frame(self, now_ns: int, *, is_move: bool) -> bytes:
        """Another size at the same price, or another price."""
        self.state = (self.state + SIZES if is_move else self.state ^ 1) % STATES
        self._show(self.tops[self.state], now_ns, is_ours=True)
        return self.form.templates[self.state].fill(now_ns, self.sequence)

    def hear(self, payload: bytes) -> None:
        """The face has told the world's own price."""
        self.sequence = self.form.sequence_of(payload)
        self._show(self.instrument.top_prices(), time.time_ns(), is_ours=False)

    def _show(self, top: Top, now_ns: int, *, is_ours: bool) -> None:
        if top != self.shown:
            self.shown = top
            self.moves.append((now_ns, self.venue, self.instrument.asset, *top, is_ours))


def topics_of(simulator: Simulator, moves: list[Move]) -> list[Topic]:
    """All that are subscribed now and can be played, the venues of an asset in turn. Raises UnplayableError."""
    found: list[Topic] = []
    for face in simulator.faces.values():
        for listeners in face.subscribers.values():  # of an earlier script, whose clients are gone
            listeners.difference_update([one for one in listeners if isinstance(one, Ear)])
        topics = [topic for one in face.instruments.values() for topic in _topics(simulator, face, one, moves)]
        if not topics:
            raise UnplayableError(f"{face.venue} sends no text frames of the top of a book alone, or not yet")
        found += topics
    return sorted(found, key=lambda topic: (topic.instrument.asset, topic.venue))


def described(topic: Topic) -> dict[str, Any]:
    """For a native source, and for whoever reads what it played: the prices of each state."""
    return {
        "port": topic.session.connection.remote_address[1],
        "venue": topic.venue,
        "asset": topic.instrument.asset,
        "sequence": topic.sequence,
        "tops": topic.tops,
        "states": [
            {
                "pieces": [piece.decode() for piece in template.pieces],
                "holes": [asdict(hole) for hole in template.holes],
            }
            for template in topic.form.templates
        ],
    }


def _topics(simulator: Simulator, face: Face, instrument: Instrument, moves: list[Move]) -> Iterator[Topic]:
    clients = {
        name: next(iter(listeners))
        for name, listeners in face.subscribers.items()
        if listeners and face.symbol_of_topic(name) == instrument.symbol
    }
    payloads: dict[str, list[bytes]] = {name: [] for name in clients}
    price = simulator.world.latent_price(instrument.asset)
    times_ns, tops = _say_states(face, instrument, {name: Ear(payloads[name].append) for name in clients}, price)
    for name, client in clients.items():
        if payloads[name] and face.is_text:
            form = learn(payloads[name], times_ns)
            topic = Topic(client, instrument, form, tops, form.sequence_of(payloads[name][-1]), moves)
            face.subscribers[name].add(Ear(topic.hear))
            yield topic


def _say_states(
    face: Face, instrument: Instrument, ears: Mapping[str, Ear], price: float
) -> tuple[list[int], list[Top]]:
    """Lets the face tell every state to the ears alone; the times that it was told, and the prices."""
    now_ns = time.time_ns()
    times_ns = [now_ns + number * APART_NS for number in range(STATES)]
    kept, tops = {name: face.subscribers[name] for name in ears}, []
    face.subscribers.update({name: {ear} for name, ear in ears.items()})
    try:
        for number, at_ns in enumerate(times_ns):
            if number % SIZES == 0:
                instrument.requote([price], number // SIZES * SHIFT_PERCENT)
            instrument.stir()
            face.publish_update(instrument, False, at_ns)
            tops.append(instrument.top_prices())
    finally:
        face.subscribers.update(kept)
    return times_ns, tops
