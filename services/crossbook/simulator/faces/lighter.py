"""Lighter: JSON, one channel per message, snapshots as acks, and books chained by begin_nonce -> nonce.

Docs: https://apidocs.lighter.xyz. Subscribing twice answers 30003 and sends no snapshot; the client must unsubscribe
first. The server pings in JSON and drops clients that stay silent for two minutes.
"""

import json
import random
import uuid
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from crossbook.simulator.faces.base import Face, as_dict, not_found
from crossbook.simulator.wire.answer import Answer, json_answer
from crossbook.simulator.wire.limits import SlidingWindow
from crossbook.simulator.wire.session import Session
from crossbook.simulator.world.book import Level
from crossbook.simulator.world.facts import Facts
from crossbook.simulator.world.listing import Asset, Listing, decimal_text, listing_in_base_units
from crossbook.simulator.world.world import Instrument, Traits

MESSAGES_PER_MINUTE = 200
CHANNELS_PER_CONNECTION = 500
REQUESTS_PER_MINUTE = 60


def list_asset(asset: Asset) -> Listing:
    """Symbols are bare bases, thousands as 1000PEPE."""
    return listing_in_base_units(asset, "{base}", "1000")


TRAITS = Traits("lighter", 0.0, 0.008, 1, 12_000_000, list_asset)


class _Market:
    """Lighter's own view of an instrument: its id and its place in the nonce sequence."""

    def __init__(self, instrument: Instrument, market_id: int) -> None:
        self.instrument = instrument
        self.market_id = market_id
        self.rng = random.Random(f"nonce:{market_id}")
        self.nonce = 904_845 + market_id * 1_000_003
        self.told_nonce = self.nonce
        self.offset = 2164 + market_id
        self.book_topic = f"order_book:{market_id}"
        self.ticker_topic = f"ticker:{market_id}"


