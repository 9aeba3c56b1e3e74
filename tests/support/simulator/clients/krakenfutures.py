"""A client of krakenfutures that checks its sequences; see base.py."""

import json
from decimal import Decimal

from tests.support.simulator.clients.base import BookClient, Levels


class KrakenFuturesBook(BookClient):
    """book_snapshot, then one level a frame, numbered one by one; never crossed in between."""

    def feed(self, message: str | bytes) -> bool:
        frame = json.loads(message, parse_float=Decimal)
        if frame.get("product_id") != self.symbol or "event" in frame:
            return False
        if frame["feed"] == "book_snapshot":
            bids, asks = ([(row["price"], row["qty"]) for row in frame[side]] for side in ("bids", "asks"))
            self.load(bids, asks, frame["seq"])
            return True
        level = [(frame["price"], frame["qty"])]
        sides: tuple[Levels, Levels] = (level, []) if frame["side"] == "buy" else ([], level)
        self.apply(*sides, frame["seq"] - 1, frame["seq"])
        assert not self.bids or not self.asks or max(self.bids) < min(self.asks)
        return True
