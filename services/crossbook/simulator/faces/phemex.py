"""Phemex linear perpetuals: a window of levels told as snapshot and increments, with sequences that chain nothing.

Docs: https://phemex-docs.github.io. One symbol a subscription; unsubscribing takes all of them. Every 60 s the window
is told whole again, with the sequence of its last change. A connection that does not ping for 31 s is closed.
"""

import json
import random
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from crossbook.simulator.faces.base import Face, as_dict, not_found
from crossbook.simulator.faces.window import Window
from crossbook.simulator.wire.answer import Answer, json_answer
from crossbook.simulator.wire.session import Session
from crossbook.simulator.world.book import Level
from crossbook.simulator.world.facts import Facts
from crossbook.simulator.world.listing import Asset, Listing, decimal_text, listing_in_base_units
from crossbook.simulator.world.world import Instrument, Traits

SUBSCRIPTIONS_PER_CONNECTION = 101
DEPTHS = (1, 5, 10, 30)
INVALID_ARGUMENT, LIMIT_EXCEEDED = (6001, "invalid argument"), (6015, "subscription limit exceeded")


def list_asset(asset: Asset) -> Listing:
    """BTCUSDT; cheap coins by the thousand as u1000PEPEUSDT."""
    return listing_in_base_units(asset, "{base}USDT", "u1000")


TRAITS = Traits("phemex", 0.06, 0.008, 1, 10_000_000, list_asset)


class PhemexFace(Face):
    """See the module. Topics are `<symbol>|<depth>`."""

    venue = "phemex"
    halted_row: ClassVar[dict[str, Any]] = {"status": "Delisted"}
    ping_seconds = 60.0  # never: the client pings
    silence_seconds = 31.0
    snapshot_seconds = 60.0

    def __init__(self, instruments: Iterable[Instrument], latency_ns: int = TRAITS.latency_ns) -> None:
        super().__init__(instruments, latency_ns)
        self._rng = random.Random("sequence:phemex")
        self._sequence = 68_604_886_383  # of all symbols together
        self._windows: dict[str, Window] = {}

    def refuse_handshake(self, path: str, query: Mapping[str, str]) -> Answer | None:
        return None if path == "/" and not query else not_found(path)

    def answer(self, path: str, query: Mapping[str, str], now_ns: int) -> Answer:
        if path != "/public/products":
            return self.facts_answer(path, query, now_ns)
        data = {"ratioScale": 8, "products": _other_products(), "perpProductsV2": self._rows()}
        return json_answer({"code": 0, "msg": "", "data": data})

    def facts_answer(self, path: str, query: Mapping[str, str], now_ns: int) -> Answer:
        """The tickers of all, and the funding rates of all."""
        if path == "/md/v3/ticker/24hr/all":
            rows = [_ticker(one.symbol, held, now_ns) for one, held in self.facts(now_ns)]
            return json_answer({"error": None, "id": 0, "result": rows})
        if path == "/contract-biz/public/real-funding-rates":
            rows = [
                {
                    "symbol": one.symbol,
                    "fundingRate": f"{held.rate:.8f}",
                    "fundingInterval": held.interval_seconds,
                    "nextfundingTime": held.next_seconds * 1000,
                }
                for one, held in self.facts(now_ns)
            ]
            return json_answer({"code": 0, "msg": "OK", "data": {"total": len(rows), "rows": rows}})
        return not_found(path)

    def on_open(self, session: Session, now_ns: int) -> None:
        session.memory["pinged_ns"] = now_ns

    async def on_text(self, session: Session, text: str, now_ns: int) -> None:
        try:
            request = as_dict(json.loads(text))
        except ValueError:
            request = {}
        method, request_id = request.get("method"), request.get("id")
        if method == "server.ping":
            session.memory["pinged_ns"] = now_ns
            _reply(session, request_id, "pong")
        elif method == "orderbook_p.subscribe":
            self._subscribe(session, request_id, request.get("params"), now_ns)
        elif method == "orderbook_p.unsubscribe":
            for topic in list(session.topics):
                self.unsubscribe(session, topic)
            _reply(session, request_id, {"status": "success"})
        else:
            _refuse(session, request_id, INVALID_ARGUMENT)

    async def on_timer(self, session: Session, now_ns: int) -> None:
        if now_ns - session.memory["pinged_ns"] > self.silence_seconds * 1e9:
            await session.close(1000, "")

    def publish_update(self, instrument: Instrument, is_depth_due: bool, now_ns: int) -> None:
        self._sequence += self._rng.randint(1, 40)
        for depth in DEPTHS:
            window = self._windows.get(_topic(instrument.symbol, depth))
            if window is not None and self.has_listeners(window.topic):
                self._tell_changes(window, now_ns)
                if now_ns - window.told_ns >= self.snapshot_seconds * 1e9:
                    window.told_ns = now_ns
                    self.publish_depth(instrument, window.topic, self._snapshot(window, now_ns).encode())

    def symbol_of_topic(self, topic: str) -> str:
        return topic.partition("|")[0]

    def topics_of_recording(self, frame: bytes, is_text: bool) -> list[str] | None:
        message = as_dict(json.loads(frame))
        return [_topic(str(message["symbol"]), int(message["depth"]))] if "orderbook_p" in message else None

    def _subscribe(self, session: Session, request_id: Any, params: Any, now_ns: int) -> None:
        symbol, depth = _read(params)
        instrument = self.instruments.get(symbol)
        topic = _topic(symbol, depth)
        if instrument is None or depth not in DEPTHS:
            _refuse(session, request_id, INVALID_ARGUMENT)
        elif topic not in session.topics and len(session.topics) >= SUBSCRIPTIONS_PER_CONNECTION:
            _refuse(session, request_id, LIMIT_EXCEEDED)
        else:
            _reply(session, request_id, {"status": "success"})
            self._welcome(session, instrument, depth, now_ns)

    def _welcome(self, session: Session, instrument: Instrument, depth: int, now_ns: int) -> None:
        """A snapshot, also for who has the book already (not confirmed); others first get what is pending."""
        topic = _topic(instrument.symbol, depth)
        window = self._windows.setdefault(topic, Window(instrument, depth, topic))
        if not self.is_world_hidden:
            self._tell_changes(window, now_ns)
        if not self.has_listeners(topic):
            window.told_ns = now_ns
        self.subscribe(session, topic)
        if not self.is_world_hidden and not self.omits_snapshots:
            session.send_text(self._snapshot(window, now_ns))

    def _tell_changes(self, window: Window, now_ns: int) -> None:
        bids, asks = window.take_changes()
        if bids or asks:
            window.sequence = self._sequence
            frame = self._frame(window, "incremental", bids, asks, now_ns)
            self.publish_depth(window.instrument, window.topic, frame.encode())

    def _snapshot(self, window: Window, now_ns: int) -> str:
        bids, asks = window.told()
        return self._frame(window, "snapshot", bids, asks, now_ns)

    def _frame(self, window: Window, kind: str, bids: list[Level], asks: list[Level], now_ns: int) -> str:
        listing, at_ns = window.instrument.listing, self.exchange_ns(now_ns)
        return (
            f'{{"depth":{window.depth},"dts":{at_ns + 2_000_000},"mts":{at_ns + 1_000_000},'
            f'"orderbook_p":{{"asks":{_levels(listing, asks)},"bids":{_levels(listing, bids)}}},'
            f'"sequence":{window.sequence},"symbol":"{listing.symbol}","timestamp":{at_ns},"type":"{kind}"}}'
        )

    def _rows(self) -> list[dict[str, Any]]:
        """The real perpetuals, and what a client must leave out: delisted, of another kind, malformed."""
        rows = [
            _row(i.symbol, i.asset, i.listing, code) | self.status_of(i)
            for code, i in enumerate(self.instruments.values())
        ]
        return [
            *rows,
            _row("LUNAUSDT", "LUNA", None, 901) | {"status": "Delisted"},
            _row("TSLAUSDT", "TSLA", None, 902) | {"perpProductSubType": "TradFi"},
            _row("SOONUSDT", "SOON", None, 903) | {"perpProductSubType": "PreMarket"},
            _row("BROKENUSDT", "BROKEN", None, 904) | {"tickSize": None, "qtyStepSize": "one"},
        ]


