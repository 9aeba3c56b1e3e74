"""A client of mexc that checks its sequences; see base.py."""

import json
from decimal import Decimal
from typing import Any

from tests.support.simulator.clients.base import BookClient, pairs


class MexcBook(BookClient):
    """Frames are kept until a REST book comes that is not older than the first; then begin is the last end plus one."""

    def __init__(self, symbol: str) -> None:
        super().__init__(symbol)
        self.waiting: list[dict[str, Any]] = []

    def join(self, data: dict[str, Any]) -> bool:
        """False when the REST book is too old."""
        waiting = [frame for frame in self.waiting if frame["end"] > data["version"]]
        if not waiting or waiting[0]["begin"] > data["version"] + 1:
            return False
        self.load(pairs(data["bids"]), pairs(data["asks"]), waiting[0]["begin"] - 1)
        for frame in waiting:
            self._change(frame)
        return True

    def feed(self, message: str | bytes) -> bool:
        frame = json.loads(message, parse_float=Decimal)
        if frame["channel"] != "push.depth" or frame["symbol"] != self.symbol:
            return False
        if self.last is None:
            self.waiting.append(frame["data"])
        else:
            self._change(frame["data"])
        return True

    def _change(self, data: dict[str, Any]) -> None:
        assert data["version"] == data["end"]
        self.apply(pairs(data["bids"]), pairs(data["asks"]), data["begin"] - 1, data["end"])
