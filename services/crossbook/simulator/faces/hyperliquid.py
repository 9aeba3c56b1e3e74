"""Hyperliquid: REST by POST to one address, depth frames that are the whole book at a fixed pace, and no mercy.

Docs: https://hyperliquid.gitbook.io/hyperliquid-docs. `l2Book` tells 20 levels every 5.4 s or, when asked to be fast,
five every 0.54 s, changed or not; `bbo` tells every change. A coin that does not exist ends the connection without a
word; one that was delisted has an empty book. A client to which nothing was sent for a minute is dropped. Frames are
ordered by the block's time, which never steps back.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from crossbook.simulator.faces.base import Face, as_dict, not_found
from crossbook.simulator.wire.answer import Answer, json_answer, text_answer
from crossbook.simulator.wire.limits import SlidingWindow
from crossbook.simulator.wire.session import Session
from crossbook.simulator.world.book import Level
from crossbook.simulator.world.facts import Facts
from crossbook.simulator.world.listing import Asset, Listing, decimal_text, size_decimals
from crossbook.simulator.world.world import Instrument, Traits

WEIGHT_PER_MINUTE = 1_200
MESSAGES_PER_MINUTE = 2_000
SUBSCRIPTIONS = 1_000
MAX_PRICE_DECIMALS = 6
DELISTED = "LOOM"
# Channel as a topic begins, levels a side and milliseconds between two frames.
BOOKS = {"l2Book": (20, 5_400), "l2Book.fast": (5, 540)}


def list_asset(asset: Asset) -> Listing:
    """Names are bare coins, thousands as kPEPE; a price has five significant digits."""
    multiplier = 1000.0 if asset.is_multiplied else 1.0
    base, price = f"k{asset.name}" if asset.is_multiplied else asset.name, asset.price * multiplier
    lot_decimals = size_decimals(price)
    shown = min(max(0, 4 - math.floor(math.log10(price))), MAX_PRICE_DECIMALS - lot_decimals)
    return Listing(base, base, multiplier, shown, lot_decimals)


TRAITS = Traits("hyperliquid", 0.045, 0.009, 1, 10_000_000, list_asset)


class _Market:
    """Hyperliquid's own view of an instrument: the time of its last block, and when each book was told."""

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.block_ms = 0
        self.told_ns = dict.fromkeys(BOOKS, 0)


