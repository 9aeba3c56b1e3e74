"""BitMEX as it was until it closed on 2026-09-23: books of numbered rows, told by action, without any sequence.

Docs: https://www.bitmex.com/app/wsAPI. A change of a book takes up to three frames: what is deleted, updated, inserted.
Sizes are whole contracts. A replayed recording lists XBTUSD only: what other contracts of it were worth is not known.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from crossbook.simulator.faces.base import Face, as_dict, not_found
from crossbook.simulator.wire.answer import Answer, json_answer
from crossbook.simulator.wire.session import Session
from crossbook.simulator.world.facts import Facts
from crossbook.simulator.world.listing import Asset, Listing, decimal_text, price_decimals
from crossbook.simulator.world.world import Instrument, Traits

TABLES = ("orderBookL2", "quote")
INVERSE = "XBTUSD"
IDS_PER_SYMBOL = 100_000_000_000
_SIZE = re.compile(rb'"size":\d+')
_WRONG_SIZES = {"types": b'"size":{"is":"no size"}', "nan": b'"size":"NaN"', "negative": b'"size":-150'}


def list_asset(asset: Asset) -> Listing:
    """XBTUSDT, settled in USDt; a contract is some cents' worth of the coin."""
    contract_size = 10.0 ** -round(math.log10(asset.price * 20))
    name = "XBT" if asset.name == "BTC" else asset.name
    return Listing(f"{name}USDT", name, 1.0, price_decimals(asset.price), 0, contract_size)


TRAITS = Traits("bitmex", 0.05, 0.008, 2, 15_000_000, list_asset)


class _Market:
    """BitMEX's own view of an instrument: the numbers of its rows, and which of them were told."""

    def __init__(self, instrument: Instrument, position: int) -> None:
        self.instrument = instrument
        self.last_id = (position + 1) * IDS_PER_SYMBOL
        self.told: set[tuple[str, int]] = set()
        self.book_topic, self.quote_topic = (f"{table}:{instrument.symbol}" for table in TABLES)


