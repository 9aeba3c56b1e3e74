"""Gate USDT futures: sizes in contracts, books on the socket chained by U = u + 1, tickers of the same ids.

Docs: https://www.gate.com/docs/developers/futures/ws/en. A contract that the depth channel does not know is
acknowledged and silent. Without the handshake header X-Gate-Size-Decimal the tickers' sizes are whole numbers, cut. A
socket that is neither subscribed nor heard of for 30.5 s is dropped.
"""

import json
import math
import random
import re
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

SOCKET_PATH = "/v4/ws/usdt"
CONTRACTS_PATH = "/api/v4/futures/usdt/contracts"
OBU, TICKER, WHOLE_TICKER = "futures.obu", "futures.book_ticker", "futures.book_ticker.whole"
SIZE_HEADER = "X-Gate-Size-Decimal"
MOST_ROWS = 100  # of a list that is asked for with a limit
FRACTIONAL = frozenset({"ETH", "SOL", "XRP", "PEPE", "TRX"})  # their contracts trade in tenths
IDS_ONLY = 0.3  # share of depth frames behind which another one without levels follows
BAD_STRUCTURE, BAD_ARGUMENT = 1, 2
_STREAM = re.compile(r"ob\.(?P<contract>.+)\.(?P<levels>\d+)")


def list_asset(asset: Asset) -> Listing:
    """BTC_USDT; prices are per coin, of cheap coins a contract holds many."""
    contract_size = 10.0 ** round(math.log10(6 / asset.price))
    lot_decimals = 1 if asset.name in FRACTIONAL else 0
    return Listing(f"{asset.name}_USDT", asset.name, 1.0, price_decimals(asset.price), lot_decimals, contract_size)


TRAITS = Traits("gateio", 0.05, 0.0065, 0, 5_000_000, list_asset)


class _Market:
    """Gate's own view of an instrument: its order book ids, without holes."""

    def __init__(self, instrument: Instrument, position: int) -> None:
        self.instrument = instrument
        self.rng = random.Random(f"gate:{position}")
        self.update_id = 125_033_675_973 + position * 1_000_003
        self.told_id = self.update_id


