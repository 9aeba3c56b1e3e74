"""A client of okx that checks its sequences; see base.py."""

import json

from tests.support.simulator.clients.base import BookClient, pairs


class OkxBook(BookClient):
    """action snapshot, then prevSeqId must be the last seqId."""

    def feed(self, message: str | bytes) -> bool:
        frame = json.loads(message)
        if frame.get("arg") != {"channel": "books", "instId": self.symbol} or "data" not in frame:
            return False
        (book,) = frame["data"]
        assert book["checksum"] == 0
        if frame["action"] == "snapshot":
            assert book["prevSeqId"] == -1
            self.load(pairs(book["bids"]), pairs(book["asks"]), book["seqId"])
        else:
            self.apply(pairs(book["bids"]), pairs(book["asks"]), book["prevSeqId"], book["seqId"])
        return True
