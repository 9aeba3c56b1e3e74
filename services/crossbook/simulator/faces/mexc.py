"""MEXC contract: merged deltas with begin and end, books over REST that lag behind, acks that do not say to what.

Docs: https://www.mexc.com/api-docs/futures/websocket-api. Sizes are contracts, everything is a plain JSON number in any
spelling. Ten REST requests in two seconds, more get status 200 and code 510. A client that does not ping is hung up on
after a minute, also while data flows. What the socket does not understand it does not answer.
"""

import json
import math
import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar

from crossbook.simulator.faces.base import Face, as_dict, not_found
from crossbook.simulator.wire.answer import Answer, json_answer
from crossbook.simulator.wire.limits import SlidingWindow
from crossbook.simulator.wire.session import Session
from crossbook.simulator.world.book import Level
from crossbook.simulator.world.facts import Facts
from crossbook.simulator.world.listing import Asset, Listing, decimal_text, price_decimals
from crossbook.simulator.world.world import Instrument, Traits

SOCKET_PATH = "/edge"
CONTRACTS_PATH = "/api/v1/contract/detail"
DEPTH_PATH = "/api/v1/contract/depth/"
FULL_NS = 300_000_000  # between two whole tops
EARLY_NS = 50_000_000  # the world's ticks jitter a little: half a step early is on time
REST_LAG_NS = 400_000_000  # a fetched book is up to so old
FULL_LIMITS = (5, 10, 20, 50)
TOO_FREQUENT = 510
STATUSES = "contract|"


def list_asset(asset: Asset) -> Listing:
    """PEPE_USDT at the price of one coin, but 1000BONK_USDT."""
    multiplier = 1000.0 if asset.name == "BONK" else 1.0
    base = f"1000{asset.name}" if multiplier > 1 else asset.name
    price = asset.price * multiplier
    return Listing(f"{base}_USDT", base, multiplier, price_decimals(price), 0, 10.0 ** round(math.log10(6 / price)))


TRAITS = Traits("mexc", 0.08, 0.008, 0, 10_000_000, list_asset)


@dataclass(frozen=True, slots=True)
class _Fetched:
    """A book as REST shows it for a while."""

    taken_ns: int
    version: int
    bids: list[Level]
    asks: list[Level]


@dataclass(slots=True)
class _Market:
    """MEXC's own view of an instrument: the version of its book, and when what was told."""

    instrument: Instrument
    rng: random.Random
    version: int
    told_version: int
    told_ns: int = 0
    full_ns: int = 0
    fetched: _Fetched = field(default_factory=lambda: _Fetched(0, 0, [], []))