def _topic(symbol: str, depth: int) -> str:
    return f"{symbol}|{depth}"


def _read(params: Any) -> tuple[str, int]:
    """Symbol and depth of [symbol] or [symbol, false, depth]; the full book and its slower kin are not played."""
    match params:
        case [str(symbol)]:
            return symbol, 30
        case [str(symbol), False, int(depth)]:
            return symbol, depth or 30
    return "", 0


def _other_products() -> list[dict[str, Any]]:
    inverse = {"symbol": "BTCUSD", "type": "Perpetual", "quoteCurrency": "USD", "settleCurrency": "BTC"}
    spot = {"symbol": "sBTCUSDT", "type": "Spot", "quoteCurrency": "USDT", "baseCurrency": "BTC"}
    return [inverse | {"status": "Listed"}, spot | {"status": "Listed"}]


def _row(symbol: str, asset: str, listing: Listing | None, code: int) -> dict[str, Any]:
    """A multiplied base is spelled with a space."""
    price_decimals, size_decimals = (listing.price_decimals, listing.size_decimals) if listing else (2, 2)
    base = f"{listing.multiplier:.0f} {asset}" if listing and listing.multiplier > 1 else asset
    return {
        "symbol": symbol,
        "code": 41_541 + code,
        "type": "PerpetualV2",
        "displaySymbol": f"{base} / USDT",
        "baseCurrency": base,
        "quoteCurrency": "USDT",
        "settleCurrency": "USDT",
        "status": "Listed",
        "perpProductSubType": "Normal",
        "tickSize": decimal_text(1, price_decimals),
        "qtyStepSize": decimal_text(1, size_decimals),
        "qtyPrecision": size_decimals,
        "pricePrecision": price_decimals,
        "fundingInterval": 28_800,
        "maxOrderQtyRq": "1000000",
        "minOrderValueRv": "1",
        "minPriceRp": decimal_text(1, price_decimals),
        "maxPriceRp": "2000000000",
    }


def _ticker(symbol: str, held: Facts, now_ns: int) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "fundingRateRr": f"{held.rate:.8f}",
        "predFundingRateRr": f"{held.predicted:.8f}",
        "markRp": f"{held.mark:.10g}",
        "indexRp": f"{held.index:.10g}",
        "openInterestRv": f"{held.open_interest:.4f}",
        "turnoverRv": f"{held.volume:.4f}",
        "timestamp": now_ns,
    }


def _levels(listing: Listing, levels: list[Level]) -> str:
    decimals, lot_decimals = listing.price_decimals, listing.size_decimals
    texts = (f'["{decimal_text(p, decimals)}","{decimal_text(s, lot_decimals)}"]' for p, s in levels)
    return "[" + ",".join(texts) + "]"


def _reply(session: Session, request_id: Any, result: Any) -> None:
    session.send_text(_dump({"error": None, "id": request_id, "result": result}))


def _refuse(session: Session, request_id: Any, error: tuple[int, str]) -> None:
    code, message = error
    session.send_text(_dump({"error": {"code": code, "message": message}, "id": request_id, "result": None}))


def _dump(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))


PLAYED = (TRAITS, PhemexFace)
