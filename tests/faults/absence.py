"""When each process of a rig was not there: dead, from the blow until another bears its name, stopped, or away."""

from collections import defaultdict
from dataclasses import dataclass, field

Span = tuple[int, int]
"""From and until, in nanoseconds since the epoch."""


def _spans() -> defaultdict[str, list[Span]]:
    return defaultdict(list)


@dataclass
class Absences:
    """By the process' name; kept by who inflicts them, at the moment."""

    dead: defaultdict[str, list[Span]] = field(default_factory=_spans)
    paused: defaultdict[str, list[Span]] = field(default_factory=_spans)
    away: defaultdict[str, list[Span]] = field(default_factory=_spans)  # stores that took no writes
