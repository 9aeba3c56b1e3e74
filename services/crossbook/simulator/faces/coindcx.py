"""CoinDCX futures: Socket.IO in Engine.IO 4, depth as JSON within JSON, chained by one; a relay of another venue.

Docs: https://docs.coindcx.com. Joins are never answered and bring no snapshot: one comes when it likes, and until then
there is the book over REST. The server pings; a client that does is dropped, as is one whose events do not read.
"""

import json
import random
import re
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from crossbook.simulator.faces.base import Face, as_dict, not_found
from crossbook.simulator.faces.window import Window
from crossbook.simulator.wire.answer import Answer, json_answer
from crossbook.simulator.wire.session import Session
from crossbook.simulator.world.book import Level
from crossbook.simulator.world.listing import Asset, Listing, decimal_number, decimal_text, listing_in_base_units
from crossbook.simulator.world.world import Instrument, Traits

DEPTHS = (10, 20, 50)
SNAPSHOT_SHARE = 0.03  # of the frames
_CHANNEL = re.compile(r"(?P<pair>B-\w+)@orderbook@(?P<depth>\d+)-futures")
_BOOK_PATH = re.compile(r"/market_data/v3/orderbook/(?P<pair>B-\w+)-futures/(?P<depth>\d+)")
_FIRST_LEVEL = re.compile(rb'\\"(\d+(?:\.\d+)?)\\":\\"(\d+(?:\.\d+)?)\\"')
_WRONG_LEVELS = {
    "types": rb"\"\1\":{\"is\":[\"not\",\"a\",\"size\"]}",
    "nan": rb"\"NaN\":\"\2\"",
    "negative": rb"\"-1.5\":\"\2\"",
}


def list_asset(asset: Asset) -> Listing:
    """B-BTC_USDT; cheap coins by the thousand as B-1000PEPE_USDT."""
    return listing_in_base_units(asset, "B-{base}_USDT", "1000")


TRAITS = Traits("coindcx", 0.059, 0.008, 2, 130_000_000, list_asset, relays="binance")


