"""A client of gateio that checks its sequences; see base.py."""

import json

from tests.support.simulator.clients.base import BookClient, pairs


class GateioBook(BookClient):
    """full is the snapshot; then U must be the last u plus one, in frames without levels too."""

    def feed(self, message: str | bytes) -> bool:
        frame = json.loads(message)
        if frame["channel"] != "futures.obu" or frame.get("event") or frame["result"]["s"] != f"ob.{self.symbol}.50":
            return False
        result = frame["result"]
        bids, asks = (pairs(result.get(side, [])) for side in ("b", "a"))
        if result.get("full"):
            self.load(bids, asks, result["u"])
        else:
            self.apply(bids, asks, result["U"] - 1, result["u"])
        return True