class MexcFace(Face):
    """See the module. Topics are `depth|<symbol>`, `full|<symbol>|<limit>` and `contract|`."""

    venue = "mexc"
    halted_row: ClassVar[dict[str, Any]] = {"state": 4}
    ping_seconds = math.inf
    silence_seconds = 60.0
    frame_seconds = 0.2
    price = re.compile(rb"(?<=\[\[)[^,\]]+")

    def __init__(self, instruments: Iterable[Instrument], latency_ns: int = TRAITS.latency_ns) -> None:
        super().__init__(instruments, latency_ns)
        self._markets = {s: _market(i, position) for position, (s, i) in enumerate(self.instruments.items())}
        self._requests = SlidingWindow(10, 2)

    def refuse_handshake(self, path: str, query: Mapping[str, str]) -> Answer | None:
        return None if path == SOCKET_PATH else not_found(path)

    def answer(self, path: str, query: Mapping[str, str], now_ns: int) -> Answer:
        if not self._requests.take(now_ns):
            return json_answer({"success": False, "code": TOO_FREQUENT, "message": "Requests are too frequent"})
        if path == CONTRACTS_PATH:
            return json_answer({"success": True, "code": 0, "data": self._rows()})
        if path.startswith(DEPTH_PATH):
            limit = query.get("limit", "")
            return self._depth_answer(path.removeprefix(DEPTH_PATH), int(limit) if limit.isdecimal() else 1000, now_ns)
        return self.facts_answer(path, query, now_ns)

    def facts_answer(self, path: str, query: Mapping[str, str], now_ns: int) -> Answer:
        """Tickers, and the funding rates of all; sizes are contracts."""
        if path == "/api/v1/contract/ticker":
            rows = [_ticker(one, held, now_ns) for one, held in self.facts(now_ns)]
            return json_answer({"success": True, "code": 0, "data": rows})
        if path == "/api/v1/contract/funding_rate":
            rows = [
                {
                    "symbol": one.symbol,
                    "fundingRate": held.rate,
                    "collectCycle": 8,
                    "nextSettleTime": held.next_seconds * 1000,
                    "timestamp": now_ns // 1_000_000,
                }
                for one, held in self.facts(now_ns)
            ]
            return json_answer({"success": True, "code": 0, "data": rows})
        return not_found(path)

    def on_open(self, session: Session, now_ns: int) -> None:
        session.memory["pinged_ns"] = now_ns

    async def on_text(self, session: Session, text: str, now_ns: int) -> None:
        try:
            request = as_dict(json.loads(text))
        except ValueError:
            return
        method, param = str(request.get("method")), as_dict(request.get("param"))
        operation, _, channel = method.partition(".")
        if method == "ping":
            session.memory["pinged_ns"] = now_ns
            _say(session, "pong", now_ns // 1_000_000, now_ns)
        elif operation in ("sub", "unsub") and channel in ("depth", "depth.full"):
            self._serve(session, method, param, now_ns)
        elif operation in ("sub", "unsub") and channel == "contract":
            (self.subscribe if operation == "sub" else self.unsubscribe)(session, STATUSES)
            _say(session, f"rs.{method}", "success", now_ns)

    async def on_timer(self, session: Session, now_ns: int) -> None:
        if now_ns - session.memory["pinged_ns"] > self.silence_seconds * 1e9:
            await session.close(1000, "no ping")
        for market in self._markets.values():  # what no later change has taken along
            if market.version > market.told_version and self._is_due(market, now_ns):
                self._tell_changes(market, now_ns)

    def publish_update(self, instrument: Instrument, is_depth_due: bool, now_ns: int) -> None:
        market = self._markets[instrument.symbol]
        market.version += market.rng.randint(1, 30)
        if is_depth_due and self._is_due(market, now_ns):
            self._tell_changes(market, now_ns)
        if now_ns - market.full_ns >= FULL_NS - EARLY_NS:
            market.full_ns = now_ns
            for limit in FULL_LIMITS:
                topic = f"full|{instrument.symbol}|{limit}"
                if self.has_listeners(topic):
                    self.publish(topic, self._full(market, limit, now_ns).encode())

    def tell_status(self, instrument: Instrument, now_ns: int) -> None:
        row = _row(instrument.symbol, instrument.listing.base, instrument.listing) | self.status_of(instrument)
        self.publish(
            STATUSES, _push(self._markets[instrument.symbol], "push.contract", json.dumps(row), now_ns).encode()
        )

    def symbol_of_topic(self, topic: str) -> str:
        return topic.split("|")[1]

    def symbol_of_snapshot(self, path: str, query: Mapping[str, str]) -> str | None:
        return path.removeprefix(DEPTH_PATH) if path.startswith(DEPTH_PATH) else None

    def topics_of_recording(self, frame: bytes, is_text: bool) -> list[str] | None:
        message = as_dict(json.loads(frame))
        match message.get("channel"):
            case "push.depth":
                return [f"depth|{message['symbol']}"]
            case "push.depth.full":
                return [f"full|{message['symbol']}|{limit}" for limit in FULL_LIMITS]
        return None

    def _serve(self, session: Session, method: str, param: dict[str, Any], now_ns: int) -> None:
        symbol, limit = str(param.get("symbol")), param.get("limit", 20)
        topic = f"full|{symbol}|{limit}" if method.endswith(".full") else f"depth|{symbol}"
        if symbol not in self.instruments:
            _say(session, "rs.error", f"Contract [{symbol}] not exists", now_ns)
        elif method.endswith(".full") and limit not in FULL_LIMITS:
            _say(session, "rs.error", "Not support limit", now_ns)
        elif method.startswith("un"):
            self.unsubscribe(session, topic)
            _say(session, f"rs.{method}", "success", now_ns)
        else:
            self.subscribe(session, topic)
            _say(session, f"rs.{method}", "success", now_ns)

    def _is_due(self, market: _Market, now_ns: int) -> bool:
        """Whether the changes since the last frame have waited long enough to be told in one."""
        return now_ns - market.told_ns >= self.frame_seconds * 1e9 - EARLY_NS

    def _tell_changes(self, market: _Market, now_ns: int) -> None:
        book, begin = market.instrument.book, market.told_version + 1
        bids, asks = book.bids.take_changes(), book.asks.take_changes()
        market.told_version, market.told_ns = market.version, now_ns
        topic = f"depth|{market.instrument.symbol}"
        if self.has_listeners(topic):
            market.rng.shuffle(bids)
            market.rng.shuffle(asks)
            data = (
                f'{{"cts":{self._cts(now_ns)},"asks":{_rows(market, asks)},"bids":{_rows(market, bids)},'
                f'"end":{market.version},"begin":{begin},"version":{market.version}}}'
            )
            self.publish_depth(market.instrument, topic, _push(market, "push.depth", data, now_ns).encode())

    def _full(self, market: _Market, limit: int, now_ns: int) -> str:
        book = market.instrument.book
        data = (
            f'{{"asks":{_rows(market, book.asks.levels(limit))},"bids":{_rows(market, book.bids.levels(limit))},'
            f'"cts":{self._cts(now_ns)},"version":{market.version}}}'
        )
        return _push(market, "push.depth.full", data, now_ns)

    def _depth_answer(self, symbol: str, limit: int, now_ns: int) -> Answer:
        market = self._markets.get(symbol)
        if market is None:  # a contract that is gone
            gone = {"asks": [], "bids": [], "version": 1, "timestamp": 1_600_000_000_000}
            return json_answer({"success": True, "code": 0, "data": gone})
        book = market.instrument.book
        if now_ns - market.fetched.taken_ns > REST_LAG_NS:
            market.fetched = _Fetched(now_ns, market.version, book.bids.levels(), book.asks.levels())
        fetched = market.fetched
        body = (
            f'{{"success":true,"code":0,"data":{{"asks":{_rows(market, fetched.asks[:limit])},'
            f'"bids":{_rows(market, fetched.bids[:limit])},"version":{fetched.version},'
            f'"timestamp":{now_ns // 1_000_000},"cts":null}}}}'  # as the venue's own answers
        )
        return Answer(200, body.encode())

    def _cts(self, now_ns: int) -> int:
        return self.exchange_ns(now_ns) // 1_000_000

    def _rows(self) -> list[dict[str, Any]]:
        """The real contracts, and what a client must leave out."""
        inverse = {"quoteCoin": "USD", "settleCoin": "BTC", "contractSize": 100}
        return [
            *(_row(i.symbol, i.listing.base, i.listing) | self.status_of(i) for i in self.instruments.values()),
            _row("BTC_USD", "BTC", None) | inverse,
            _row("BTC_USDT_261225", "BTC", None) | {"futureType": 2},
            _row("LUNA_USDT", "LUNA", None) | {"state": 3},
            _row("HIDDEN_USDT", "HIDDEN", None) | {"isHidden": True},
            _row("NVIDIA_USDT", "NVIDIA", None) | {"type": 2},
            _row("XBT_USDT", "XBT", None),
            _row("BROKEN_USDT", "BROKEN", None) | {"contractSize": {}},
        ]


def _market(instrument: Instrument, position: int) -> _Market:
    version = 8_752_807_948 + position * 10_000_019
    return _Market(instrument, random.Random(f"mexc:{position}"), version, version)


def _row(symbol: str, base: str, listing: Listing | None) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "displayNameEn": f"{symbol} PERPETUAL",
        "baseCoin": base,
        "quoteCoin": "USDT",
        "settleCoin": "USDT",
        "futureType": 1,
        "type": 1,
        "contractSize": listing.contract_size if listing else 1,
        "priceScale": listing.price_decimals if listing else 2,
        "priceUnit": 10.0 ** -(listing.price_decimals if listing else 2),
        "volUnit": 1,
        "minVol": 1,
        "maxVol": 1_000_000,
        "state": 0,
        "isHidden": False,
        "apiAllowed": True,
        "takerFeeRate": 0.0002,
        "makerFeeRate": 0,
    }


