"""Kraken Futures perpetuals: one frame a changed level, numbered per product without a hole; PI_ sizes are dollars.

Docs: https://docs.kraken.com/api/docs/guides/futures-introduction. One ack a product, then the whole book. Names are
taken in either case and written in upper case. 100 requests a second and connection. What the venue does with a list
that holds a bad name is not known: here the whole message fails.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from crossbook.simulator.faces.base import Face, as_dict, not_found
from crossbook.simulator.wire.answer import Answer, json_answer
from crossbook.simulator.wire.limits import SlidingWindow
from crossbook.simulator.wire.session import Session
from crossbook.simulator.world.book import Level
from crossbook.simulator.world.facts import Facts
from crossbook.simulator.world.listing import Asset, Listing, decimal_number, price_decimals, size_decimals
from crossbook.simulator.world.world import Instrument, Traits

INVERSE = frozenset({"ETH", "XRP", "LTC", "BCH"})
CODES = {"BTC": "XBT"}
REQUESTS = (100, 1.0)
HEARTBEAT = "heartbeat"
TICKER_NS = 1_000_000_000  # at least so long between two of a product


def list_asset(asset: Asset) -> Listing:
    """PF_XBTUSD in coins (cheap ones by the thousand coins), PI_ETHUSD in contracts of one US dollar."""
    code, decimals = CODES.get(asset.name, asset.name), price_decimals(asset.price)
    if asset.name in INVERSE:
        return Listing(f"PI_{code}USD", asset.name, 1.0, decimals, 0, is_inverse=True)
    precision = -3 if asset.is_multiplied else size_decimals(asset.price)
    return Listing(f"PF_{code}USD", asset.name, 1.0, decimals, precision)


TRAITS = Traits("krakenfutures", 0.05, 0.009, 2, 14_000_000, list_asset)


class _Market:
    """Kraken's own view of an instrument: the number of its last change."""

    def __init__(self, instrument: Instrument, position: int) -> None:
        self.instrument = instrument
        self.topic = f"book|{instrument.symbol}"
        self.ticker_topic = f"ticker|{instrument.symbol}"
        self.ticker_ns = 0
        self.sequence = 33_327_806 + position * 1_000_003


