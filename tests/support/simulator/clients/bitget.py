"""A client of bitget that checks its sequences; see base.py."""

import json

from tests.support.simulator.clients.base import BookClient, pairs


class BitgetBook(BookClient):
    """action snapshot with pseq 0, then pseq must be the last seq."""

    def feed(self, message: str | bytes) -> bool:
        frame = {} if message == "pong" else json.loads(message)
        arg = {"instType": "USDT-FUTURES", "channel": "books", "instId": self.symbol}
        if frame.get("arg") != arg or "data" not in frame:
            return False
        (book,) = frame["data"]
        if frame["action"] == "snapshot":
            assert book["pseq"] == 0
            self.load(pairs(book["bids"]), pairs(book["asks"]), book["seq"])
        else:
            self.apply(pairs(book["bids"]), pairs(book["asks"]), book["pseq"], book["seq"])
        return True
