"""Bitget v2 USDT-margined perpetuals: sizes in coins, books chained by pseq -> seq, answers by argument, pings as text.

Docs: https://www.bitget.com/docs/classic/websocket/intro. A connection takes 240 requests an hour, ten messages a
second (pings included) and 4096 bytes a request, and is cut off when no ping comes for two minutes. A product that is
wrong for an existing symbol is granted and then silent.
"""

import json
import math
import random
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from crossbook.simulator.faces.base import Face, as_dict, not_found
from crossbook.simulator.wire.answer import Answer, json_answer
from crossbook.simulator.wire.limits import SlidingWindow
from crossbook.simulator.wire.session import Session
from crossbook.simulator.world.book import Level
from crossbook.simulator.world.facts import Facts
from crossbook.simulator.world.listing import Asset, Listing, decimal_text, price_decimals, size_decimals
from crossbook.simulator.world.world import Instrument, Traits

REQUESTS_PER_HOUR = 240
MESSAGES_PER_SECOND = 10
MAX_REQUEST_BYTES = 4096
MAX_CHANNELS = 1000
PRODUCT = "USDT-FUTURES"
PRODUCTS = (PRODUCT, "USDC-FUTURES", "COIN-FUTURES", "SPOT")
DEPTHS = {"books": 500, "books1": 1, "books5": 5, "books15": 15}
MULTIPLIED = "BONK"  # the only cheap coin that is listed by the thousand


def list_asset(asset: Asset) -> Listing:
    """BTCUSDT; cheap coins are plain, but for one."""
    multiplier = 1000 if asset.name == MULTIPLIED else 1
    base = f"1000{asset.name}" if asset.name == MULTIPLIED else asset.name
    price = asset.price * multiplier
    return Listing(f"{base}USDT", base, multiplier, price_decimals(price), size_decimals(price))


TRAITS = Traits("bitget", 0.06, 0.009, 2, 12_000_000, list_asset)


class _Market:
    """Bitget's own view of an instrument: one series of sequences for all channels, which jumps."""

    def __init__(self, instrument: Instrument, position: int) -> None:
        self.instrument = instrument
        self.rng = random.Random(f"seq:{position}")
        self.sequence = 427_583_461_144 + position * 1_000_003
        self.told_sequence = self.sequence