class BitmexFace(Face):
    """See the module. Topics are `<table>:<symbol>`."""

    venue = "bitmex"
    halted_row: ClassVar[dict[str, Any]] = {"state": "Closed"}
    is_change_atomic = False
    ping_seconds = math.inf

    def __init__(self, instruments: Iterable[Instrument], latency_ns: int = TRAITS.latency_ns) -> None:
        super().__init__(instruments, latency_ns)
        self._markets = {s: _Market(i, position) for position, (s, i) in enumerate(self.instruments.items())}

    def refuse_handshake(self, path: str, query: Mapping[str, str]) -> Answer | None:
        return None if path == "/realtime" else not_found(path)

    def answer(self, path: str, query: Mapping[str, str], now_ns: int) -> Answer:
        return json_answer(self._rows(now_ns)) if path == "/api/v1/instrument/active" else not_found(path)

    def on_open(self, session: Session, now_ns: int) -> None:
        banner = {"info": "Welcome to the BitMEX Realtime API.", "version": "2026-06-30T00:00:00.000Z"}
        session.send_text(_dump(banner | {"timestamp": _iso(now_ns), "limit": {"remaining": 39}}))

    async def on_text(self, session: Session, text: str, now_ns: int) -> None:
        if text == "ping":
            session.send_text("pong")
            return
        try:
            request = as_dict(json.loads(text))
        except ValueError:
            request = {}
        operation, topics = request.get("op"), request.get("args")
        if operation not in ("subscribe", "unsubscribe") or not isinstance(topics, list):
            _refuse(session, "Unrecognized request. See docs for details.", request)
            return
        for topic in map(str, topics):
            self._serve(session, operation, topic, request, now_ns)

    async def on_timer(self, session: Session, now_ns: int) -> None:
        """The client pings."""

    def publish_update(self, instrument: Instrument, is_depth_due: bool, now_ns: int) -> None:
        market = self._markets[instrument.symbol]
        self._tell_changes(market, now_ns)
        if self.has_listeners(market.quote_topic):
            self.publish(market.quote_topic, self._quote(market, "insert", now_ns).encode())

    def corrupt(self, payload: bytes, variant: str) -> bytes:
        if variant in _WRONG_SIZES and _SIZE.search(payload):
            return _SIZE.sub(_WRONG_SIZES[variant], payload, count=1)
        return super().corrupt(payload, variant)

    def symbol_of_topic(self, topic: str) -> str:
        return topic.partition(":")[2]

    @classmethod
    def is_captured(cls, first_line: str) -> bool:
        """By the host that was dialled."""
        return "bitmex.com" in first_line

    def topics_of_recording(self, frame: bytes, is_text: bool) -> list[str] | None:
        message = as_dict(json.loads(frame))
        rows = message.get("data")
        if message.get("table") not in TABLES or not isinstance(rows, list):
            return None
        symbol = rows[0]["symbol"] if rows else as_dict(message.get("filter")).get("symbol")
        return [f"{message['table']}:{symbol}"]

    def _serve(self, session: Session, operation: str, topic: str, request: dict[str, Any], now_ns: int) -> None:
        table, _, symbol = topic.partition(":")
        if table not in TABLES:
            _refuse(session, f"Unknown table: {table}", request)
        elif symbol not in self.instruments:
            _refuse(session, "Unknown or expired symbol.", request)
        elif operation == "subscribe":
            self._join(session, self._markets[symbol], topic, request, now_ns)
        elif self.unsubscribe(session, topic):
            _grant(session, operation, topic, request)
        else:
            _refuse(session, f"You are not subscribed to this topic: {topic}", request)

    def _join(self, session: Session, market: _Market, topic: str, request: dict[str, Any], now_ns: int) -> None:
        """Earlier subscribers first get what is pending, so that all books go on from here."""
        if topic == market.book_topic:
            self._tell_changes(market, now_ns)
        if not self.subscribe(session, topic):
            _refuse(session, f"You are already subscribed to this topic: {topic}", request)
            return
        _grant(session, "subscribe", topic, request)
        if self.is_world_hidden or self.omits_snapshots:
            return
        is_book = topic == market.book_topic
        session.send_text(self._partial(market, now_ns) if is_book else self._quote(market, "partial", now_ns))

    def _tell_changes(self, market: _Market, now_ns: int) -> None:
        """One frame for what is deleted, one for what has another size, one for what is new."""
        book = market.instrument.book
        changes = [("Buy", *level) for level in book.bids.take_changes()]
        changes += [("Sell", *level) for level in book.asks.take_changes()]
        rows: dict[str, list[str]] = {"delete": [], "update": [], "insert": []}
        for side, price, size in changes:
            is_told = (side, price) in market.told
            if size or is_told:
                action = "delete" if not size else "update" if is_told else "insert"
                rows[action].append(self._row(market, side, price, size, now_ns))
                (market.told.add if size else market.told.discard)((side, price))
        for action, told in rows.items():
            if told and self.has_listeners(market.book_topic):
                frame = f'{{"table":"orderBookL2","action":"{action}","data":[{",".join(told)}]}}'
                self.publish_depth(market.instrument, market.book_topic, frame.encode())

    def _partial(self, market: _Market, now_ns: int) -> str:
        book = market.instrument.book
        levels = [("Buy", *level) for level in book.bids.levels()] + [("Sell", *level) for level in book.asks.levels()]
        market.told = {(side, price) for side, price, _ in levels}
        rows = ",".join(self._row(market, side, price, size, now_ns) for side, price, size in levels)
        return (
            f'{{"table":"orderBookL2","action":"partial","keys":["symbol","id","side"],'
            f'"filter":{{"symbol":"{market.instrument.symbol}"}},"data":[{rows}]}}'
        )

    def _row(self, market: _Market, side: str, price: int, size: int, now_ns: int) -> str:
        """As in the last years: updates and deletes tell the price too."""
        symbol, listing = market.instrument.symbol, market.instrument.listing
        sized = f'"size":{size},' if size else ""
        return (
            f'{{"symbol":"{symbol}","id":{market.last_id - price},"side":"{side}",{sized}'
            f'"price":{decimal_text(price, listing.price_decimals)},"timestamp":"{_iso(self.exchange_ns(now_ns))}"}}'
        )

    def _quote(self, market: _Market, action: str, now_ns: int) -> str:
        symbol, decimals = market.instrument.symbol, market.instrument.listing.price_decimals
        bid, bid_size, ask, ask_size = market.instrument.book.top()
        return (
            f'{{"table":"quote","action":"{action}","filter":{{"symbol":"{symbol}"}},"data":[{{'
            f'"timestamp":"{_iso(self.exchange_ns(now_ns))}","symbol":"{symbol}","bidSize":{bid_size},'
            f'"bidPrice":{decimal_text(bid, decimals)},"askPrice":{decimal_text(ask, decimals)},'
            f'"askSize":{ask_size}}}]}}'
        )

    def _rows(self, now_ns: int) -> list[dict[str, Any]]:
        """The real perpetuals, and what a client must leave out: quanto, dated, settled, malformed."""
        if self.is_world_hidden:
            return [_inverse_row() if symbol == INVERSE else _quanto_row(symbol) for symbol in self.instruments]
        return [
            *(_linear_row(i.symbol, i.listing) | _told(i, held) | self.status_of(i) for i, held in self.facts(now_ns)),
            _inverse_row() | {"symbol": "XBTZ26", "typ": "FFCCSX"},
            _inverse_row() | {"symbol": "LUNAUSD", "underlying": "LUNA", "state": "Settled"},
            _quanto_row("ETHUSD"),
            _inverse_row() | {"symbol": "BROKENUSD", "multiplier": "many", "isInverse": None},
        ]


