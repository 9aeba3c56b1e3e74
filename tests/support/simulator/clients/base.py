"""What clients of venues have in common. Each is written from the venue's rules and not from Crossbook's core, and
follows one instrument's book: `feed` takes one frame and returns whether it belonged to the book; it raises
SequenceBroken where the venue's rule says that something is missing. Prices and sizes are Decimal, as spelled.
"""

from decimal import Decimal
from typing import Any

Levels = list[tuple[Decimal, Decimal]]


class SequenceBroken(AssertionError):
    """The chain of frames has a hole."""


class BookClient:
    """Both sides and the place in the sequence; None before the snapshot."""

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.bids: dict[Decimal, Decimal] = {}
        self.asks: dict[Decimal, Decimal] = {}
        self.last: int | None = None
        self.updates = 0

    def feed(self, message: str | bytes) -> bool:
        raise NotImplementedError

    def load(self, bids: Levels, asks: Levels, last: int) -> None:
        self.bids, self.asks, self.last = dict(bids), dict(asks), last

    def apply(self, bids: Levels, asks: Levels, expected: int, last: int) -> None:
        if expected != self.last:
            raise SequenceBroken(f"{self.symbol}: {expected} does not follow {self.last}")
        for side, changes in ((self.bids, bids), (self.asks, asks)):
            for price, size in changes:
                if size:
                    side[price] = size
                else:
                    side.pop(price, None)
        self.last = last
        self.updates += 1

    def top(self) -> tuple[Decimal, Decimal, Decimal, Decimal]:
        bid, ask = max(self.bids), min(self.asks)
        return bid, self.bids[bid], ask, self.asks[ask]


def pairs(levels: list[Any]) -> Levels:
    """[[price, size, ...], ...] of texts."""
    return [(Decimal(level[0]), Decimal(level[1])) for level in levels]
