"""Frames encoded once by a venue's own face, with holes for what must differ each time: the times and the sequence.

The face is asked for some frames in a row, at times far apart. Whole numbers that rise with the clock are times, one
that rises otherwise is the sequence, everything else stays as the face wrote it. Each frame must come out of its own
template byte for byte; a face whose frames do not, or that chains them by several sequences, is refused.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from crossbook.simulator.wire.session import encode_frame

NUMBER = re.compile(rb"\d+(?:\.\d+)?")
UNITS_NS = (1_000_000, 1_000, 1)  # of the times that venues write: milliseconds, microseconds, nanoseconds


class UnplayableError(Exception):
    """These frames cannot be encoded beforehand: name other venues."""


@dataclass(frozen=True, slots=True)
class Hole:
    """A number to be filled in: the clock in units, plus `offset`; the sequence where `unit_ns` is 0."""

    unit_ns: int
    offset: int


SEQUENCE = Hole(0, 0)


@dataclass(frozen=True, slots=True)
class Template:
    """A whole WebSocket frame as a bytes format; its holes in order, and the pieces of its payload around them."""

    text: bytes
    pieces: tuple[bytes, ...]
    holes: tuple[Hole, ...]

    def fill(self, now_ns: int, sequence: int) -> bytes:
        """The frame of that moment; the sequence must have as many digits as it had when this was learned."""
        return self.text % tuple(
            now_ns // hole.unit_ns + hole.offset if hole.unit_ns else sequence for hole in self.holes
        )


@dataclass(frozen=True, slots=True)
class Form:
    """A template of each frame of a topic, and at which of its numbers the sequence is, if anywhere."""

    templates: tuple[Template, ...]
    place: int | None

    def sequence_of(self, payload: bytes) -> int:
        """0 where frames have none."""
        return 0 if self.place is None else int(NUMBER.findall(payload)[self.place])


def learn(payloads: Sequence[bytes], times_ns: Sequence[int]) -> Form:
    """A template of each payload; all were made in that order, each at its time. Raises UnplayableError."""
    rows = [NUMBER.findall(payload) for payload in payloads]
    if len({len(row) for row in rows}) != 1:
        raise UnplayableError("frames of one topic differ in form")
    columns = list(zip(*rows, strict=True))
    holes = [_hole(column, times_ns) for column in columns]
    places = [place for place, hole in enumerate(holes) if hole == SEQUENCE]
    if len({columns[place] for place in places}) > 1:
        raise UnplayableError("a frame has several sequences: they may be chained")
    form = Form(tuple(_template(payload, holes) for payload in payloads), places[0] if places else None)
    for template, payload, at_ns in zip(form.templates, payloads, times_ns, strict=True):
        if template.fill(at_ns, form.sequence_of(payload)) != encode_frame(payload, is_text=True):
            raise UnplayableError("a frame does not come out of its own template")
    return form


def _hole(values: Sequence[bytes], times_ns: Sequence[int]) -> Hole | None:
    """What the number is, seen over all frames; None for one that stays as it is."""
    if any(b"." in value for value in values) or len({len(value) for value in values}) != 1:
        return None
    ints = [int(value) for value in values]
    if not all(one < other for one, other in pairwise(ints)):
        return None
    for unit_ns in UNITS_NS:
        offsets = {value - at_ns // unit_ns for value, at_ns in zip(ints, times_ns, strict=True)}
        if len(offsets) == 1:
            return Hole(unit_ns, offsets.pop())
    return SEQUENCE


def _template(payload: bytes, holes: Sequence[Hole | None]) -> Template:
    pieces, at = [], 0
    for number, hole in zip(NUMBER.finditer(payload), holes, strict=True):
        if hole is not None:
            pieces.append(payload[at : number.start()])
            at = number.end()
    pieces.append(payload[at:])
    frame = encode_frame(payload, is_text=True)
    text = _escaped(frame[: len(frame) - len(payload)]) + b"%d".join(map(_escaped, pieces))
    return Template(text, tuple(pieces), tuple(hole for hole in holes if hole is not None))


def _escaped(text: bytes) -> bytes:
    return text.replace(b"%", b"%%")
