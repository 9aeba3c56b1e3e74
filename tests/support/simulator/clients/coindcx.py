"""A client of coindcx that checks its sequences; see base.py."""

import json
from decimal import Decimal
from typing import Any

from tests.support.simulator.clients.base import BookClient, Levels


class CoinDcxBook(BookClient):
    """Frames are kept until the REST book comes; from there on vs grows by one, also by a snapshot."""

    def __init__(self, symbol: str) -> None:
        super().__init__(symbol)
        self.waiting: list[dict[str, Any]] = []
        self.snapshots = 0

    @property
    def is_seen(self) -> bool:
        return bool(self.waiting)

    def join(self, book: dict[str, Any]) -> None:
        self.load(_table(book["bids"]), _table(book["asks"]), book["vs"])
        for kept in self.waiting:
            if kept["vs"] > book["vs"]:
                self._take(kept)

    def feed(self, message: str | bytes) -> bool:
        text = str(message)
        if not text.startswith("42"):
            return False
        book = json.loads(json.loads(text[2:])[1]["data"])
        if book["pr"] != "futures" or book["s"] != self.symbol.removeprefix("B-").replace("_", ""):
            return False
        if self.last is None:
            self.waiting.append(book)
        else:
            self._take(book)
        return True

    def _take(self, book: dict[str, Any]) -> None:
        self.apply(_table(book["bids"]), _table(book["asks"]), book["vs"] - 1, book["vs"])
        if book["type"] == "depth-snapshot":
            self.snapshots += 1
            self.load(_table(book["bids"]), _table(book["asks"]), book["vs"])


def _table(side: dict[str, str]) -> Levels:
    return [(Decimal(price), Decimal(size)) for price, size in side.items()]
