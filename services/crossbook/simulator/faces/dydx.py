"""dYdX v4, its indexer: JSON, one market per message, snapshots as acks, and numbers that count what one socket says.

Docs: https://docs.dydx.xyz/indexer-client/websockets. Each side of a change is told in a frame of its own. Whatever is
sent bears the next number of its connection; an error bears that of the last request. Subscribing twice is an error and
brings no book; more than twice a second costs the connection. The server pings with control frames.
"""

import json
import random
import uuid
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from crossbook.simulator.faces.base import Face, as_dict, not_found
from crossbook.simulator.wire.answer import Answer, json_answer
from crossbook.simulator.wire.limits import SlidingWindow
from crossbook.simulator.wire.session import Session, encode_frame
from crossbook.simulator.world.book import Level
from crossbook.simulator.world.facts import Facts
from crossbook.simulator.world.listing import Asset, Listing, decimal_text, price_decimals, size_decimals
from crossbook.simulator.world.world import Instrument, Traits

CHANNEL = "v4_orderbook"
OTHER_CHANNELS = frozenset({"v4_trades", "v4_markets", "v4_candles"})
LEVELS = 100
MARKETS_PER_CONNECTION = 32
SUBSCRIPTIONS_PER_SECOND = 2  # of one market on one connection
INVALID_PER_SECOND = 2
REQUESTS, REQUEST_SECONDS = 100, 10.0
LIST_PATH, BOOK_PATH = "/v4/perpetualMarkets", "/v4/orderbooks/perpetualMarket/"


def list_asset(asset: Asset) -> Listing:
    """BTC-USD; cheap coins are coins, too: PEPE-USD."""
    decimals = price_decimals(asset.price), size_decimals(asset.price)
    return Listing(f"{asset.name}-USD", asset.name, 1.0, *decimals)


TRAITS = Traits("dydx", 0.05, 0.009, 2, 25_000_000, list_asset)