class GateioFace(Face):
    """See the module. Topics are `<channel>|<payload>`."""

    venue = "gateio"
    halted_row: ClassVar[dict[str, Any]] = {"status": "circuit_breaker"}
    ping_seconds = math.inf
    silence_seconds = 30.5

    def __init__(self, instruments: Iterable[Instrument], latency_ns: int = TRAITS.latency_ns) -> None:
        super().__init__(instruments, latency_ns)
        self._markets = {s: _Market(i, position) for position, (s, i) in enumerate(self.instruments.items())}
        self._requests = SlidingWindow(200, 10)
        self._rng = random.Random("acks")

    def refuse_handshake(self, path: str, query: Mapping[str, str]) -> Answer | None:
        return None if path == SOCKET_PATH else not_found(path)

    def answer(self, path: str, query: Mapping[str, str], now_ns: int) -> Answer:
        if not self._requests.take(now_ns):
            return json_answer({"label": "TOO_MANY_REQUESTS", "message": "Request Rate limit Exceeded"}, 429)
        if path != CONTRACTS_PATH:
            return self.facts_answer(path, query, now_ns)
        limit = query.get("limit", "")
        rows = self._rows(now_ns)
        return json_answer(rows[: min(MOST_ROWS, int(limit))] if limit.isdecimal() else rows)

    def facts_answer(self, path: str, query: Mapping[str, str], now_ns: int) -> Answer:
        """Tickers; sizes are contracts."""
        if path != "/api/v4/futures/usdt/tickers":
            return not_found(path)
        rows = [
            {
                "contract": one.symbol,
                "mark_price": f"{held.mark:.10g}",
                "index_price": f"{held.index:.10g}",
                "funding_rate": f"{held.rate:.8f}",
                "volume_24h_quote": f"{held.volume:.0f}",
                "total_size": f"{held.open_interest / one.listing.contract_size:.0f}",
            }
            for one, held in self.facts(now_ns)
        ]
        return json_answer(rows)

    def on_open(self, session: Session, now_ns: int) -> None:
        is_exact = session.headers.get(SIZE_HEADER) == "1"
        session.memory["ticker"] = TICKER if is_exact else WHOLE_TICKER

    async def on_text(self, session: Session, text: str, now_ns: int) -> None:
        try:
            request = as_dict(json.loads(text))
        except ValueError:
            request = {}
        channel, event, payload = request.get("channel"), request.get("event"), request.get("payload")
        if channel == "futures.ping":
            session.send_text(_dump(_head(now_ns) | {"channel": "futures.pong", "event": "", "result": None}))
        elif event not in ("subscribe", "unsubscribe") or not isinstance(payload, list) or not payload:
            _answer(session, request, now_ns, BAD_STRUCTURE, "invalid request")
        elif event == "subscribe":
            self._subscribe(session, str(channel), [str(name) for name in payload], request, now_ns)
        else:
            for name in payload:
                self.unsubscribe(session, self._topic(session, str(channel), str(name)))
            _answer(session, request, now_ns)

    async def on_timer(self, session: Session, now_ns: int) -> None:
        if not session.topics and now_ns - session.last_received_ns > self.silence_seconds * 1e9:
            session.abort()

    def publish_update(self, instrument: Instrument, is_depth_due: bool, now_ns: int) -> None:
        market = self._markets[instrument.symbol]
        market.update_id += market.rng.randint(1, 40)
        for channel in (TICKER, WHOLE_TICKER):
            topic = f"{channel}|{instrument.symbol}"
            if self.has_listeners(topic):
                self.publish(topic, self._ticker(market, channel == TICKER, now_ns).encode())
        if is_depth_due:
            self._tell_changes(market, now_ns)
            if market.rng.random() < IDS_ONLY:
                market.update_id += 1
                self._tell_changes(market, now_ns)

    def symbol_of_topic(self, topic: str) -> str:
        name = topic.partition("|")[2]
        stream = _STREAM.fullmatch(name)
        return stream["contract"] if stream else name

    def topics_of_recording(self, frame: bytes, is_text: bool) -> list[str] | None:
        message = as_dict(json.loads(frame))
        channel, result = message.get("channel"), as_dict(message.get("result"))
        if channel not in (OBU, TICKER) or "s" not in result:
            return None
        return [f"{channel}|{result['s']}"] + ([f"{WHOLE_TICKER}|{result['s']}"] if channel == TICKER else [])

    def _subscribe(
        self, session: Session, channel: str, names: list[str], request: dict[str, Any], now_ns: int
    ) -> None:
        complaint = next(filter(None, (self._complaint(session, channel, name) for name in names)), None)
        if complaint is not None:
            _answer(session, request, now_ns, BAD_ARGUMENT, complaint)
            return
        is_ack_late = self._rng.random() < 0.5  # the first books may come before it
        if not is_ack_late:
            _answer(session, request, now_ns)
        for name in names:
            topic = self._topic(session, channel, name)
            market = self._markets.get(self.symbol_of_topic(topic))
            if channel == OBU and market is not None and not self.is_world_hidden:
                self._tell_changes(market, now_ns)  # to those who listen already
            self.subscribe(session, topic)
            if channel == OBU and market is not None and not self.is_world_hidden and not self.omits_snapshots:
                session.send_text(self._full(market, name, now_ns))
        if is_ack_late:
            _answer(session, request, now_ns)

    def _complaint(self, session: Session, channel: str, name: str) -> str | None:
        if channel not in (OBU, TICKER):
            return f"unknown channel {channel}"
        stream = _STREAM.fullmatch(name)
        if channel == OBU and (stream is None or stream["levels"] not in ("50", "400")):
            return "provided level not supported"
        if channel == TICKER and name not in self.instruments:
            return f"unknown currency pair: {name}"
        is_known = channel == OBU and self._topic(session, channel, name) in session.topics
        return f"Alert sub {name}" if is_known else None

    def _topic(self, session: Session, channel: str, name: str) -> str:
        return f"{session.memory['ticker'] if channel == TICKER else channel}|{name}"

    def _tell_changes(self, market: _Market, now_ns: int) -> None:
        if market.update_id == market.told_id:
            return
        book, first = market.instrument.book, market.told_id + 1
        sides = {"b": book.bids.take_changes(), "a": book.asks.take_changes()}
        market.told_id = market.update_id
        texts = []
        for name, levels in sides.items():
            market.rng.shuffle(levels)
            texts += [f',"{name}":{_levels(market, levels)}'] if levels else []
        for levels_told in (50, 400):
            stream = f"ob.{market.instrument.symbol}.{levels_told}"
            if self.has_listeners(f"{OBU}|{stream}"):
                ids = f'"s":"{stream}","U":{first},"u":{market.told_id}'
                frame = self._obu(ids + "".join(texts), now_ns)
                self.publish_depth(market.instrument, f"{OBU}|{stream}", frame.encode())

    def _full(self, market: _Market, stream: str, now_ns: int) -> str:
        book = market.instrument.book
        sides = f'"b":{_levels(market, book.bids.levels())},"a":{_levels(market, book.asks.levels())}'
        return self._obu(f'"full":true,"s":"{stream}","u":{market.told_id},{sides}', now_ns)

    def _obu(self, result: str, now_ns: int) -> str:
        engine_ms = self.exchange_ns(now_ns) // 1_000_000
        return f'{{"channel":"{OBU}","result":{{"t":{engine_ms},{result}}},"time_ms":{now_ns // 1_000_000}}}'

    def _ticker(self, market: _Market, is_exact: bool, now_ns: int) -> str:
        listing, symbol = market.instrument.listing, market.instrument.symbol
        bid, bid_lots, ask, ask_lots = market.instrument.book.top()
        bid_size, ask_size = (
            f'"{_size(lots, listing.size_decimals)}"' if is_exact else str(lots // 10**listing.size_decimals)
            for lots in (bid_lots, ask_lots)
        )
        now_ms, engine_ms = now_ns // 1_000_000, self.exchange_ns(now_ns) // 1_000_000
        return (
            f'{{"time":{now_ms // 1000},"time_ms":{now_ms},"channel":"{TICKER}","event":"update","result":'
            f'{{"t":{engine_ms},"u":{market.update_id},"s":"{symbol}",'
            f'"b":"{decimal_text(bid, listing.price_decimals)}","B":{bid_size},'
            f'"a":"{decimal_text(ask, listing.price_decimals)}","A":{ask_size}}}}}'
        )

    def _rows(self, now_ns: int) -> list[dict[str, Any]]:
        """The real contracts, and what a client must leave out."""
        return [
            *(_row(i.symbol, i.listing) | _told(held) | self.status_of(i) for i, held in self.facts(now_ns)),
            _row("BTC_USD", None) | {"type": "inverse", "quanto_multiplier": "0"},
            _row("LUNA_USDT", None) | {"status": "delisting"},
            _row("GOING_USDT", None) | {"in_delisting": True},
            _row("SOON_USDT", None) | {"status": "prelaunch", "is_pre_market": True},
            _row("TSLAX_USDT", None) | {"contract_type": "stocks"},
            _row("BROKEN_USDT", None) | {"quanto_multiplier": None},
        ]


def _row(name: str, listing: Listing | None) -> dict[str, Any]:
    decimals, lot_decimals, size = (
        (listing.price_decimals, listing.size_decimals, listing.contract_size) if listing else (2, 0, 1.0)
    )
    return {
        "name": name,
        "type": "direct",
        "quanto_multiplier": f"{size:.12f}".rstrip("0").rstrip("."),
        "order_price_round": decimal_text(1, decimals),
        "order_size_min": decimal_text(1, lot_decimals) if lot_decimals else 1,
        "enable_decimal": lot_decimals > 0,
        "status": "trading",
        "in_delisting": False,
        "is_pre_market": False,
        "contract_type": "",
        "funding_rate": "0.0001",
        "funding_interval": 28800,
        "maker_fee_rate": "-0.0001",
        "taker_fee_rate": "0.00075",
    }


def _told(held: Facts) -> dict[str, Any]:
    return {
        "funding_rate": f"{held.rate:.8f}",
        "funding_interval": held.interval_seconds,
        "funding_next_apply": held.next_seconds,
        "mark_price": f"{held.mark:.10g}",
        "order_price_deviate": "0.5",
        "order_size_max": 1_000_000,
    }


def _levels(market: _Market, levels: list[Level]) -> str:
    listing = market.instrument.listing
    decimals, lot_decimals = listing.price_decimals, listing.size_decimals
    return "[" + ",".join(f'["{decimal_text(p, decimals)}","{_size(s, lot_decimals)}"]' for p, s in levels) + "]"


def _size(lots: int, decimals: int) -> str:
    """Contracts without trailing zeros."""
    text = decimal_text(lots, decimals)
    return text.rstrip("0").rstrip(".") if decimals else text


def _answer(session: Session, request: dict[str, Any], now_ns: int, code: int = 0, message: str = "") -> None:
    """One answer per request, whatever it names."""
    error = {"error": {"code": code, "message": message}} if code else {}
    told = {key: request[key] for key in ("id", "channel", "event", "payload") if key in request}
    status = {"result": {"status": "fail" if code else "success"}}
    session.send_text(_dump(_head(now_ns) | {"conn_id": "28838ac31473dcbb"} | told | error | status))


def _head(now_ns: int) -> dict[str, Any]:
    return {"time": now_ns // 1_000_000_000, "time_ms": now_ns // 1_000_000}


def _dump(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


PLAYED = (TRAITS, GateioFace)
