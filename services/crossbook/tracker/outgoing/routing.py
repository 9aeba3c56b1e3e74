"""Which shards a venue's instruments are spread over: now, and from the beginning of some minute on.

A minute begins a window whatever the windows' length, and its roll-up is then the work of one shard. The notice of two
seconds lets the new lanes open their streams first, and no quote that was taken before can be of after the boundary.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from crossbook.plumbing.timestamps import MINUTE_NS, SECOND_NS

LEAST_NOTICE_NS = 2 * SECOND_NS


@dataclass(frozen=True, slots=True)
class Route:
    """These shards own the instruments of every quote from this moment on."""

    shards: tuple[str, ...]
    from_ns: int


class Routing:
    """One venue's; it outlives feeds that fail. Targets are kept of every shard that has a part in it."""

    def __init__(self, targets: Mapping[str, str]) -> None:
        self._targets = dict(targets)
        self._in_force = tuple(sorted(targets))
        self._next: Route | None = None

    def target(self, shard: str) -> str:
        """Where a shard of `in_force` or `next` listens."""
        return self._targets[shard]

    def in_force(self, now_ns: int) -> tuple[str, ...]:
        """The shards of now."""
        if self._next is not None and self._next.from_ns <= now_ns:
            self._in_force, self._next = self._next.shards, None
        return self._in_force

    def next(self, now_ns: int) -> Route | None:
        """What is to come, if anything."""
        self.in_force(now_ns)
        return self._next

    def change(self, targets: Mapping[str, str], now_ns: int) -> Route | None:
        """Another list: what is to come by it; None when only addresses differ, which count at once."""
        shards, current = tuple(sorted(targets)), self.in_force(now_ns)
        wanted = self._next.shards if self._next is not None else current
        kept = {shard: self._targets[shard] for shard in (*current, *wanted)}
        self._targets = kept | dict(targets)
        if shards == wanted:
            return None
        self._next = Route(shards, next_boundary_ns(now_ns))
        return self._next


def next_boundary_ns(now_ns: int) -> int:
    """The next full minute that leaves the notice."""
    return -(-(now_ns + LEAST_NOTICE_NS) // MINUTE_NS) * MINUTE_NS