class HyperliquidFace(Face):
    """See the module. Topics are `<channel>:<coin>`."""

    venue = "hyperliquid"
    funding_seconds: ClassVar[int] = 3600
    halted_row: ClassVar[dict[str, Any]] = {"isDelisted": True}
    ping_seconds = math.inf
    post_paths = frozenset({"/info"})
    silence_seconds = 60.0

    def __init__(self, instruments: Iterable[Instrument], latency_ns: int = TRAITS.latency_ns) -> None:
        super().__init__(instruments, latency_ns)
        self._markets = {coin: _Market(instrument) for coin, instrument in self.instruments.items()}
        self._weight = SlidingWindow(WEIGHT_PER_MINUTE, 60)

    def refuse_handshake(self, path: str, query: Mapping[str, str]) -> Answer | None:
        return None if path == "/ws" else not_found(path)

    def answer(self, path: str, query: Mapping[str, str], now_ns: int) -> Answer:
        if path != "/info":
            return not_found(path)
        try:
            request = as_dict(json.loads(query.get("body", "")))
        except ValueError:
            request = {}
        kind, coin = request.get("type"), str(request.get("coin"))
        if not self._weight.take(now_ns, 2 if kind == "l2Book" else 20):
            return text_answer(429, "null", {"Retry-After": "10"})
        if kind == "meta":
            return json_answer({"universe": self._rows(), "marginTables": [], "collateralToken": 0})
        if kind == "metaAndAssetCtxs":
            return json_answer(self._contexts(now_ns))
        if kind == "l2Book" and coin in self._markets:
            return json_answer(self._book(self._markets[coin], "l2Book", now_ns))
        return text_answer(422, "Failed to deserialize the JSON body into the target type")

    def on_open(self, session: Session, now_ns: int) -> None:
        session.messages = SlidingWindow(MESSAGES_PER_MINUTE, 60)

    async def on_text(self, session: Session, text: str, now_ns: int) -> None:
        try:
            request = as_dict(json.loads(text))
        except ValueError:
            request = {}
        method, wanted = request.get("method"), as_dict(request.get("subscription"))
        if session.messages is not None and not session.messages.take(now_ns):
            _complain(session, "Too many messages sent by this address")
        elif method == "ping":
            _send(session, {"channel": "pong"})
        elif method in ("subscribe", "unsubscribe") and wanted.get("type") in ("l2Book", "bbo"):
            self._serve(session, method, wanted, now_ns)
        else:
            _complain(session, f"Error parsing JSON into valid websocket request: {text[:200]}")

    async def on_timer(self, session: Session, now_ns: int) -> None:
        if now_ns - session.last_sent_ns > self.silence_seconds * 1e9:
            await session.close(1000, "Inactive")
            return
        for topic in () if self.is_world_hidden else sorted(session.topics):
            channel, _, coin = topic.partition(":")
            market = self._markets.get(coin)
            if channel in BOOKS and market is not None and not market.instrument.is_paused:
                self._tell_book(market, channel, topic, now_ns)

    def publish_update(self, instrument: Instrument, is_depth_due: bool, now_ns: int) -> None:
        market = self._markets[instrument.symbol]
        market.block_ms = max(market.block_ms + 1, self.exchange_ns(now_ns) // 1_000_000)
        topic = f"bbo:{instrument.symbol}"
        if self.has_listeners(topic):
            self.publish(topic, _dump({"channel": "bbo", "data": _bbo(market)}).encode())

    def list_only(self, is_listed: Callable[[Instrument], bool]) -> None:
        """The last thing that is told of a delisted coin is an empty book."""
        for coin in [coin for coin, instrument in self.instruments.items() if not is_listed(instrument)]:
            for channel in BOOKS:
                self.publish(f"{channel}:{coin}", _dump(_empty(coin, self._markets[coin].block_ms)).encode())
        super().list_only(is_listed)

    def symbol_of_topic(self, topic: str) -> str:
        return topic.partition(":")[2]

    def topics_of_recording(self, frame: bytes, is_text: bool) -> list[str] | None:
        message = as_dict(json.loads(frame))
        channel, data = message.get("channel"), as_dict(message.get("data"))
        if channel not in ("l2Book", "bbo"):
            return None
        names = ["l2Book", "l2Book.fast"] if channel == "l2Book" else ["bbo"]
        return [f"{name}:{data.get('coin')}" for name in names]

    def _serve(self, session: Session, method: str, wanted: dict[str, Any], now_ns: int) -> None:
        coin, is_fast = str(wanted.get("coin")), wanted.get("fast") is True
        channel = "bbo" if wanted["type"] == "bbo" else "l2Book.fast" if is_fast else "l2Book"
        topic, shown = f"{channel}:{coin}", _dump(wanted)
        if coin not in self._markets and coin != DELISTED:
            session.abort()
        elif method == "unsubscribe" and not self.unsubscribe(session, topic):
            _complain(session, f"Already unsubscribed: {shown}")
        elif method == "subscribe" and topic in session.topics:
            _complain(session, f"Already subscribed: {shown}")
        elif method == "subscribe" and len(session.topics) >= SUBSCRIPTIONS:
            _complain(session, f"Cannot track more than {SUBSCRIPTIONS} total subscriptions.")
        else:
            echoed: dict[str, Any] = {"type": "bbo", "coin": coin}
            if channel != "bbo":
                echoed = {"type": "l2Book", "coin": coin, "nSigFigs": None, "mantissa": None, "fast": is_fast}
            _send(session, {"channel": "subscriptionResponse", "data": {"method": method, "subscription": echoed}})
            if method == "subscribe":
                self.subscribe(session, topic)
                self._welcome(session, channel, coin, now_ns)

    def _welcome(self, session: Session, channel: str, coin: str, now_ns: int) -> None:
        if self.is_world_hidden or self.omits_snapshots or channel not in BOOKS:
            return
        if coin not in self.instruments:
            _send(session, _empty(coin, self.exchange_ns(now_ns) // 1_000_000))
        else:
            _send(session, {"channel": "l2Book", "data": self._book(self._markets[coin], channel, now_ns)})

    def _tell_book(self, market: _Market, channel: str, topic: str, now_ns: int) -> None:
        if now_ns - market.told_ns[channel] < BOOKS[channel][1] * 1_000_000:
            return
        market.told_ns[channel] = now_ns
        frame = _dump({"channel": "l2Book", "data": self._book(market, channel, now_ns)})
        self.publish_depth(market.instrument, topic, frame.encode())

    def _book(self, market: _Market, channel: str, now_ns: int) -> dict[str, Any]:
        book, count = market.instrument.book, BOOKS[channel][0]
        market.block_ms = max(market.block_ms, self.exchange_ns(now_ns) // 1_000_000)
        sides = [[_level(market, level) for level in side.levels(count)] for side in (book.bids, book.asks)]
        return {"coin": market.instrument.symbol, "time": market.block_ms, "levels": sides}

    def _contexts(self, now_ns: int) -> list[Any]:
        """The list, and beside it a context for each, in the same order."""
        held = {one.symbol: facts for one, facts in self.facts(now_ns)}
        rows = self._rows()
        contexts = [_context(held[row["name"]]) if row["name"] in held else {"funding": "0.0"} for row in rows]
        return [{"universe": rows, "marginTables": [], "collateralToken": 0}, contexts]

    def _rows(self) -> list[dict[str, Any]]:
        """The real ones, and what a client must leave out: delisted, malformed."""
        markets = [market.instrument for market in self._markets.values()]
        rows = [_row(i.symbol, i.listing.size_decimals) | self.status_of(i) for i in markets]
        delisted = [row | {"isDelisted": True} for row in rows if row["name"] not in self.instruments]
        listed = [row for row in rows if row["name"] in self.instruments]
        broken = {"name": "BROKEN", "szDecimals": "two"}
        return [*listed, *delisted, _row(DELISTED, 1) | {"isDelisted": True}, broken]


def _row(coin: str, lot_decimals: int) -> dict[str, Any]:
    return {"szDecimals": lot_decimals, "name": coin, "maxLeverage": 20, "marginTableId": 20}


def _context(held: Facts) -> dict[str, Any]:
    return {
        "funding": f"{held.rate:.10f}",
        "openInterest": f"{held.open_interest:.5f}",
        "dayNtlVlm": f"{held.volume:.4f}",
        "oraclePx": f"{held.index:.10g}",
        "markPx": f"{held.mark:.10g}",
        "midPx": None,
    }


def _empty(coin: str, time_ms: int) -> dict[str, Any]:
    return {"channel": "l2Book", "data": {"coin": coin, "time": time_ms, "levels": [[], []]}}


def _bbo(market: _Market) -> dict[str, Any]:
    bid, bid_size, ask, ask_size = market.instrument.book.top()
    best = [_level(market, (bid, bid_size)), _level(market, (ask, ask_size))]
    return {"coin": market.instrument.symbol, "time": market.block_ms, "bbo": best}


def _level(market: _Market, level: Level) -> dict[str, Any]:
    listing, (price, size) = market.instrument.listing, level
    shown = _plain(decimal_text(price, listing.price_decimals))
    return {"px": shown, "sz": _plain(decimal_text(size, listing.size_decimals)), "n": 1 + size % 9}


def _plain(decimal: str) -> str:
    """Without zeros at the end, but for one behind the point."""
    whole, _, fraction = decimal.partition(".")
    return f"{whole}.{fraction.rstrip('0') or '0'}"


def _complain(session: Session, complaint: str) -> None:
    _send(session, {"channel": "error", "data": complaint})


def _send(session: Session, message: dict[str, Any]) -> None:
    session.send_text(_dump(message))


def _dump(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))


PLAYED = (TRAITS, HyperliquidFace)
