"""The best levels of one book as a venue last told them, for venues that tell what changed within a window."""

from collections.abc import Mapping

from crossbook.simulator.world.book import Level
from crossbook.simulator.world.world import Instrument


class Window:
    """`depth` levels a side. What leaves the window is told as removed, what enters it as new."""

    def __init__(self, instrument: Instrument, depth: int, topic: str, sequence: int = 0) -> None:
        self.instrument = instrument
        self.depth = depth
        self.topic = topic
        self.sequence = sequence
        self.told_ns = 0  # when the face last told it, or told it whole
        self._bids: dict[int, int] = {}
        self._asks: dict[int, int] = {}

    def take_changes(self) -> tuple[list[Level], list[Level]]:
        """Bids and asks that differ from what was told last; it counts as told from now on."""
        book = self.instrument.book
        bids, asks = dict(book.bids.levels(self.depth)), dict(book.asks.levels(self.depth))
        changes = _difference(self._bids, bids), _difference(self._asks, asks)
        self._bids, self._asks = bids, asks
        return changes

    def told(self) -> tuple[list[Level], list[Level]]:
        """Bids and asks as told last, best first."""
        return list(self._bids.items()), list(self._asks.items())


def _difference(told: Mapping[int, int], levels: Mapping[int, int]) -> list[Level]:
    changed = [(price, size) for price, size in levels.items() if told.get(price) != size]
    return changed + [(price, 0) for price in told if price not in levels]
