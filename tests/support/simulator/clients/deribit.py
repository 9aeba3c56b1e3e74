"""A client of deribit that checks its sequences; see base.py."""

import json
from decimal import Decimal

from tests.support.simulator.clients.base import BookClient


class DeribitBook(BookClient):
    """type snapshot, then prev_change_id must be the last change_id; delete removes."""

    def feed(self, message: str | bytes) -> bool:
        params = json.loads(message, parse_float=Decimal).get("params", {})
        if params.get("channel") != f"book.{self.symbol}.100ms":
            return False
        data = params["data"]
        bids, asks = (
            [(p, Decimal(0) if action == "delete" else q) for action, p, q in data[s]] for s in ("bids", "asks")
        )
        if data["type"] == "snapshot":
            assert "prev_change_id" not in data
            self.load(bids, asks, data["change_id"])
        else:
            self.apply(bids, asks, data["prev_change_id"], data["change_id"])
        return True
