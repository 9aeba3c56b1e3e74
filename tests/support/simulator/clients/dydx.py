"""A client of dydx that checks its sequences; see base.py."""

import json
from decimal import Decimal

from tests.support.simulator.clients.base import BookClient, SequenceBroken, pairs


class DydxBook(BookClient):
    """subscribed is the snapshot; numbers of one market rise, and a message tells the levels of one side or of both."""

    def feed(self, message: str | bytes) -> bool:
        frame = json.loads(message)
        if (frame.get("channel"), frame.get("id")) != ("v4_orderbook", self.symbol) or "contents" not in frame:
            return False
        contents, number = frame["contents"], frame["message_id"]
        if frame["type"] == "subscribed":
            sides = ([(Decimal(x["price"]), Decimal(x["size"])) for x in contents[side]] for side in ("bids", "asks"))
            self.load(*sides, number)
            return True
        if self.last is None or number <= self.last:
            raise SequenceBroken(f"{self.symbol}: {number} comes behind {self.last}")
        bids, asks = (pairs(contents.get(side, [])) for side in ("bids", "asks"))
        self.apply(bids, asks, self.last, number)
        return True
