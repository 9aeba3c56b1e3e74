"""KuCoin futures: a ticket before every connection, sizes in whole contracts, and depth frames that are the whole book.

Docs: https://www.kucoin.com/docs-new. The ticket is a POST without a body; its answer names this simulator's own
address. Real tokens are good for a day; here each opens one connection, so that a client that does not ask anew is
found out. A client that has not pinged for 28 s is dropped. Depth and ticker count in one sequence, which jumps.
"""

import json
import math
import random
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from crossbook.simulator.faces.base import Face, as_dict, not_found
from crossbook.simulator.wire.answer import Answer, json_answer
from crossbook.simulator.wire.limits import SlidingWindow
from crossbook.simulator.wire.session import Session
from crossbook.simulator.world.book import Level
from crossbook.simulator.world.facts import Facts
from crossbook.simulator.world.listing import Asset, Listing, decimal_text, price_decimals
from crossbook.simulator.world.world import Instrument, Traits

PREFIX = "/contractMarket/"
DEPTHS = {"level2Depth5": 5, "level2Depth50": 50}
CHANNELS = ("tickerV2", *DEPTHS)
SYMBOLS_PER_REQUEST = 100
TOPICS_PER_CONNECTION = 300
MESSAGES, MESSAGES_SECONDS = 100, 10
TICKET_PATH = "/api/v1/bullet-public"
TICKETS_KEPT = 1_000  # of those not used; the oldest go
PING_INTERVAL_MS, PING_TIMEOUT_MS = 18_000, 10_000


def list_asset(asset: Asset) -> Listing:
    """XBTUSDTM for BTC, thousands as 1000PEPEUSDTM; contracts worth about 60, traded whole."""
    multiplier = 1000.0 if asset.is_multiplied else 1.0
    base = "XBT" if asset.name == "BTC" else f"1000{asset.name}" if asset.is_multiplied else asset.name
    price = asset.price * multiplier
    contract_size = 10.0 ** round(math.log10(60 / price))
    return Listing(f"{base}USDTM", base, multiplier, price_decimals(price), 0, contract_size)


TRAITS = Traits("kucoin", 0.06, 0.009, 2, 15_000_000, list_asset)


class _Market:
    """KuCoin's own view of an instrument: its sequence."""

    def __init__(self, instrument: Instrument, position: int) -> None:
        self.instrument = instrument
        self.rng = random.Random(f"sequence:{position}")
        self.sequence = 1_709_284_589_209 + position * 1_000_003