class DydxFace(Face):
    """See the module. Topics are native symbols, and what is published is a frame without its head."""

    venue = "dydx"
    funding_seconds: ClassVar[int] = 3600
    is_change_atomic = False
    ping_seconds = 30.0

    def __init__(self, instruments: Iterable[Instrument], latency_ns: int = TRAITS.latency_ns) -> None:
        super().__init__(instruments, latency_ns)
        self._requests = SlidingWindow(REQUESTS, REQUEST_SECONDS)
        self._rng = random.Random("sides:dydx")

    def refuse_handshake(self, path: str, query: Mapping[str, str]) -> Answer | None:
        return None if path == "/v4/ws" else not_found(path)

    def answer(self, path: str, query: Mapping[str, str], now_ns: int) -> Answer:
        if not self._requests.take(now_ns):
            wait = str(int(self._requests.seconds_to_wait(now_ns)) + 1)
            return json_answer({"errors": [{"msg": "Too many requests"}]}, 429, {"Retry-After": wait})
        if path == LIST_PATH:
            return json_answer({"markets": {row["ticker"]: row for row in self._rows(now_ns)}})
        instrument = self.instruments.get(path.removeprefix(BOOK_PATH))
        if path.startswith(BOOK_PATH) and instrument is not None:
            return Answer(200, _book(instrument).encode())
        return not_found(path)

    def on_open(self, session: Session, now_ns: int) -> None:
        session.memory |= {"pinged_ns": now_ns, "number": 0, "connection_id": str(uuid.uuid4()), "asked": {}}
        session.memory["invalid"] = SlidingWindow(INVALID_PER_SECOND, 1)
        session.send_text(f"{_head(session, 'connected')[:-1]}}}")

    async def on_text(self, session: Session, text: str, now_ns: int) -> None:
        try:
            message = as_dict(json.loads(text))
        except ValueError:
            await self._refuse_message(session, "Invalid message: could not parse", now_ns)
            return
        kind, channel, symbol = (message.get(key) for key in ("type", "channel", "id"))
        if kind == "ping":
            return
        if kind not in ("subscribe", "unsubscribe"):
            reason = f"Invalid message type: {kind}" if kind else "Invalid message: type is required"
            await self._refuse_message(session, reason, now_ns)
        elif channel not in OTHER_CHANNELS | {CHANNEL}:
            _refuse(session, f"Invalid channel: {channel}")
        elif not isinstance(symbol, str):
            _refuse(session, f"Invalid id: {symbol}")
        elif kind == "unsubscribe":
            self.unsubscribe(session, symbol)
            session.send_text(_numbered(session, "unsubscribed", f'"channel":"{CHANNEL}","id":"{symbol}"}}'))
        else:
            session.memory["number"] += 1
            await self._join(session, symbol, now_ns)

    async def on_timer(self, session: Session, now_ns: int) -> None:
        if now_ns - session.memory["pinged_ns"] > self.ping_seconds * 1e9:
            session.memory["pinged_ns"] = now_ns
            await session.connection.ping()

    def publish(self, topic: str, payload: bytes) -> None:
        """Every listener has numbers of its own."""
        for session in self.subscribers.get(topic, ()):
            self.frames_published += 1
            frame = _numbered(session, "channel_data", "").encode() + payload
            session.send_frame(encode_frame(frame, is_text=True))

    def publish_update(self, instrument: Instrument, is_depth_due: bool, now_ns: int) -> None:
        if is_depth_due:
            self._tell_changes(instrument)

    def symbol_of_topic(self, topic: str) -> str:
        return topic

    def symbol_of_snapshot(self, path: str, query: Mapping[str, str]) -> str | None:
        return path.removeprefix(BOOK_PATH) if path.startswith(BOOK_PATH) else None

    def topics_of_recording(self, frame: bytes, is_text: bool) -> list[str] | None:
        message = as_dict(json.loads(frame))
        is_data = message.get("channel") == CHANNEL and message.get("type") in ("subscribed", "channel_data")
        return [str(message["id"])] if is_data else None

    async def _join(self, session: Session, symbol: str, now_ns: int) -> None:
        """Earlier subscribers first get what is pending, so that all books go on from here."""
        topic = f"{CHANNEL}-{symbol}"
        instrument = self.instruments.get(symbol)
        asked = session.memory["asked"].setdefault(symbol, SlidingWindow(SUBSCRIPTIONS_PER_SECOND, 1))
        if instrument is None:
            _refuse(session, f"Invalid subscription id for channel: ({topic})")
        elif len(session.topics) >= MARKETS_PER_CONNECTION and symbol not in session.topics:
            reason = f"Per-connection subscription limit reached for {CHANNEL} (limit={MARKETS_PER_CONNECTION})."
            _refuse(session, reason)
        elif not asked.take(now_ns):
            _refuse(session, f"Too many subscribe attempts for channel {topic}. Please  reconnect and try again.")
            await _expel(session, now_ns)
        elif symbol in session.topics:
            _refuse(session, f"Invalid subscribe message: already subscribed ({topic})", channel=CHANNEL, id=symbol)
        else:
            number = session.memory["number"]
            self._tell_changes(instrument)
            self.subscribe(session, symbol)
            if not self.is_world_hidden and not self.omits_snapshots:
                head = _head(session, "subscribed", number)
                session.send_text(f'{head}"channel":"{CHANNEL}","id":"{symbol}","contents":{_book(instrument)}}}')

    def _tell_changes(self, instrument: Instrument) -> None:
        """Either side goes first, so that the book may be crossed in between."""
        book, symbol = instrument.book, instrument.symbol
        if not book.has_changes():
            return
        sides = [("bids", book.bids.take_changes()), ("asks", book.asks.take_changes())]
        for side, levels in self._rng.sample(sides, 2):
            if levels:
                told = ",".join(_pair(instrument, level) for level in levels)
                contents = f'"version":"1.0.0","contents":{{"{side}":[{told}]}}}}'
                payload = f'"id":"{symbol}","channel":"{CHANNEL}",{contents}'
                self.publish_depth(instrument, symbol, payload.encode())

    async def _refuse_message(self, session: Session, reason: str, now_ns: int) -> None:
        """What is no request at all is told twice a second."""
        _refuse(session, reason)
        if not session.memory["invalid"].take(now_ns):
            await _expel(session, now_ns)

    def _rows(self, now_ns: int) -> list[dict[str, Any]]:
        """The real ones, and those that a client must leave out: ended, paused, named by a pool, malformed."""
        rows = [_row(position, one.listing) | _told(held) for position, (one, held) in enumerate(self.facts(now_ns))]
        luna = Listing("LUNA-USD", "LUNA", 1.0, 2, 0)
        return [
            *rows,
            _row(901, luna) | {"status": "FINAL_SETTLEMENT"},
            _row(902, luna) | {"ticker": "MATIC-USD", "status": "PAUSED"},
            _row(903, luna) | {"ticker": "AIXBT,RAYDIUM,14ZKH-USD", "marketType": "ISOLATED"},
            _row(904, luna) | {"ticker": "BROKEN-USD", "tickSize": None},
        ]


