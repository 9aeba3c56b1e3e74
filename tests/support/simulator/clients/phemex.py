"""A client of phemex that checks its sequences; see base.py."""

import json
from decimal import Decimal

from tests.support.simulator.clients.base import BookClient, Levels, SequenceBroken, pairs


class PhemexBook(BookClient):
    """Nothing chains: sequences never fall, only told levels are removed, a repeated snapshot repeats the book."""

    def __init__(self, symbol: str) -> None:
        super().__init__(symbol)
        self.repeats = 0

    def feed(self, message: str | bytes) -> bool:
        frame = json.loads(message)
        if frame.get("symbol") != self.symbol or "orderbook_p" not in frame:
            return False
        bids, asks = (pairs(frame["orderbook_p"][side]) for side in ("bids", "asks"))
        if frame["type"] == "snapshot":
            if frame["sequence"] == self.last:
                self.repeats += 1
                if (dict(bids), dict(asks)) != (self.bids, self.asks):
                    raise SequenceBroken(f"{self.symbol}: the book of {self.last} differs")
            self.load(bids, asks, frame["sequence"])
        elif self.last is None or frame["sequence"] <= self.last:
            raise SequenceBroken(f"{self.symbol}: {frame['sequence']} does not follow {self.last}")
        else:
            self._require_told(self.bids, bids)
            self._require_told(self.asks, asks)
            self.apply(bids, asks, self.last, frame["sequence"])
        return True

    def _require_told(self, side: dict[Decimal, Decimal], changes: Levels) -> None:
        for price, size in changes:
            if not size and price not in side:
                raise SequenceBroken(f"{self.symbol}: {price} was never told")
