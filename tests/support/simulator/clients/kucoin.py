"""A client of kucoin that checks its sequences; see base.py."""

import json

from tests.support.simulator.clients.base import BookClient, SequenceBroken, pairs


class KucoinBook(BookClient):
    """Every depth frame is the whole book; its sequence must not fall."""

    def feed(self, message: str | bytes) -> bool:
        frame = json.loads(message)
        if frame.get("topic") != f"/contractMarket/level2Depth50:{self.symbol}":
            return False
        data = frame["data"]
        if self.last is not None and data["sequence"] < self.last:
            raise SequenceBroken(f"{self.symbol}: {data['sequence']} after {self.last}")
        self.load(pairs(data["bids"]), pairs(data["asks"]), data["sequence"])
        self.updates += 1
        return True
