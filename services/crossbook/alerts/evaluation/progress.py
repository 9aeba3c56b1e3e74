"""How far the stream of opportunities is handled, slot by slot, so that whoever evaluates a slot next misses nothing.

What an event causes in a slot (a match to fire, a rule that waits) holds the slot's position before that event until
it is settled. A slot's position is saved in Postgres by the replica that evaluates the slot, and says: all that came
up to here is done. It carries the time of its event beside the token, so that positions within the streams of
different arbitrage replicas can be compared.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from crossbook.alerts.match import Hold, Position
from crossbook.plumbing.data.leases import Tenure


class Progress:
    """Bounded by what is to be done."""

    def __init__(self) -> None:
        self.reached = Position()  # every event up to here has been looked at
        self._held: dict[int, dict[Hold, None]] = {}
        self._replayed: Position | None = None

    def restart(self, position: Position) -> None:
        """Goes on from there; holds of before no longer count, for the stream tells their events again."""
        self._held.clear()
        self.reached = position

    def reach(self, position: Position) -> None:
        """An event has been looked at. One without a token cannot be resumed from: a later one must be waited for."""
        if position.token:
            self.reached = position

    def hold(self, tenure: Tenure) -> Hold:
        """Something more is to be done for the event that is being looked at."""
        held = self._held.setdefault(tenure.slot, {})
        hold = Hold(tenure, self.reached if self._replayed is None else self._replayed, held)
        held[hold] = None
        return hold

    @contextmanager
    def replaying(self, position: Position) -> Iterator[None]:
        """What is held in the block is held at this position: its events are looked at again."""
        self._replayed = position
        try:
            yield
        finally:
            self._replayed = None

    def forget(self, slot: int) -> None:
        """Another replica evaluates the slot."""
        self._held.pop(slot, None)

    def position(self, slot: int) -> Position:
        """Up to where everything of the slot is settled."""
        held = self._held.get(slot)
        return min((next(iter(held)).before, self.reached)) if held else self.reached

    @property
    def oldest(self) -> Position:
        """Up to where everything is settled: where to resume."""
        return min((self.position(slot) for slot in self._held), default=self.reached)
