"""Small clients of the venues, written from the venues' rules and not from Crossbook's core: they check sequences.

Each follows one instrument's book. `feed` takes one frame and returns whether it belonged to the book; it raises
SequenceBroken where the venue's rule says that something is missing. Prices and sizes are Decimal, as spelled.
"""

import json
import struct
from decimal import Decimal
from typing import Any

Levels = list[tuple[Decimal, Decimal]]


class SequenceBroken(AssertionError):
    """The chain of frames has a hole."""


class BookClient:
    """Both sides and the place in the sequence; None before the snapshot."""

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.bids: dict[Decimal, Decimal] = {}
        self.asks: dict[Decimal, Decimal] = {}
        self.last: int | None = None
        self.updates = 0

    def feed(self, message: str | bytes) -> bool:
        raise NotImplementedError

    def load(self, bids: Levels, asks: Levels, last: int) -> None:
        self.bids, self.asks, self.last = dict(bids), dict(asks), last

    def apply(self, bids: Levels, asks: Levels, expected: int, last: int) -> None:
        if expected != self.last:
            raise SequenceBroken(f"{self.symbol}: {expected} does not follow {self.last}")
        for side, changes in ((self.bids, bids), (self.asks, asks)):
            for price, size in changes:
                if size:
                    side[price] = size
                else:
                    side.pop(price, None)
        self.last = last
        self.updates += 1

    def top(self) -> tuple[Decimal, Decimal, Decimal, Decimal]:
        bid, ask = max(self.bids), min(self.asks)
        return bid, self.bids[bid], ask, self.asks[ask]


def pairs(levels: list[Any]) -> Levels:
    """[[price, size, ...], ...] of texts."""
    return [(Decimal(level[0]), Decimal(level[1])) for level in levels]


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


class ParadexBook(BookClient):
    """Package 0 is the snapshot; then every frame's seq is the last one plus one, empty frames too."""

    def feed(self, message: str | bytes) -> bool:
        if isinstance(message, str) or struct.unpack_from("<H", message, 2)[0] != 3:
            return False
        block, _, schema, _ = struct.unpack_from("<HHHH", message)
        assert schema == 1
        _, sequence, package = struct.unpack_from("<qqB", message, 8)
        at = 8 + block
        sides: list[Levels] = []
        for _ in range(2):
            entry, count = struct.unpack_from("<HH", message, at)
            at += 4
            mantissas = [struct.unpack_from("<qq", message, at + i * entry) for i in range(count)]
            sides.append([(Decimal(p).scaleb(-8), Decimal(s).scaleb(-8)) for p, s in mantissas])
            at += entry * count
        if message[at + 1 : at + 1 + message[at]].decode() != self.symbol:
            return False
        if package == 0:
            self.load(sides[0], sides[1], sequence)
        else:
            self.apply(sides[0], sides[1], sequence - 1, sequence)
        return True


class PhemexBook(BookClient):
    """Nothing chains: sequences never fall, only told levels are removed, a repeated snapshot repeats the book."""

    def __init__(self, symbol: str) -> None:
        super().__init__(symbol)
        self.repeats = 0

    def feed(self, message: str | bytes) -> bool:
        frame = json.loads(message)
        if frame.get("symbol") != self.symbol or "orderbook_p" not in frame:
            return False
        bids, asks = (pairs(frame["orderbook_p"][side]) for side in ("bids", "asks"))
        if frame["type"] == "snapshot":
            if frame["sequence"] == self.last:
                self.repeats += 1
                if (dict(bids), dict(asks)) != (self.bids, self.asks):
                    raise SequenceBroken(f"{self.symbol}: the book of {self.last} differs")
            self.load(bids, asks, frame["sequence"])
        elif self.last is None or frame["sequence"] <= self.last:
            raise SequenceBroken(f"{self.symbol}: {frame['sequence']} does not follow {self.last}")
        else:
            self._require_told(self.bids, bids)
            self._require_told(self.asks, asks)
            self.apply(bids, asks, self.last, frame["sequence"])
        return True

    def _require_told(self, side: dict[Decimal, Decimal], changes: Levels) -> None:
        for price, size in changes:
            if not size and price not in side:
                raise SequenceBroken(f"{self.symbol}: {price} was never told")


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


def read_bbo(frame: bytes) -> tuple[int, tuple[Decimal, ...], str]:
    """Sequence, (bid, bid size, ask, ask size) and market of a Paradex best-bid-ask frame."""
    _, template, _, _ = struct.unpack_from("<HHHH", frame)
    assert template == 2
    _, sequence, *mantissas = struct.unpack_from("<qqqqqq", frame, 8)
    return sequence, tuple(Decimal(m).scaleb(-8) for m in mantissas), frame[57 : 57 + frame[56]].decode()


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


class KrakenFuturesBook(BookClient):
    """book_snapshot, then one level a frame, numbered one by one; never crossed in between."""

    def feed(self, message: str | bytes) -> bool:
        frame = json.loads(message, parse_float=Decimal)
        if frame.get("product_id") != self.symbol or "event" in frame:
            return False
        if frame["feed"] == "book_snapshot":
            bids, asks = ([(row["price"], row["qty"]) for row in frame[side]] for side in ("bids", "asks"))
            self.load(bids, asks, frame["seq"])
            return True
        level = [(frame["price"], frame["qty"])]
        sides: tuple[Levels, Levels] = (level, []) if frame["side"] == "buy" else ([], level)
        self.apply(*sides, frame["seq"] - 1, frame["seq"])
        assert not self.bids or not self.asks or max(self.bids) < min(self.asks)
        return True