def _ticker(instrument: Instrument, held: Facts, now_ns: int) -> dict[str, Any]:
    return {
        "symbol": instrument.symbol,
        "amount24": held.volume,
        "holdVol": round(held.open_interest / instrument.listing.contract_size),
        "indexPrice": held.index,
        "fairPrice": held.mark,
        "fundingRate": held.rate,
        "maxBidPrice": held.mark * 1.1,
        "minAskPrice": held.mark * 0.9,
        "timestamp": now_ns // 1_000_000,
    }


def _rows(market: _Market, levels: list[Level]) -> str:
    """Price, contracts, orders; a removed level has none of either."""
    decimals, rng = market.instrument.listing.price_decimals, market.rng
    rows = (
        f"[{_spelt(price, decimals, rng)},{_volume(lots, rng)},{min(lots, 1 + lots % 9)}]" for price, lots in levels
    )
    return "[" + ",".join(rows) + "]"


def _spelt(units: int, decimals: int, rng: random.Random) -> str:
    """One price has many spellings: with and without trailing zeros, with an exponent."""
    text = decimal_text(units, decimals)
    draw = rng.random()
    if draw < 0.7:
        return text
    return format(Decimal(text).normalize(), "E" if draw < 0.8 else "f")


def _volume(lots: int, rng: random.Random) -> str:
    return f"{lots}.{'0' * 30}" if rng.random() < 0.05 else str(lots)


def _push(market: _Market, channel: str, data: str, now_ns: int) -> str:
    symbol = market.instrument.symbol
    return f'{{"symbol":"{symbol}","data":{data},"channel":"{channel}","ts":{now_ns // 1_000_000}}}'


def _say(session: Session, channel: str, data: str | int, now_ns: int) -> None:
    session.send_text(json.dumps({"channel": channel, "data": data, "ts": now_ns // 1_000_000}, ensure_ascii=False))


PLAYED = (TRAITS, MexcFace)
