"""Binance's best bid and ask recomputed in plain Python from recorded frames, apart from the core.

Rules as in the venue's own guide on keeping a local book, and:
- bookTicker shares the ids of the depth events, so the fresher of the two is the top; its changes are the quotes;
- a snapshot of 1000 levels ends somewhere: while the market is beyond its last level the book does not know the top,
  and only bookTicker moves it, until another snapshot is joined;
- meanwhile a depth event that contradicts the last bookTicker withdraws the prices until the next one.
"""

import json
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from crossbook.pb.v1.market_pb2 import BOOK_STATE_LIVE, BOOK_STATE_RESYNCING
from crossbook.plumbing.recording import Record
from crossbook.tracker.feed.recorder import ANSWER_HEAD, Kind
from tests.support.aggregator.window_oracle import TopOfBook

MILLISECOND_NS = 1_000_000

# sequence, exchange_ns, bid, bid size, ask, ask size
Top = tuple[int, int, float, float, float, float]


class BinanceOracle:
    """One instrument; feed it the records of its tracker in order."""

    def __init__(self) -> None:
        self.depth_events = 0
        self._bids: dict[float, float] = {}
        self._asks: dict[float, float] = {}
        self._recent: deque[dict[str, Any]] = deque(maxlen=1000)  # what a snapshot may have to be joined with
        self._snapshot: dict[str, Any] | None = None
        self._horizon: tuple[float, ...] = ()  # the last bid and the last ask of the snapshot
        self._sequence: int | None = None  # None until the book is joined
        self._top: Top = (0, 0, 0.0, 0.0, 0.0, 0.0)
        self._ticker: Top | None = None
        self._is_withdrawn = False
        self._emitted: tuple[float, ...] = ()

    def quotes(self, records: Iterable[Record]) -> Iterator[TopOfBook]:
        """Every quote, in order."""
        for record in records:
            if not self._take(record):
                continue
            prices = (0.0, 0.0, 0.0, 0.0) if self._is_withdrawn else self._top[2:]
            if prices != self._emitted:
                self._emitted = prices
                exchange_ns, state = (
                    (0, BOOK_STATE_RESYNCING) if self._is_withdrawn else (self._top[1], BOOK_STATE_LIVE)
                )
                yield TopOfBook(record.time_ns, exchange_ns, *prices, state)

    def _take(self, record: Record) -> bool:
        """Whether the book is joined and the record was about it."""
        if record.kind == Kind.ANSWER:
            body = json.loads(record.payload[ANSWER_HEAD.size :])
            if "lastUpdateId" in body:
                self._snapshot = body
                self._try_join()
            return self._sequence is not None
        if record.kind != Kind.TEXT:
            return False
        event = json.loads(record.payload)
        event = event.get("data", event)
        match event.get("e"):
            case "depthUpdate":
                self._on_depth(event)
            case "bookTicker" if self._sequence is not None:
                self._on_ticker(event)
        return self._sequence is not None

    def _on_depth(self, event: dict[str, Any]) -> None:
        self.depth_events += 1
        self._recent.append(event)
        if self._sequence is not None:
            assert event["pu"] == self._sequence, "the recording has a gap"
            self._apply(event)
            self._follow(event)
        self._try_join()

    def _on_ticker(self, event: dict[str, Any]) -> None:
        assert self._sequence is not None
        if event["u"] > self._top[0] and event["u"] >= self._sequence:
            prices = (float(event["b"]), float(event["B"]), float(event["a"]), float(event["A"]))
            self._top = self._ticker = (event["u"], event["T"] * MILLISECOND_NS, *prices)
        if self._top[0] >= self._sequence:
            self._is_withdrawn = False

    def _follow(self, event: dict[str, Any]) -> None:
        """After a depth event: the top is the book's, or what bookTicker said as far as the event lets it stand."""
        assert self._sequence is not None
        if self._is_known():
            self._take_top_from_book(event["T"])
            return
        stood = self._top[0] >= event["pu"]
        stands = self._top[0] >= self._sequence or (stood and not _contradicts(event, self._top))
        if stands:
            self._top = (max(self._top[0], self._sequence), *self._top[1:])
        self._is_withdrawn = not stands

    def _try_join(self) -> None:
        if self._snapshot is None:
            return
        last_id = self._snapshot["lastUpdateId"]
        kept = [event for event in self._recent if event["u"] >= last_id]
        if not kept or not (kept[0]["U"] <= last_id or kept[0]["pu"] == last_id):
            return
        self._bids = {float(price): float(size) for price, size in self._snapshot["bids"]}
        self._asks = {float(price): float(size) for price, size in self._snapshot["asks"]}
        self._horizon = tuple(float(self._snapshot[side][-1][0]) for side in ("bids", "asks"))
        self._snapshot = None
        for event in kept:
            self._apply(event)
        self._top = (self._sequence or 0, *self._top[1:])
        if self._ticker is not None and (not self._is_known() or self._ticker[0] > self._top[0]):
            self._top = self._ticker
        if self._is_known():
            self._take_top_from_book(kept[-1]["T"])
        else:
            self._is_withdrawn = self._top[0] < (self._sequence or 0)

    def _apply(self, event: dict[str, Any]) -> None:
        for side, changes in ((self._bids, event["b"]), (self._asks, event["a"])):
            for price, size in changes:
                side[float(price)] = float(size)
                if float(size) == 0.0:
                    del side[float(price)]
        self._sequence = event["u"]

    def _is_known(self) -> bool:
        """Whether both bests lie within the levels of the snapshot."""
        bid, ask = max(self._bids), min(self._asks)
        assert bid < ask, "the book is crossed"
        return bid >= self._horizon[0] and ask <= self._horizon[1]

    def _take_top_from_book(self, time_ms: int) -> None:
        assert self._sequence is not None
        bid, ask = max(self._bids), min(self._asks)
        self._is_withdrawn = False
        if self._sequence >= self._top[0]:
            self._top = (self._sequence, time_ms * MILLISECOND_NS, bid, self._bids[bid], ask, self._asks[ask])


def _contradicts(event: dict[str, Any], top: Top) -> bool:
    """Whether a later event shows a better price, or another size at the best one."""
    bid, bid_size, ask, ask_size = top[2:]
    bids = [(float(price), float(size)) for price, size in event["b"]]
    asks = [(float(price), float(size)) for price, size in event["a"]]
    return any((price > bid and size > 0) or (price == bid and size != bid_size) for price, size in bids) or any(
        (price < ask and size > 0) or (price == ask and size != ask_size) for price, size in asks
    )