def _linear_row(symbol: str, listing: Listing) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "rootSymbol": listing.base,
        "state": "Open",
        "typ": "FFWCSX",
        "underlying": listing.base,
        "quoteCurrency": "USDT",
        "settlCurrency": "USDt",
        "isInverse": False,
        "isQuanto": False,
        "multiplier": 1,
        "underlyingToPositionMultiplier": round(1 / listing.contract_size, 12),
        "quoteToSettleMultiplier": 1_000_000,
        "lotSize": 1,
        "tickSize": 1 / 10**listing.price_decimals,
        "makerFee": 0.0005,
        "takerFee": 0.0005,
    }


def _told(instrument: Instrument, held: Facts) -> dict[str, Any]:
    return {
        "fundingRate": held.rate,
        "indicativeFundingRate": held.predicted,
        "fundingInterval": "2000-01-01T08:00:00.000Z",
        "fundingTimestamp": f"{datetime.fromtimestamp(held.next_seconds, UTC):%Y-%m-%dT%H:%M:%S.000Z}",
        "markPrice": held.mark,
        "indicativeSettlePrice": held.index,
        "openInterest": round(held.open_interest / instrument.listing.contract_size),
        "foreignNotional24h": held.volume,
        "maxOrderQty": 10_000_000,
        "maxPrice": 1_000_000,
    }


def _inverse_row() -> dict[str, Any]:
    """XBTUSD: a contract is one dollar, settled in satoshi."""
    row = _linear_row(INVERSE, Listing(INVERSE, "XBT", 1.0, 1, 0))
    inverse = {"quoteCurrency": "USD", "settlCurrency": "XBt", "isInverse": True, "multiplier": -100_000_000}
    return row | inverse | {"underlyingToPositionMultiplier": None, "lotSize": 100}


def _quanto_row(symbol: str) -> dict[str, Any]:
    base = symbol.removesuffix("T").removesuffix("USD")
    return _inverse_row() | {
        "symbol": symbol,
        "underlying": base,
        "isInverse": False,
        "isQuanto": True,
        "multiplier": 100,
    }


def _grant(session: Session, operation: str, topic: str, request: dict[str, Any]) -> None:
    session.send_text(_dump({"success": True, operation: topic, "request": request}))


def _refuse(session: Session, error: str, request: dict[str, Any]) -> None:
    session.send_text(_dump({"status": 400, "error": error, "meta": {}, "request": request}))


def _iso(at_ns: int) -> str:
    at_ms = at_ns // 1_000_000
    return f"{datetime.fromtimestamp(at_ms // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"


def _dump(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))


PLAYED = (TRAITS, BitmexFace)