class KucoinFace(Face):
    """See the module. Topics are `<channel>:<symbol>`."""

    venue = "kucoin"
    halted_row: ClassVar[dict[str, Any]] = {"status": "Paused"}
    ping_seconds = math.inf
    post_paths = frozenset({TICKET_PATH})
    silence_seconds = (PING_INTERVAL_MS + PING_TIMEOUT_MS) / 1000

    def __init__(self, instruments: Iterable[Instrument], latency_ns: int = TRAITS.latency_ns) -> None:
        super().__init__(instruments, latency_ns)
        self._markets = {s: _Market(i, position) for position, (s, i) in enumerate(self.instruments.items())}
        self._tickets: deque[str] = deque(maxlen=TICKETS_KEPT)
        self.tickets_given = 0

    def refuse_handshake(self, path: str, query: Mapping[str, str]) -> Answer | None:
        if path != "/":
            return not_found(path)
        token = query.get("token", "")
        if token not in self._tickets:
            return json_answer({"code": "401", "msg": "token is invalid or expired"}, 401)
        self._tickets.remove(token)
        return None

    def answer(self, path: str, query: Mapping[str, str], now_ns: int) -> Answer:
        if path == TICKET_PATH:
            return self._ticket()
        if path == "/api/v1/contracts/active":
            return json_answer({"code": "200000", "data": self._rows(now_ns)})
        if path == "/api/v1/level2/depth20":
            return self._depth_answer(query.get("symbol", ""), now_ns)
        return not_found(path)

    def on_open(self, session: Session, now_ns: int) -> None:
        session.messages = SlidingWindow(MESSAGES, MESSAGES_SECONDS)
        session.memory["pinged_ns"] = now_ns
        _send(session, {"id": session.query.get("connectId", ""), "type": "welcome"})

    async def on_text(self, session: Session, text: str, now_ns: int) -> None:
        try:
            request = as_dict(json.loads(text))
        except ValueError:
            request = {}
        request_id, kind = str(request.get("id", "")), request.get("type")
        if session.messages is not None and not session.messages.take(now_ns):
            _refuse(session, request_id, 509, "exceed max request limit")
        elif kind == "ping":
            session.memory["pinged_ns"] = now_ns
            _send(session, {"id": request_id, "type": "pong", "timestamp": now_ns // 1000})
        elif kind in ("subscribe", "unsubscribe"):
            self._serve(session, kind, request_id, str(request.get("topic")), bool(request.get("response")))
        else:
            _refuse(session, request_id, 415, "type is not supported")

    async def on_timer(self, session: Session, now_ns: int) -> None:
        if now_ns - session.memory["pinged_ns"] > self.silence_seconds * 1e9:
            await session.close(1000, "no ping")

    def publish_update(self, instrument: Instrument, is_depth_due: bool, now_ns: int) -> None:
        market = self._markets[instrument.symbol]
        market.sequence += market.rng.randint(1, 40)
        ticker = f"tickerV2:{instrument.symbol}"
        if self.has_listeners(ticker):
            self.publish(ticker, self._ticker(market, now_ns))
        for channel, levels in DEPTHS.items() if is_depth_due else ():
            topic = f"{channel}:{instrument.symbol}"
            if self.has_listeners(topic):
                self.publish_depth(instrument, topic, self._depth(market, topic, levels, now_ns))

    def symbol_of_topic(self, topic: str) -> str:
        return topic.partition(":")[2]

    def topics_of_recording(self, frame: bytes, is_text: bool) -> list[str] | None:
        message = as_dict(json.loads(frame))
        is_data = message.get("type") == "message"
        return [str(message.get("topic")).removeprefix(PREFIX)] if is_data else None

    def _ticket(self) -> Answer:
        self.tickets_given += 1
        token = f"2neAiuYvAU61ZDXANAGAsiL4-{self.tickets_given:06d}=="
        self._tickets.append(token)
        server = {
            "endpoint": f"{self.websocket_url}/",
            "encrypt": False,
            "protocol": "websocket",
            "pingInterval": PING_INTERVAL_MS,
            "pingTimeout": PING_TIMEOUT_MS,
        }
        return json_answer({"code": "200000", "data": {"token": token, "instanceServers": [server]}})

    def _depth_answer(self, symbol: str, now_ns: int) -> Answer:
        if symbol not in self.instruments:
            return json_answer({"code": "400100", "msg": "symbol is invalid"}, 400)
        market = self._markets[symbol]
        book = market.instrument.book
        bids, asks = _levels(market, book.bids.levels(20)), _levels(market, book.asks.levels(20))
        body = (
            f'{{"code":"200000","data":{{"symbol":"{symbol}","sequence":{market.sequence},"bids":{bids},"asks":{asks},'
            f'"ts":{self.exchange_ns(now_ns)}}}}}'
        )
        return Answer(200, body.encode())

    def _serve(self, session: Session, kind: str, request_id: str, path: str, wants_answer: bool) -> None:
        channel, _, symbols = path.removeprefix(PREFIX).partition(":")
        topics = [f"{channel}:{symbol}" for symbol in symbols.split(",")]
        is_known = channel in CHANNELS and all(self.instrument_of(topic) for topic in topics)
        if not path.startswith(PREFIX) or not is_known:
            _refuse(session, request_id, 404, f"topic {path} is not found")
        elif len(topics) > SYMBOLS_PER_REQUEST or self._overflows(session, kind, topics):
            _refuse(session, request_id, 509, "exceed max subscription count limitation")
        else:
            for topic in topics:
                if kind == "subscribe":
                    self.subscribe(session, topic)
                else:
                    self.unsubscribe(session, topic)
            if wants_answer:
                _send(session, {"id": request_id, "type": "ack"})

    def _overflows(self, session: Session, kind: str, topics: list[str]) -> bool:
        return kind == "subscribe" and len(session.topics.union(topics)) > TOPICS_PER_CONNECTION

    def _ticker(self, market: _Market, now_ns: int) -> bytes:
        symbol, decimals = market.instrument.symbol, market.instrument.listing.price_decimals
        bid, bid_size, ask, ask_size = market.instrument.book.top()
        return (
            f'{{"topic":"{PREFIX}tickerV2:{symbol}","type":"message","subject":"tickerV2","sn":{market.sequence},'
            f'"data":{{"symbol":"{symbol}","sequence":{market.sequence},"bestBidSize":{bid_size},'
            f'"bestBidPrice":"{decimal_text(bid, decimals)}","bestAskPrice":"{decimal_text(ask, decimals)}",'
            f'"bestAskSize":{ask_size},"ts":{self.exchange_ns(now_ns)}}}}}'
        ).encode()

    def _depth(self, market: _Market, topic: str, levels: int, now_ns: int) -> bytes:
        book, now_ms = market.instrument.book, self.exchange_ns(now_ns) // 1_000_000
        bids, asks = _levels(market, book.bids.levels(levels)), _levels(market, book.asks.levels(levels))
        return (
            f'{{"topic":"{PREFIX}{topic}","type":"message","subject":"level2","sn":{now_ms},'
            f'"data":{{"sequence":{market.sequence},"asks":{asks},"bids":{bids},"timestamp":{now_ms},"ts":{now_ms}}}}}'
        ).encode()

    def _rows(self, now_ns: int) -> list[dict[str, Any]]:
        """The real ones, and what a client must leave out: inverse, dated, paused, malformed."""
        inverse = {"isInverse": True, "multiplier": -1.0, "quoteCurrency": "USD", "settleCurrency": "XBT"}
        return [
            *(_row(i.symbol, i.listing) | _told(i, held, now_ns) | self.status_of(i) for i, held in self.facts(now_ns)),
            _row("XBTUSDM", Listing("", "XBT", 1.0, 1, 0)) | inverse,
            _row("XBTMZ26", Listing("", "XBT", 1.0, 1, 0)) | {"type": "FFICSX", "expireDate": 1_798_185_600_000},
            _row("LUNAUSDTM", Listing("", "LUNA", 1.0, 4, 0)) | {"status": "Paused"},
            _row("BROKENUSDTM", Listing("", "BROKEN", 1.0, 4, 0)) | {"multiplier": "a tenth", "tickSize": None},
        ]


def _row(symbol: str, listing: Listing) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "rootSymbol": "USDT",
        "type": "FFWCSX",
        "expireDate": None,
        "baseCurrency": listing.base,
        "quoteCurrency": "USDT",
        "settleCurrency": "USDT",
        "lotSize": 1,
        "tickSize": float(f"1e-{listing.price_decimals}"),
        "multiplier": listing.contract_size,
        "makerFeeRate": 0.0002,
        "takerFeeRate": 0.0006,
        "isInverse": False,
        "status": "Open",
        "fundingRateGranularity": 28_800_000,
    }


def _told(instrument: Instrument, held: Facts, now_ns: int) -> dict[str, Any]:
    next_ms = held.next_seconds * 1000
    return {
        "fundingFeeRate": held.rate,
        "predictedFundingFeeRate": held.predicted,
        "nextFundingRateTime": next_ms - now_ns // 1_000_000,
        "nextFundingRateDateTime": next_ms,
        "markPrice": held.mark,
        "indexPrice": held.index,
        "openInterest": str(round(held.open_interest / instrument.listing.contract_size)),
        "turnoverOf24h": held.volume,
        "maxOrderQty": 1_000_000,
        "maxPrice": 1_000_000.0,
        "buyLimit": held.mark * 1.05,
        "sellLimit": held.mark * 0.95,
    }


def _levels(market: _Market, levels: list[Level]) -> str:
    decimals = market.instrument.listing.price_decimals
    return "[" + ",".join(f'["{decimal_text(price, decimals)}",{size}]' for price, size in levels) + "]"


def _refuse(session: Session, request_id: str, code: int, complaint: str) -> None:
    _send(session, {"id": request_id, "type": "error", "code": code, "data": complaint})


def _send(session: Session, message: dict[str, Any]) -> None:
    session.send_text(json.dumps(message, separators=(",", ":")))


PLAYED = (TRAITS, KucoinFace)
