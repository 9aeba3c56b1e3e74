"""A client of bybit that checks its sequences; see base.py."""

import json

from tests.support.simulator.clients.base import BookClient, pairs


class BybitBook(BookClient):
    """A snapshot at any time; then every delta's u is the last one plus one."""

    def feed(self, message: str | bytes) -> bool:
        frame = json.loads(message)
        if frame.get("topic") != f"orderbook.50.{self.symbol}":
            return False
        book = frame["data"]
        if frame["type"] == "snapshot":
            self.load(pairs(book["b"]), pairs(book["a"]), book["u"])
        else:
            self.apply(pairs(book["b"]), pairs(book["a"]), book["u"] - 1, book["u"])
        return True
