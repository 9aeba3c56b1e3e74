"""A client of lighter that checks its sequences; see base.py."""

import json
from decimal import Decimal

from tests.support.simulator.clients.base import BookClient


class LighterBook(BookClient):
    """subscribed/order_book is the snapshot; begin_nonce must be the last nonce."""

    def feed(self, message: str | bytes) -> bool:
        frame = json.loads(message)
        if frame.get("channel") != f"order_book:{self.symbol}" or "order_book" not in frame:
            return False
        book = frame["order_book"]
        bids, asks = ([(Decimal(x["price"]), Decimal(x["size"])) for x in book[side]] for side in ("bids", "asks"))
        if frame["type"] == "subscribed/order_book":
            self.load(bids, asks, book["nonce"])
        else:
            self.apply(bids, asks, book["begin_nonce"], book["nonce"])
        return True
