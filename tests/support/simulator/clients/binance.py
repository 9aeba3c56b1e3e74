"""A client of binance that checks its sequences; see base.py."""

import json
from typing import Any

from tests.support.simulator.clients.base import BookClient, SequenceBroken, pairs


class BinanceBook(BookClient):
    """Events are kept until the REST snapshot comes; the first used one straddles or follows it; then pu chains."""

    def __init__(self, symbol: str) -> None:
        super().__init__(symbol)
        self.waiting: list[dict[str, Any]] = []
        self.snapshot_id: int | None = None

    def join(self, snapshot: dict[str, Any]) -> None:
        self.snapshot_id = snapshot["lastUpdateId"]
        self.load(pairs(snapshot["bids"]), pairs(snapshot["asks"]), -1)
        waiting, self.waiting = self.waiting, []
        for event in waiting:
            self._event(event)

    def feed(self, message: str | bytes) -> bool:
        frame = json.loads(message)
        event = frame.get("data", frame)
        if event.get("e") != "depthUpdate" or event["s"] != self.symbol:
            return False
        if self.snapshot_id is None:
            self.waiting.append(event)
        else:
            self._event(event)
        return True

    def _event(self, event: dict[str, Any]) -> None:
        assert self.snapshot_id is not None
        if self.last == -1:
            if event["u"] < self.snapshot_id:
                return
            if not (event["U"] <= self.snapshot_id or event["pu"] == self.snapshot_id):
                raise SequenceBroken(f"{self.symbol}: snapshot {self.snapshot_id} is older than event {event['U']}")
            self.last = event["pu"]
        self.apply(pairs(event["b"]), pairs(event["a"]), event["pu"], event["u"])
