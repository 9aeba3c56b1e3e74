"""One instrument's order book in integers: price ticks and size lots, and what changed since it was last told.

Levels sit on a grid of `grid` ticks so that a book of some thirty levels spans a realistic share of the price. A side
keeps its best price and, behind it, sizes at the next grid points, a few of them empty.
"""

import random
from collections.abc import Iterable

Level = tuple[int, int]


class Side:
    """Bids (direction -1, deeper is lower) or asks (direction +1)."""

    __slots__ = ("_depth", "_direction", "_grid", "_rng", "_scale", "best", "changes", "sizes")

    def __init__(self, direction: int, grid: int, depth: int, best: int, scale: float, rng: random.Random) -> None:
        self._direction = direction
        self._grid = grid
        self._depth = depth
        self._rng = rng
        self._scale = scale
        self.best = best
        self.sizes: dict[int, int] = {}
        self.changes: dict[int, int] = {}
        self.move_to(best)

    def move_to(self, best: int) -> None:
        """Makes `best` (a multiple of the grid) the best price: drops what is beyond it, fills up behind it."""
        self.best = best
        step = self._grid * self._direction
        wanted = range(best, best + step * self._depth, step)
        sizes, changes = self.sizes, self.changes
        for price in [price for price in sizes if price not in wanted]:
            del sizes[price]
            changes[price] = 0
        for price in wanted:
            if price not in sizes:
                sizes[price] = changes[price] = self._new_size()

    def resize_best(self) -> None:
        """Gives the best level another size."""
        size = self._new_size()
        if size == self.sizes[self.best]:
            size += 1
        self.sizes[self.best] = self.changes[self.best] = size

    def disturb(self) -> None:
        """Changes, removes or restores one level behind the best."""
        price = self.best + self._grid * self._direction * self._rng.randrange(1, self._depth)
        if price in self.sizes and self._rng.random() < 0.25:
            del self.sizes[price]
            self.changes[price] = 0
        else:
            self.sizes[price] = self.changes[price] = self._new_size()

    def take_changes(self) -> list[Level]:
        """(price, size) of the levels touched since the last call, size 0 for removed ones, best first."""
        if not self.changes:
            return []
        changes = self._best_first(self.changes.items())
        self.changes = {}
        return changes

    def levels(self, limit: int | None = None) -> list[Level]:
        """(price, size), best first."""
        return self._best_first(self.sizes.items())[:limit]

    def _best_first(self, levels: Iterable[Level]) -> list[Level]:
        return sorted(levels, reverse=self._direction < 0)

    def _new_size(self) -> int:
        """Between 0.2 and 4 times the scale, small ones more often."""
        return max(1, int(self._scale * 0.2 * 20.0 ** self._rng.random()))


class Book:
    """Both sides. The bid is always below the ask."""

    __slots__ = ("asks", "bids", "grid")

    def __init__(self, bid: int, ask: int, grid: int, depth: int, scale: float, rng: random.Random) -> None:
        self.grid = grid
        self.bids = Side(-1, grid, depth, bid, scale, rng)
        self.asks = Side(1, grid, depth, ask, scale, rng)

    def quote(self, bid: float, ask: float) -> None:
        """Moves the top to the grid points just outside the wanted prices, given in ticks."""
        bid_ticks = int(bid // self.grid) * self.grid
        ask_ticks = max(bid_ticks + self.grid, -int(-ask // self.grid) * self.grid)
        if bid_ticks != self.bids.best:
            self.bids.move_to(bid_ticks)
        if ask_ticks != self.asks.best:
            self.asks.move_to(ask_ticks)

    def top(self) -> tuple[int, int, int, int]:
        """Best bid, its size, best ask, its size."""
        bids, asks = self.bids, self.asks
        return bids.best, bids.sizes[bids.best], asks.best, asks.sizes[asks.best]

    def has_changes(self) -> bool:
        """Whether take_changes of a side would give something."""
        return bool(self.bids.changes or self.asks.changes)