class LighterFace(Face):
    """See the module."""

    venue = "lighter"
    funding_seconds: ClassVar[int] = 3600
    halted_row: ClassVar[dict[str, Any]] = {"status": "inactive"}
    ping_seconds = 30.0
    silence_seconds = 120.0

    def __init__(self, instruments: Iterable[Instrument], latency_ns: int = TRAITS.latency_ns) -> None:
        super().__init__(instruments, latency_ns)
        ids = [3 * position + 1 for position in range(len(self.instruments))]
        self._markets = {
            symbol: _Market(instrument, market_id)
            for (symbol, instrument), market_id in zip(self.instruments.items(), reversed(ids), strict=True)
        }
        self._by_id = {str(market.market_id): market for market in self._markets.values()}
        self._requests = SlidingWindow(REQUESTS_PER_MINUTE, 60)

    def refuse_handshake(self, path: str, query: Mapping[str, str]) -> Answer | None:
        return None if path == "/stream" else not_found(path)

    def answer(self, path: str, query: Mapping[str, str], now_ns: int) -> Answer:
        if not self._requests.take(now_ns):
            wait = str(int(self._requests.seconds_to_wait(now_ns)) + 1)
            return json_answer({"code": 23000, "message": "Too Many Requests!"}, 429, {"Retry-After": wait})
        if path == "/api/v1/orderBookDetails":
            return json_answer(
                {"code": 200, "order_book_details": self._perps(now_ns), "spot_order_book_details": _spots()}
            )
        if path == "/api/v1/orderBooks":
            return json_answer({"code": 200, "order_books": self._perps(now_ns)})
        return self.facts_answer(path, query, now_ns)

    def facts_answer(self, path: str, query: Mapping[str, str], now_ns: int) -> Answer:
        """The funding rates of several venues, each for eight hours."""
        if path != "/api/v1/funding-rates":
            return not_found(path)
        rows = [
            {
                "market_id": self._markets[one.symbol].market_id,
                "exchange": exchange,
                "symbol": one.asset,
                "rate": held.rate * 8 * factor,
            }
            for one, held in self.facts(now_ns)
            for exchange, factor in (("binance", 2), ("lighter", 1))
        ]
        return json_answer({"code": 200, "funding_rates": rows})

    def on_open(self, session: Session, now_ns: int) -> None:
        session.messages = SlidingWindow(MESSAGES_PER_MINUTE, 60)
        session.memory["pinged_ns"] = now_ns
        session.send_text(_dump({"session_id": str(uuid.uuid4()), "type": "connected"}))

    async def on_text(self, session: Session, text: str, now_ns: int) -> None:
        if session.messages is not None and not session.messages.take(now_ns):
            _refuse(session, 30009, "Too Many Websocket Messages!")
            return
        try:
            message = as_dict(json.loads(text))
        except ValueError:
            message = {}
        kind, channel = message.get("type"), str(message.get("channel", ""))
        if kind == "ping":
            session.send_text('{"type":"pong"}')
        elif kind == "subscribe":
            self._subscribe(session, channel, now_ns)
        elif kind == "unsubscribe":
            self._unsubscribe(session, channel)
        elif kind != "pong":
            _refuse(session, 30001, f"Invalid Message Type: {kind}")

    async def on_timer(self, session: Session, now_ns: int) -> None:
        if now_ns - session.last_received_ns > self.silence_seconds * 1e9:
            await session.close(1008, "no pong")
        elif now_ns - session.memory["pinged_ns"] > self.ping_seconds * 1e9:
            session.memory["pinged_ns"] = now_ns
            session.send_text('{"type":"ping"}')

    def publish_update(self, instrument: Instrument, is_depth_due: bool, now_ns: int) -> None:
        market = self._markets[instrument.symbol]
        market.nonce += market.rng.randint(1, 40)
        if self.has_listeners(market.ticker_topic):
            self.publish(market.ticker_topic, self._ticker(market, "update", now_ns).encode())
        if is_depth_due:
            self._tell_changes(market, now_ns)

    def symbol_of_topic(self, topic: str) -> str:
        market = self._by_id.get(topic.partition(":")[2])
        return market.instrument.symbol if market else ""

    def topics_of_recording(self, frame: bytes, is_text: bool) -> list[str] | None:
        message = as_dict(json.loads(frame))
        return (
            [str(message["channel"])] if str(message.get("type", "")).startswith(("update/", "subscribed/")) else None
        )

    def _subscribe(self, session: Session, channel: str, now_ns: int) -> None:
        topic = channel.replace("/", ":")
        kind, _, market_id = channel.partition("/")
        market = self._by_id.get(market_id)
        if kind not in ("order_book", "ticker") or market is None:
            _refuse(session, 30005, f"Invalid Channel: {channel}")
        elif len(session.topics) >= CHANNELS_PER_CONNECTION:
            _refuse(session, 30012, f"Subscribe Failed: {topic}")
        elif topic in session.topics:
            _refuse(session, 30003, f"Already Subscribed to : {topic}")
        else:
            self._welcome(session, market, topic, now_ns)

    def _welcome(self, session: Session, market: _Market, topic: str, now_ns: int) -> None:
        """The ack is the snapshot; earlier subscribers first get what is pending, so all chains go on from here."""
        if topic == market.book_topic and not self.is_world_hidden:
            self._tell_changes(market, now_ns)
        self.subscribe(session, topic)
        if self.is_world_hidden:
            return
        if topic == market.ticker_topic:
            session.send_text(self._ticker(market, "subscribed", now_ns))
        elif not self.omits_snapshots:
            book = market.instrument.book
            session.send_text(self._book(market, "subscribed", book.bids.levels(), book.asks.levels(), 0, now_ns))

    def _unsubscribe(self, session: Session, channel: str) -> None:
        topic = channel.replace("/", ":")
        if self.unsubscribe(session, topic):
            session.send_text(_dump({"type": "unsubscribed", "channel": topic}))
        else:
            _refuse(session, 30002, f"Not Subscribed to : {topic}")

    def _tell_changes(self, market: _Market, now_ns: int) -> None:
        book = market.instrument.book
        if not book.has_changes():
            return
        bids, asks = book.bids.take_changes(), book.asks.take_changes()
        begin, market.told_nonce = market.told_nonce, market.nonce
        market.offset += market.rng.randint(1, 3)
        if self.has_listeners(market.book_topic):
            frame = self._book(market, "update", bids, asks, begin, now_ns)
            self.publish_depth(market.instrument, market.book_topic, frame.encode())

    def _book(
        self, market: _Market, kind: str, bids: list[Level], asks: list[Level], begin_nonce: int, now_ns: int
    ) -> str:
        changed_us = self.exchange_ns(now_ns) // 1000
        return (
            f'{{"channel":"{market.book_topic}","last_updated_at":{changed_us},"offset":{market.offset},'
            f'"order_book":{{"code":0,"asks":{_levels(market, asks)},"bids":{_levels(market, bids)},'
            f'"offset":{market.offset},"nonce":{market.nonce},"last_updated_at":{changed_us},'
            f'"begin_nonce":{begin_nonce}}},"timestamp":{changed_us // 1000},"type":"{kind}/order_book"}}'
        )

    def _ticker(self, market: _Market, kind: str, now_ns: int) -> str:
        changed_us = self.exchange_ns(now_ns) // 1000
        bid, bid_size, ask, ask_size = market.instrument.book.top()
        return (
            f'{{"channel":"{market.ticker_topic}","last_updated_at":{changed_us},"nonce":{market.nonce},'
            f'"ticker":{{"s":"{market.instrument.symbol}","a":{_level(market, ask, ask_size)},'
            f'"b":{_level(market, bid, bid_size)},"last_updated_at":{changed_us}}},'
            f'"timestamp":{changed_us // 1000},"type":"{kind}/ticker"}}'
        )

    def _perps(self, now_ns: int) -> list[dict[str, Any]]:
        """The real ones, and the ones a client must leave out: halted, hidden, malformed."""
        rows = [_perp_row(self._markets[i.symbol]) | _told(held) | self.status_of(i) for i, held in self.facts(now_ns)]
        halted = _row("LUNA", 901, "perp", 4, 2) | {"status": "inactive"}
        malformed = _row("BROKEN", 902, "perp", 4, 2) | {"price_decimals": "two", "market_id": None}
        return [*rows, halted, malformed]