class KrakenFuturesFace(Face):
    """See the module. Topics are `book|<product>`, `ticker|<product>` and `heartbeat`."""

    venue = "krakenfutures"
    funding_seconds: ClassVar[int] = 3600
    halted_row: ClassVar[dict[str, Any]] = {"tradeable": False}
    is_change_atomic = False
    price = re.compile(rb'(?<="price":)\d[\d.e+-]*')
    ping_seconds = math.inf
    heartbeat_seconds = 5.0

    def __init__(self, instruments: Iterable[Instrument], latency_ns: int = TRAITS.latency_ns) -> None:
        super().__init__(instruments, latency_ns)
        self._markets = {s: _Market(i, position) for position, (s, i) in enumerate(self.instruments.items())}
        self._requests = SlidingWindow(500, 10)

    def refuse_handshake(self, path: str, query: Mapping[str, str]) -> Answer | None:
        return None if path == "/ws/v1" else not_found(path)

    def answer(self, path: str, query: Mapping[str, str], now_ns: int) -> Answer:
        if not self._requests.take(now_ns):
            return json_answer({"result": "error", "error": "apiLimitExceeded"}, 429, {"Retry-After": "1"})
        if path == "/derivatives/api/v3/instruments":
            return json_answer({"result": "success", "instruments": self._rows(), "serverTime": "2026-11-21T00:00:00Z"})
        if path == "/derivatives/api/v3/orderbook":
            return self._order_book(query.get("symbol", "").upper())
        return self.facts_answer(path, query, now_ns)

    def facts_answer(self, path: str, query: Mapping[str, str], now_ns: int) -> Answer:
        """Tickers; funding is an amount there, of dollars per coin or, of an inverse contract, of coins per dollar."""
        if path != "/derivatives/api/v3/tickers":
            return not_found(path)
        rows = [_ticker(one, held) | self._flags(one) for one, held in self.facts(now_ns)]
        return json_answer({"result": "success", "tickers": rows, "serverTime": "2026-11-21T00:00:00Z"})

    def _flags(self, instrument: Instrument) -> dict[str, Any]:
        return {"suspended": instrument.asset in self.halted, "postOnly": False}

    def on_open(self, session: Session, now_ns: int) -> None:
        session.messages = SlidingWindow(*REQUESTS)
        session.memory["beat_ns"] = now_ns
        _send(session, {"event": "info", "version": 1})

    async def on_text(self, session: Session, text: str, now_ns: int) -> None:
        try:
            request = as_dict(json.loads(text))
        except ValueError:
            request = {}
        event, feed, products = request.get("event"), request.get("feed"), request.get("product_ids")
        if session.messages is not None and not session.messages.take(now_ns):
            _alert(session, "Rate limit exceeded")
        elif event not in ("subscribe", "unsubscribe"):
            _alert(session, "Bad request")
        elif feed == HEARTBEAT:
            (self.subscribe if event == "subscribe" else self.unsubscribe)(session, HEARTBEAT)
            _send(session, {"event": f"{event}d", "feed": HEARTBEAT})
        elif feed not in ("book", "ticker") or not isinstance(products, list):
            _alert(session, "Bad request: invalid feed")
        else:
            self._on_products(session, event, feed, [str(product).upper() for product in products], now_ns)

    async def on_timer(self, session: Session, now_ns: int) -> None:
        if HEARTBEAT in session.topics and now_ns - session.memory["beat_ns"] >= self.heartbeat_seconds * 1e9:
            session.memory["beat_ns"] = now_ns
            _send(session, {"feed": HEARTBEAT, "time": now_ns // 1_000_000})

    def publish_update(self, instrument: Instrument, is_depth_due: bool, now_ns: int) -> None:
        market = self._markets[instrument.symbol]
        self._tell_changes(market, now_ns)
        if now_ns - market.ticker_ns >= TICKER_NS:
            self.tell_status(instrument, now_ns)

    def tell_status(self, instrument: Instrument, now_ns: int) -> None:
        market = self._markets[instrument.symbol]
        market.ticker_ns = now_ns
        if self.has_listeners(market.ticker_topic):
            self.publish(market.ticker_topic, self._ticker(market, now_ns).encode())

    def symbol_of_topic(self, topic: str) -> str:
        return topic.partition("|")[2]

    def symbol_of_snapshot(self, path: str, query: Mapping[str, str]) -> str | None:
        return query.get("symbol") if path == "/derivatives/api/v3/orderbook" else None

    def topics_of_recording(self, frame: bytes, is_text: bool) -> list[str] | None:
        message = as_dict(json.loads(frame))
        is_book = message.get("feed") in ("book", "book_snapshot") and "event" not in message
        return [f"book|{message.get('product_id')}"] if is_book else None

    def _on_products(self, session: Session, event: str, feed: str, products: list[str], now_ns: int) -> None:
        unknown = next((product for product in products if product not in self._markets), None)
        if unknown is not None:
            _alert(session, f"Bad request: invalid product `{unknown}`")
            return
        for product in products:
            market = self._markets[product]
            if event == "unsubscribe" and not self.unsubscribe(session, f"{feed}|{product}"):
                _alert(session, f"Not subscribed to feed {feed}, product `{product}`")
                continue
            _send(session, {"event": f"{event}d", "feed": feed, "product_ids": [product]})
            if event == "subscribe" and feed == "book":
                self._welcome(session, market, now_ns)
            elif event == "subscribe" and self.subscribe(session, market.ticker_topic) and not self.is_world_hidden:
                session.send_text(self._ticker(market, now_ns))

    def _welcome(self, session: Session, market: _Market, now_ns: int) -> None:
        if not self.is_world_hidden:
            self._tell_changes(market, now_ns)
        if self.subscribe(session, market.topic) and not self.is_world_hidden and not self.omits_snapshots:
            book = market.instrument.book
            sides = {"bids": _rows_of(market, book.bids.levels()), "asks": _rows_of(market, book.asks.levels())}
            head = {"feed": "book_snapshot", "product_id": market.instrument.symbol, "timestamp": self._ms(now_ns)}
            _send(session, head | {"seq": market.sequence, "tickSize": None} | sides)

    def _tell_changes(self, market: _Market, now_ns: int) -> None:
        """Level by level: what is gone first, so that the book is never crossed in between."""
        book = market.instrument.book
        if not book.has_changes():
            return
        changes = [("buy", level) for level in book.bids.take_changes()]
        changes += [("sell", level) for level in book.asks.take_changes()]
        is_told = self.has_listeners(market.topic)
        for side, level in sorted(changes, key=lambda change: change[1][1] > 0):
            market.sequence += 1
            if is_told:
                self.publish_depth(market.instrument, market.topic, self._change(market, side, level, now_ns))

    def _change(self, market: _Market, side: str, level: Level, now_ns: int) -> bytes:
        row = _row_of(market, level)
        return _dump(
            {
                "feed": "book",
                "product_id": market.instrument.symbol,
                "side": side,
                "seq": market.sequence,
                "price": row["price"],
                "qty": row["qty"],
                "timestamp": self._ms(now_ns),
            }
        ).encode()

    def _ticker(self, market: _Market, now_ns: int) -> str:
        bid, bid_size, ask, ask_size = market.instrument.book.top()
        (bid_row, ask_row) = (_row_of(market, (bid, bid_size)), _row_of(market, (ask, ask_size)))
        return _dump(
            {
                "time": self._ms(now_ns),
                "product_id": market.instrument.symbol,
                "feed": "ticker",
                "bid": bid_row["price"],
                "ask": ask_row["price"],
                "bid_size": bid_row["qty"],
                "ask_size": ask_row["qty"],
                "suspended": bool(self.status_of(market.instrument)),
                "tag": "perpetual",
                "post_only": False,
            }
        )

    def _ms(self, now_ns: int) -> int:
        return self.exchange_ns(now_ns) // 1_000_000

    def _order_book(self, symbol: str) -> Answer:
        """Without a number; bids with the lowest first."""
        market = self._markets.get(symbol)
        if market is None:
            return json_answer({"result": "error", "error": "invalidArgument: symbol"}, 400)
        book = market.instrument.book
        bids, asks = (
            [[row["price"], row["qty"]] for row in _rows_of(market, levels)]
            for levels in (book.bids.levels()[::-1], book.asks.levels())
        )
        return json_answer({"result": "success", "orderBook": {"bids": bids, "asks": asks}})

    def _rows(self) -> list[dict[str, Any]]:
        """The real ones, and what a client must leave out: dated, index, halted, post-only, a stock, malformed."""
        dated = _row("FI_XBTUSD_261225", "XBT", None) | {"lastTradingTime": "2026-12-25T16:00:00.000Z"}
        index = {"symbol": "in_xbtusd", "type": "spot index", "tradeable": False}
        halted = _row("PF_LUNAUSD", "LUNA", None) | {"tradeable": False}
        unopened = _row("PF_SOONUSD", "SOON", None) | {"postOnly": True}
        stock = _row("PF_AAPLXUSD", "AAPLX", None) | {"tradfi": True}
        broken = {"symbol": "PF_BROKENUSD", "type": "flexible_futures", "tradeable": "perhaps"}
        listed = [_row(i.symbol, i.asset, i.listing) | self.status_of(i) for i in self.instruments.values()]
        return [*listed, dated, index, halted, unopened, stock, broken]


def _row(symbol: str, base: str, listing: Listing | None) -> dict[str, Any]:
    is_inverse = symbol.startswith(("PI_", "FI_"))
    return {
        "symbol": symbol,
        "type": "futures_inverse" if is_inverse else "flexible_futures",
        "tickSize": decimal_number(1, listing.price_decimals) if listing else 0.01,
        "contractSize": 1,
        "tradeable": True,
        "contractValueTradePrecision": listing.size_decimals if listing else 0,
        "postOnly": False,
        "mtf": True,
        "tradfi": False,
        "base": base,
        "quote": "USD",
        "pair": f"{base}:USD",
    }


def _ticker(instrument: Instrument, held: Facts) -> dict[str, Any]:
    is_inverse = instrument.listing.is_inverse
    amount = 1 / held.mark if is_inverse else held.mark
    return {
        "symbol": instrument.symbol,
        "tag": "perpetual",
        "markPrice": held.mark,
        "indexPrice": held.index,
        "vol24h": held.volume if is_inverse else held.volume / held.mark,
        "volumeQuote": held.volume,
        "openInterest": held.open_money if is_inverse else held.open_interest,
        "fundingRate": held.rate * amount,
        "fundingRatePrediction": held.predicted * amount,
    }


def _rows_of(market: _Market, levels: list[Level]) -> list[dict[str, float]]:
    return [_row_of(market, level) for level in levels]


def _row_of(market: _Market, level: Level) -> dict[str, float]:
    listing = market.instrument.listing
    price, size = level
    qty = decimal_number(size, listing.size_decimals)
    return {"price": decimal_number(price, listing.price_decimals), "qty": qty}


def _alert(session: Session, message: str) -> None:
    _send(session, {"event": "alert", "message": message})


def _send(session: Session, message: dict[str, Any]) -> None:
    session.send_text(_dump(message))


def _dump(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))


PLAYED = (TRAITS, KrakenFuturesFace)