class BitgetFace(Face):
    """See the module. Topics are `<channel>|<symbol>`."""

    venue = "bitget"
    halted_row: ClassVar[dict[str, Any]] = {"symbolStatus": "maintain"}
    ping_seconds = math.inf
    silence_seconds = 120.0

    def __init__(self, instruments: Iterable[Instrument], latency_ns: int = TRAITS.latency_ns) -> None:
        super().__init__(instruments, latency_ns)
        self._markets = {s: _Market(i, position) for position, (s, i) in enumerate(self.instruments.items())}
        self._requests = SlidingWindow(20, 1)

    def refuse_handshake(self, path: str, query: Mapping[str, str]) -> Answer | None:
        return None if path == "/v2/ws/public" else not_found(path)

    def answer(self, path: str, query: Mapping[str, str], now_ns: int) -> Answer:
        if not self._requests.take(now_ns):
            return _rest_answer("429", "Too Many Requests", None, now_ns, status=429)
        if path not in ("/api/v2/mix/market/contracts", "/api/v2/mix/market/merge-depth"):
            return self.facts_answer(path, query, now_ns)
        if query.get("productType") != PRODUCT:
            return _rest_answer("400172", "Parameter verification failed", None, now_ns, status=400)
        if path.endswith("contracts"):
            return _rest_answer("00000", "success", self._rows(), now_ns)
        return self._depth_answer(query.get("symbol", ""), query.get("limit", "100"), now_ns)

    def facts_answer(self, path: str, query: Mapping[str, str], now_ns: int) -> Answer:
        """Tickers, and the current funding rates of all."""
        if query.get("productType") != PRODUCT:
            return not_found(path)
        if path == "/api/v2/mix/market/tickers":
            return _rest_answer(
                "00000", "success", [_ticker(one.symbol, h, now_ns) for one, h in self.facts(now_ns)], now_ns
            )
        if path == "/api/v2/mix/market/current-fund-rate":
            rows = [
                {
                    "symbol": one.symbol,
                    "fundingRate": f"{held.rate:.8f}",
                    "fundingRateInterval": "8",
                    "nextUpdate": str(held.next_seconds * 1000),
                }
                for one, held in self.facts(now_ns)
            ]
            return _rest_answer("00000", "success", rows, now_ns)
        return not_found(path)

    def on_open(self, session: Session, now_ns: int) -> None:
        session.messages = SlidingWindow(REQUESTS_PER_HOUR, 3600)
        session.memory |= {"second": SlidingWindow(MESSAGES_PER_SECOND, 1), "pinged_ns": now_ns}

    async def on_text(self, session: Session, text: str, now_ns: int) -> None:
        if not session.memory["second"].take(now_ns):
            session.abort()
            return
        if text == "ping":
            session.memory["pinged_ns"] = now_ns
            session.send_text("pong")
            return
        try:
            request = as_dict(json.loads(text))
        except ValueError:
            request = {}
        operation, args = request.get("op"), request.get("args")
        if operation not in ("subscribe", "unsubscribe") or not isinstance(args, list):
            _refuse(session, 30003, "Illegal op")
        elif len(text.encode()) > MAX_REQUEST_BYTES:
            _refuse(session, 30016, "Param error")
        elif session.messages is not None and not session.messages.take(now_ns):
            _refuse(session, 30007, "request over limit")
        else:
            for arg in args:
                self._serve(session, operation, as_dict(arg), now_ns)

    async def on_timer(self, session: Session, now_ns: int) -> None:
        if now_ns - session.memory["pinged_ns"] > self.silence_seconds * 1e9:
            session.abort()

    def publish_update(self, instrument: Instrument, is_depth_due: bool, now_ns: int) -> None:
        market = self._markets[instrument.symbol]
        market.sequence += market.rng.randint(1, 20_000)
        for channel in ("books1", "books5", "books15"):
            topic = f"{channel}|{instrument.symbol}"
            if (channel == "books1" or is_depth_due) and self.has_listeners(topic):
                self.publish(topic, self._snapshot(market, channel, now_ns).encode())
        if is_depth_due:
            self._tell_changes(market, now_ns)

    def symbol_of_topic(self, topic: str) -> str:
        return topic.partition("|")[2]

    def symbol_of_snapshot(self, path: str, query: Mapping[str, str]) -> str | None:
        return query.get("symbol") if path == "/api/v2/mix/market/merge-depth" else None

    def topics_of_recording(self, frame: bytes, is_text: bool) -> list[str] | None:
        if frame == b"pong":
            return None
        message = as_dict(json.loads(frame))
        arg = as_dict(message.get("arg"))
        return [f"{arg.get('channel')}|{arg.get('instId')}"] if "data" in message else None

    def restart_sequence(self, symbol: str) -> None:
        """The venue's own restart: the next update has pseq 0."""
        self._markets[symbol].told_sequence = 0

    def _serve(self, session: Session, operation: str, arg: dict[str, Any], now_ns: int) -> None:
        product, channel, symbol = (str(arg.get(key)) for key in ("instType", "channel", "instId"))
        if product not in PRODUCTS or channel not in DEPTHS:
            _refuse(session, 30016, "Param error", arg, operation)
            return
        market = self._markets.get(symbol)
        if market is None:
            text = f"instType:{product},channel:{channel},instId:{symbol},precision:null doesn't exist"
            _refuse(session, 30001, text, arg, operation)
            return
        if product != PRODUCT:
            _acknowledge(session, operation, arg)
        elif operation == "unsubscribe":
            self.unsubscribe(session, f"{channel}|{symbol}")
            _acknowledge(session, operation, arg)
        elif len(session.topics) >= MAX_CHANNELS:
            _refuse(session, 30006, "too many channels", arg, operation)
        else:
            self._subscribe(session, market, channel, arg, now_ns)

    def _subscribe(self, session: Session, market: _Market, channel: str, arg: dict[str, Any], now_ns: int) -> None:
        if channel == "books" and not self.is_world_hidden:
            self._tell_changes(market, now_ns)
        is_new = self.subscribe(session, f"{channel}|{market.instrument.symbol}")
        _acknowledge(session, "subscribe", arg)
        is_omitted = self.is_world_hidden or (self.omits_snapshots and channel == "books")
        if is_new and not is_omitted:
            session.send_text(self._snapshot(market, channel, now_ns))

    def _tell_changes(self, market: _Market, now_ns: int) -> None:
        book = market.instrument.book
        if not book.has_changes():
            return
        bids, asks = book.bids.take_changes(), book.asks.take_changes()
        previous, market.told_sequence = market.told_sequence, market.sequence
        topic = f"books|{market.instrument.symbol}"
        if self.has_listeners(topic):
            frame = self._frame(market, "books", "update", bids, asks, market.sequence, previous, now_ns)
            self.publish_depth(market.instrument, topic, frame.encode())

    def _snapshot(self, market: _Market, channel: str, now_ns: int) -> str:
        """A whole book is as old as the last update told; the others are of this moment."""
        book, count = market.instrument.book, DEPTHS[channel]
        is_whole = channel == "books" and market.told_sequence > 0
        sequence = market.told_sequence if is_whole else market.sequence
        levels = (book.bids.levels(count), book.asks.levels(count))
        return self._frame(market, channel, "snapshot", *levels, sequence, 0, now_ns)

    def _frame(
        self,
        market: _Market,
        channel: str,
        action: str,
        bids: list[Level],
        asks: list[Level],
        sequence: int,
        previous: int,
        now_ns: int,
    ) -> str:
        made_ms = self.exchange_ns(now_ns) // 1_000_000
        arg = f'{{"instType":"{PRODUCT}","channel":"{channel}","instId":"{market.instrument.symbol}"}}'
        return (
            f'{{"action":"{action}","arg":{arg},"data":[{{"asks":{_levels(market, asks)},'
            f'"bids":{_levels(market, bids)},"ts":"{made_ms}",'
            f'"seq":{sequence},"pseq":{previous}}}],"ts":{made_ms + 1}}}'
        )

    def _depth_answer(self, symbol: str, limit: str, now_ns: int) -> Answer:
        """Plain numbers, and no sequence."""
        market = self._markets.get(symbol)
        if market is None:
            return _rest_answer("40034", "Parameter does not exist", None, now_ns, status=400)
        book, count = market.instrument.book, int(limit) if limit.isdecimal() else 1000
        bids, asks = _numbers(market, book.bids.levels(count)), _numbers(market, book.asks.levels(count))
        made_ms = str(self.exchange_ns(now_ns) // 1_000_000)
        data = {"asks": asks, "bids": bids, "ts": made_ms, "precision": "scale0", "isMaxPrecision": "NO"}
        return _rest_answer("00000", "success", data, now_ns)

    def _rows(self) -> list[dict[str, Any]]:
        """The real perpetuals, and what a client must leave out: delivery, closed, stocks, and what is malformed."""
        plain = Listing("", "", 1, 2, 2)
        return [
            *(_row(i.symbol, i.listing.base, i.listing) | self.status_of(i) for i in self.instruments.values()),
            _row("BTCUSDT261225", "BTC", plain) | {"symbolType": "delivery"},
            _row("LUNAUSDT", "LUNA", plain) | {"symbolStatus": "off"},
            _row("HALTUSDT", "HALT", plain) | {"symbolStatus": "maintain"},
            _row("TSLAUSDT", "TSLA", plain) | {"isRwa": "YES"},
            _row("BROKENUSDT", "BROKEN", plain) | {"sizeMultiplier": "a tenth", "pricePlace": None},
        ]


def _row(symbol: str, base: str, listing: Listing) -> dict[str, Any]:
    step = decimal_text(1, listing.size_decimals)
    return {
        "symbol": symbol,
        "baseCoin": base,
        "quoteCoin": "USDT",
        "supportMarginCoins": ["USDT"],
        "makerFeeRate": "0.0002",
        "takerFeeRate": "0.0006",
        "minTradeNum": step,
        "sizeMultiplier": step,
        "volumePlace": str(listing.size_decimals),
        "pricePlace": str(listing.price_decimals),
        "priceEndStep": "1",
        "minTradeUSDT": "5",
        "symbolType": "perpetual",
        "symbolStatus": "normal",
        "offTime": "-1",
        "limitOpenTime": "-1",
        "fundInterval": "8",
        "isRwa": "NO",
    }


def _ticker(symbol: str, held: Facts, now_ns: int) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "ts": str(now_ns // 1_000_000),
        "quoteVolume": f"{held.volume:.2f}",
        "indexPrice": f"{held.index:.10g}",
        "markPrice": f"{held.mark:.10g}",
        "fundingRate": f"{held.rate:.8f}",
        "holdingAmount": f"{held.open_interest:.4f}",
        "deliveryTime": None,
    }


def _levels(market: _Market, levels: list[Level]) -> str:
    """Decimals without trailing zeros, as Bitget writes them."""
    listing = market.instrument.listing
    texts = (
        f'["{_short(price, listing.price_decimals)}","{_short(size, listing.size_decimals)}"]' for price, size in levels
    )
    return "[" + ",".join(texts) + "]"


def _numbers(market: _Market, levels: list[Level]) -> list[list[float]]:
    return [[float(price), float(size)] for price, size in json.loads(_levels(market, levels))]


def _short(units: int, decimals: int) -> str:
    text = decimal_text(units, decimals)
    return text.rstrip("0").rstrip(".") if decimals else text


def _acknowledge(session: Session, operation: str, arg: dict[str, Any]) -> None:
    session.send_text(json.dumps({"event": operation, "arg": arg}, separators=(",", ":")))


def _refuse(
    session: Session, code: int, message: str, arg: dict[str, Any] | None = None, operation: str | None = None
) -> None:
    answer = {"event": "error"} | ({} if arg is None else {"arg": arg}) | {"code": code, "msg": message}
    session.send_text(json.dumps(answer | ({} if operation is None else {"op": operation}), separators=(",", ":")))


def _rest_answer(code: str, message: str, data: Any, now_ns: int, status: int = 200) -> Answer:
    return json_answer({"code": code, "msg": message, "requestTime": now_ns // 1_000_000, "data": data}, status)


PLAYED = (TRAITS, BitgetFace)
