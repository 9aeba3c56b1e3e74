"""How far the stream of opportunities is handled, slot by slot, so that whoever evaluates a slot next misses nothing.

What an event causes in a slot (a match to fire, a rule that waits) holds the slot's position before that event until
it is settled. A slot's position is saved in Postgres by the replica that evaluates the slot, and says: all that came
up to here is done. It carries the time of its event beside the token, so that positions within the streams of
different arbitrage replicas can be compared.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from crossbook.alerts.match import Hold, Place, Position
from crossbook.plumbing.data.leases import Tenure


class Progress:
    """Bounded by what is to be done."""

    def __init__(self) -> None:
        self._reached = Place()
        self._held: dict[int, dict[Hold, None]] = {}
        self._replayed: Place | None = None

    @property
    def reached(self) -> Position:
        """Every event up to here has been looked at."""
        return self._reached.position

    def restart(self, position: Position) -> None:
        """Goes on from there; holds of before no longer count, for the stream tells their events again."""
        self._held.clear()
        self._reached = Place(self._reached.order + 1, position)

    def reach(self, event_ns: int, token: str) -> None:
        """An event has been looked at. One without a token cannot be resumed from: a later one must be waited for.

        The times of positions rise with every event, whatever the clocks do: in other processes they alone order them.
        """
        if token:
            self._reached = Place(
                self._reached.order + 1, Position(max(event_ns, self._reached.position.event_ns + 1), token)
            )

    def hold(self, tenure: Tenure) -> Hold:
        """Something more is to be done for the event that is being looked at."""
        held = self._held.setdefault(tenure.slot, {})
        hold = Hold(tenure, self._reached if self._replayed is None else self._replayed, held)
        held[hold] = None
        return hold

    @contextmanager
    def replaying(self, position: Position, told_since: int | None) -> Iterator[None]:
        """What is held in the block is held at this position, after which so many events with a token have been told.

        None: it is not among those that were. Then it lies before all of them, or, by its time, after all.
        """
        order = 0 if told_since is None else self._reached.order - told_since
        is_ahead = told_since is None and position.event_ns > self.reached.event_ns
        self._replayed = self._reached if is_ahead else Place(order, position)
        try:
            yield
        finally:
            self._replayed = None

    def forget(self, slot: int) -> None:
        """Another replica evaluates the slot."""
        self._held.pop(slot, None)

    def position(self, slot: int) -> Position:
        """Up to where everything of the slot is settled."""
        return self._place(slot).position

    @property
    def oldest(self) -> Position:
        """Up to where everything is settled: where to resume."""
        return min((self._place(slot) for slot in self._held), default=self._reached).position

    def _place(self, slot: int) -> Place:
        held = self._held.get(slot)
        return next(iter(held)).before if held else self._reached
