"""What goes wrong in one play, drawn from its seed: frames lost, doubled, swapped, spoilt; cuts; slow or no answers.

Frames that bear a sequence go wrong in every way; the others (tops) are lost, doubled and cut short, but come in order.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from crossbook.simulator.faces.base import CORRUPTIONS, Face
from crossbook.simulator.world.world import Instrument

KINDS = ("drop", "duplicate", "reorder", "corrupt")
TOP_KINDS = ("drop top", "double top", "cut top")
CALM_TICKS = 30  # until books are whole for the first time
FAULTY_TICKS = 150


@dataclass
class Faults:
    """Works on the depth frames of some instruments between two ticks, and on what the feed asks for."""

    rng: random.Random
    symbols: frozenset[str]
    share: float
    kinds: Sequence[str]
    cuts: list[int]
    spoils_tops: bool
    is_at_work: bool = False
    at_ns: int = 0  # now
    happened: list[tuple[str, str, int]] = field(default_factory=list)  # (kind, native symbol, when)
    lost_tops: set[str] = field(default_factory=set)  # native symbols
    _held: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def draw(cls, rng: random.Random, symbols: Sequence[str]) -> "Faults":
        """At least one instrument is left alone."""
        chosen = rng.sample(list(symbols), rng.randint(1, len(symbols) - 1))
        kinds = rng.sample(KINDS, rng.randint(1, len(KINDS)))
        cuts = [CALM_TICKS + rng.randrange(FAULTY_TICKS) for _ in range(rng.choice((0, 0, 1, 2)))]
        return cls(rng, frozenset(chosen), rng.choice((0.02, 0.1, 0.3)), kinds, cuts, rng.random() < 0.3)

    def spoil(self, face: Face) -> None:
        """Stands between the face and its clients from now on."""
        send = face.publish

        def publish(topic: str, payload: bytes) -> None:
            instrument = face.instrument_of(topic)
            for spoilt in (payload,) if instrument is None else self._changed_top(instrument, payload):
                send(topic, spoilt)

        def publish_depth(instrument: Instrument, topic: str, payload: bytes) -> None:
            if face.has_listeners(topic):
                for spoilt in self._changed_depth(face, topic, instrument, payload):
                    send(topic, spoilt)

        face.publish = publish  # type: ignore[method-assign]
        face.publish_depth = publish_depth  # type: ignore[method-assign]

    def forget_held(self) -> None:
        """A connection is gone, and with it the frames that were to come late."""
        self._held.clear()

    def delay_ticks(self) -> int:
        """How long a message or an answer is on its way."""
        return self.rng.choice((0, 0, 1, 3, 12)) if self.is_at_work else 0

    def fails_answer(self) -> bool:
        """Whether the venue does not answer a request as it should."""
        return self.is_at_work and self.rng.random() < 0.2

    def _changed_depth(self, face: Face, topic: str, instrument: Instrument, payload: bytes) -> Sequence[bytes]:
        held = self._held.pop(topic, None)
        if held is not None:
            return (payload, held)
        kind = self._strikes(instrument, self.kinds)
        if kind == "drop":
            return ()
        if kind == "duplicate":
            return (payload, payload)
        if kind == "reorder":
            self._held[topic] = payload
            return ()
        return (face.corrupt(payload, self.rng.choice(CORRUPTIONS)),) if kind == "corrupt" else (payload,)

    def _changed_top(self, instrument: Instrument, payload: bytes) -> Sequence[bytes]:
        kind = self._strikes(instrument, TOP_KINDS) if self.spoils_tops else None
        if kind in ("drop top", "cut top"):
            self.lost_tops.add(instrument.symbol)
        if kind == "drop top":
            return ()
        if kind == "double top":
            return (payload, payload)
        return (payload[: len(payload) // 2],) if kind == "cut top" else (payload,)

    def _strikes(self, instrument: Instrument, kinds: Sequence[str]) -> str | None:
        """What goes wrong with one frame, if anything does."""
        if not self.is_at_work or instrument.symbol not in self.symbols or self.rng.random() >= self.share:
            return None
        kind = self.rng.choice(kinds)
        self.happened.append((kind, instrument.symbol, self.at_ns))
        return kind