def _perp_row(market: _Market) -> dict[str, Any]:
    listing = market.instrument.listing
    return _row(listing.symbol, market.market_id, "perp", listing.size_decimals, listing.price_decimals)


def _told(held: Facts) -> dict[str, Any]:
    return {
        "mark_price": f"{held.mark:.10g}",
        "index_price": f"{held.index:.10g}",
        "daily_quote_token_volume": held.volume,
        "open_interest": held.open_interest,
    }


def _spots() -> list[dict[str, Any]]:
    return [_row("ETH/USDC", 2048, "spot", 4, 2), _row("LIT/USDC", 2049, "spot", 2, 4)]


def _row(symbol: str, market_id: int, market_type: str, size_decimals: int, price_decimals: int) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "market_id": market_id,
        "market_type": market_type,
        "base_asset_id": 0,
        "quote_asset_id": 0,
        "status": "active",
        "taker_fee": "0.0000",
        "is_taker_fee_enabled": True,
        "maker_fee": "0.0000",
        "is_maker_fee_enabled": True,
        "min_base_amount": decimal_text(1, size_decimals),
        "min_quote_amount": "10.000000",
        "supported_size_decimals": size_decimals,
        "supported_price_decimals": price_decimals,
        "supported_quote_decimals": 6,
        "size_decimals": size_decimals,
        "price_decimals": price_decimals,
        "quote_multiplier": 1,
        "market_config": {"force_reduce_only": False, "trading_hours": "", "hidden": False},
    }


def _levels(market: _Market, levels: list[Level]) -> str:
    return "[" + ",".join(_level(market, price, size) for price, size in levels) + "]"


def _level(market: _Market, price: int, size: int) -> str:
    listing = market.instrument.listing
    price_text = decimal_text(price, listing.price_decimals)
    return f'{{"price":"{price_text}","size":"{decimal_text(size, listing.size_decimals)}"}}'


def _refuse(session: Session, code: int, message: str) -> None:
    session.send_text(_dump({"error": {"code": code, "message": message}}))


def _dump(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))


PLAYED = (TRAITS, LighterFace)