def _row(pair: int, listing: Listing) -> dict[str, Any]:
    return {
        "clobPairId": str(pair),
        "ticker": listing.symbol,
        "status": "ACTIVE",
        "oraclePrice": "1",
        "priceChange24H": "0",
        "volume24H": "0",
        "trades24H": 0,
        "nextFundingRate": "0",
        "initialMarginFraction": "0.02",
        "maintenanceMarginFraction": "0.012",
        "openInterest": "0",
        "atomicResolution": -10,
        "quantumConversionExponent": -9,
        "tickSize": decimal_text(1, listing.price_decimals),
        "stepSize": decimal_text(1, listing.size_decimals),
        "stepBaseQuantums": 1_000_000,
        "subticksPerTick": 100_000,
        "marketType": "CROSS",
        "openInterestLowerCap": "0",
        "openInterestUpperCap": "0",
        "baseOpenInterest": "0",
        "defaultFundingRate1H": "0",
    }


def _told(held: Facts) -> dict[str, Any]:
    return {
        "oraclePrice": f"{held.mark:.10g}",
        "volume24H": f"{held.volume:.4f}",
        "nextFundingRate": f"{held.rate:.10f}",
        "openInterest": f"{held.open_interest:.4f}",
    }


def _book(instrument: Instrument) -> str:
    """What REST answers, and a subscription begins with."""
    book = instrument.book
    bids, asks = (_named_levels(instrument, side.levels(LEVELS)) for side in (book.bids, book.asks))
    return f'{{"bids":[{bids}],"asks":[{asks}]}}'


def _named_levels(instrument: Instrument, levels: list[Level]) -> str:
    texts = (_texts(instrument, level) for level in levels)
    return ",".join(f'{{"price":"{price}","size":"{size}"}}' for price, size in texts)


def _pair(instrument: Instrument, level: Level) -> str:
    price, size = _texts(instrument, level)
    return f'["{price}","{size}"]'


def _texts(instrument: Instrument, level: Level) -> tuple[str, str]:
    listing, (price, size) = instrument.listing, level
    return decimal_text(price, listing.price_decimals), decimal_text(size, listing.size_decimals)


def _head(session: Session, kind: str, number: int | None = None) -> str:
    told = session.memory["number"] if number is None else number
    return f'{{"type":"{kind}","connection_id":"{session.memory["connection_id"]}","message_id":{told},'


def _numbered(session: Session, kind: str, rest: str) -> str:
    session.memory["number"] += 1
    return _head(session, kind) + rest


def _refuse(session: Session, text: str, **about: str) -> None:
    """With the number of what was asked, and what it was about where that is told."""
    ids = {"connection_id": session.memory["connection_id"], "message_id": session.memory["number"]}
    session.send_text(_dump({"type": "error", "message": text} | ids | about))


async def _expel(session: Session, now_ns: int) -> None:
    session.flush(now_ns)
    await session.close(1008, _dump({"message": "Rate limited"}))


def _dump(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))


PLAYED = (TRAITS, DydxFace)