class CoinDcxFace(Face):
    """See the module. Topics are the channels' names."""

    venue = "coindcx"
    ping_seconds = 25.0
    pong_seconds = 20.0
    frame_seconds = 0.5

    def __init__(self, instruments: Iterable[Instrument], latency_ns: int = TRAITS.latency_ns) -> None:
        super().__init__(instruments, latency_ns)
        self._rng = random.Random("snapshots:coindcx")
        self._windows: dict[str, Window] = {}

    def refuse_handshake(self, path: str, query: Mapping[str, str]) -> Answer | None:
        if path != "/socket.io/":
            return not_found(path)
        is_spoken = query.get("EIO") == "4" and query.get("transport") == "websocket"
        return None if is_spoken else json_answer({"code": 5, "message": "Unsupported protocol version"}, 400)

    def answer(self, path: str, query: Mapping[str, str], now_ns: int) -> Answer:
        if path == "/exchange/v1/derivatives/futures/data/active_instruments":
            is_usdt = query.get("margin_currency_short_name[]") == "USDT"
            return json_answer([*self.instruments, "B-BTC_INR", None] if is_usdt else [])
        if book := _BOOK_PATH.fullmatch(path):
            return self._book_answer(book["pair"], int(book["depth"]), now_ns)
        return self.facts_answer(path, query, now_ns)

    def facts_answer(self, path: str, query: Mapping[str, str], now_ns: int) -> Answer:
        """Prices and funding of all pairs, and one pair's terms; an unknown pair is answered with another's."""
        if path == "/market_data/v3/current_prices/futures/rt":
            prices = {
                one.symbol: {"mp": held.mark, "fr": held.rate, "efr": held.rate, "mkt": one.symbol}
                for one, held in self.facts(now_ns)
            }
            return json_answer({"ts": now_ns // 1_000_000, "vs": 1, "prices": prices})
        if path == "/exchange/v1/derivatives/futures/data/instrument" and self.instruments:
            pair = query.get("pair", "")
            one = self.instruments.get(pair, next(iter(self.instruments.values())))
            return json_answer({"instrument": _terms(one)})
        return not_found(path)

    def on_open(self, session: Session, now_ns: int) -> None:
        session.memory.update(pinged_ns=now_ns, is_answered=True, is_granted=False)
        greeting = {"sid": uuid.uuid4().hex[:20], "upgrades": [], "pingInterval": 25000, "pingTimeout": 20000}
        session.send_text("0" + _dump(greeting | {"maxPayload": 1_000_000}))

    async def on_text(self, session: Session, text: str, now_ns: int) -> None:
        if text == "40" and not session.memory["is_granted"]:
            session.memory["is_granted"] = True
            session.send_text("40" + _dump({"sid": uuid.uuid4().hex[:20]}))
        elif text == "3":
            session.memory["is_answered"] = True
        elif text.startswith("42") and session.memory["is_granted"] and (request := _read(text[2:])):
            self._serve(session, *request, now_ns)
        else:
            session.abort()

    async def on_timer(self, session: Session, now_ns: int) -> None:
        memory = session.memory
        if not memory["is_answered"] and now_ns - memory["pinged_ns"] > self.pong_seconds * 1e9:
            await session.close(1000, "")
            return
        if now_ns - memory["pinged_ns"] > self.ping_seconds * 1e9:
            memory.update(pinged_ns=now_ns, is_answered=False)
            session.send_text("2")
        for topic in () if self.is_world_hidden else session.topics:
            if topic in self._windows:
                self._tell(self._windows[topic], now_ns)

    def publish_update(self, instrument: Instrument, is_depth_due: bool, now_ns: int) -> None:
        for depth in DEPTHS:
            topic = _topic(instrument.symbol, depth)
            if self.has_listeners(topic):
                self._tell(self._window(topic, instrument, depth), now_ns)

    def symbol_of_topic(self, topic: str) -> str:
        return topic.partition("@")[0]

    def symbol_of_snapshot(self, path: str, query: Mapping[str, str]) -> str | None:
        book = _BOOK_PATH.fullmatch(path)
        return book["pair"] if book else None

    def topics_of_recording(self, frame: bytes, is_text: bool) -> list[str] | None:
        if not frame.startswith(b'42["depth-'):
            return None
        book = json.loads(json.loads(frame[2:])[1]["data"])
        return [_topic(f"B-{book['s'].removesuffix('USDT')}_USDT", 50)]

    def corrupt(self, payload: bytes, variant: str) -> bytes:
        """Within the text that the event carries, where there is a level."""
        wrong = _WRONG_LEVELS.get(variant)
        if wrong is not None and _FIRST_LEVEL.search(payload):
            return _FIRST_LEVEL.sub(wrong, payload, count=1)
        return super().corrupt(payload, variant)

    def _serve(self, session: Session, event: str, topic: str, now_ns: int) -> None:
        """Whatever does not exist is met with silence."""
        channel = _CHANNEL.fullmatch(topic)
        if event == "leave":
            self.unsubscribe(session, topic)
        elif event == "join" and channel and int(channel["depth"]) in DEPTHS and channel["pair"] in self.instruments:
            self._window(topic, self.instruments[channel["pair"]], int(channel["depth"]))
            self.subscribe(session, topic)

    def _window(self, topic: str, instrument: Instrument, depth: int) -> Window:
        if topic not in self._windows:
            position = list(self.instruments).index(instrument.symbol)
            self._windows[topic] = Window(instrument, depth, topic, sequence=217_960_064 + 100_003 * position)
            self._windows[topic].take_changes()
        return self._windows[topic]

    def _tell(self, window: Window, now_ns: int) -> None:
        """One frame each half a second, if something has changed: what did, or now and then everything."""
        if now_ns - window.told_ns < self.frame_seconds * 1e9:
            return
        bids, asks = window.take_changes()
        if not bids and not asks:
            return
        window.told_ns = now_ns
        window.sequence += 1
        kind = "depth-update"
        if self._rng.random() < SNAPSHOT_SHARE:
            kind, (bids, asks) = "depth-snapshot", window.told()
        self.publish_depth(window.instrument, window.topic, self._frame(window, kind, bids, asks, now_ns).encode())

    def _frame(self, window: Window, kind: str, bids: list[Level], asks: list[Level], now_ns: int) -> str:
        told_ms = self.exchange_ns(now_ns) // 1_000_000
        book = self._book(window, bids, asks, told_ms) | {"type": kind, "pts": told_ms}
        times = {"E": told_ms - 71} if kind == "depth-update" else {}
        symbol = window.instrument.symbol.removeprefix("B-").replace("_", "")
        inner = book | times | {"pr": "futures", "s": symbol}
        return "42" + _dump([kind, {"event": kind, "data": _dump(inner)}])

    def _book(self, window: Window, bids: list[Level], asks: list[Level], told_ms: int) -> dict[str, Any]:
        listing = window.instrument.listing
        return {"ts": told_ms, "vs": window.sequence, "asks": _table(listing, asks), "bids": _table(listing, bids)}

    def _book_answer(self, pair: str, depth: int, now_ns: int) -> Answer:
        """The book as it was last told, or, where nobody listens, as it is; of what does not exist, an empty one."""
        instrument = self.instruments.get(pair)
        if instrument is None or depth not in DEPTHS:
            return json_answer({"ts": 0, "vs": 0, "asks": {}, "bids": {}})
        window = self._window(_topic(pair, depth), instrument, depth)
        if not self.has_listeners(window.topic) and any(window.take_changes()):
            window.sequence += 1
        return json_answer(self._book(window, *window.told(), self.exchange_ns(now_ns) // 1_000_000))


def _topic(pair: str, depth: int) -> str:
    return f"{pair}@orderbook@{depth}-futures"


def _read(text: str) -> tuple[str, str] | None:
    """Event and channel of `["join",{"channelName":"..."}]`; None when it is nothing of the kind."""
    try:
        message = json.loads(text)
    except ValueError:
        return None
    if not isinstance(message, list) or len(message) != 2:
        return None
    return str(message[0]), str(as_dict(message[1]).get("channelName"))


def _table(listing: Listing, levels: list[Level]) -> dict[str, str]:
    """An object from price to size as JavaScript keeps it: whole numbers come first, without a zero at the end."""
    sizes = {_text(p, listing.price_decimals): _text(s, listing.size_decimals) if s else "0.0" for p, s in levels}
    whole = sorted((price for price in sizes if price.isdigit()), key=int)
    return {price: sizes[price] for price in whole} | sizes


def _text(units: int, decimals: int) -> str:
    text = decimal_text(units, decimals)
    return text.rstrip("0").rstrip(".") if decimals else text


def _dump(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _terms(instrument: Instrument) -> dict[str, Any]:
    listing = instrument.listing
    step = decimal_number(1, listing.size_decimals)
    return {
        "pair": instrument.symbol,
        "status": "active",
        "kind": "perpetual",
        "price_increment": decimal_number(1, listing.price_decimals),
        "quantity_increment": step,
        "min_quantity": step,
        "min_notional": 6.0,
        "funding_frequency": 8,
    }


PLAYED = (TRAITS, CoinDcxFace)
