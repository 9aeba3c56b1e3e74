"""OKX v5 swaps: sizes in contracts, numbers as strings, books chained by prevSeqId -> seqId, pings as bare text.

Docs: https://www.okx.com/docs-v5. 480 subscribe and unsubscribe requests an hour per connection; a connection that
hears nothing and is sent nothing for 30 s is closed. The checksum is always 0.
"""

import json
import math
import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from crossbook.simulator.faces.base import Face, as_dict, not_found
from crossbook.simulator.wire.answer import Answer, json_answer
from crossbook.simulator.wire.limits import SlidingWindow
from crossbook.simulator.wire.session import Session
from crossbook.simulator.world.book import Level
from crossbook.simulator.world.facts import Facts
from crossbook.simulator.world.listing import Asset, Listing, decimal_text, price_decimals
from crossbook.simulator.world.world import Instrument, Traits

REQUESTS_PER_HOUR = 480
MAX_REQUEST_BYTES = 64 * 1024
CHANNELS = ("bbo-tbt", "books", "books5")
LOGIN_CHANNELS = ("books-l2-tbt", "books50-l2-tbt")
CONNECTION_ID = "a4d3ae55"
STATUSES = "instruments|"


def list_asset(asset: Asset) -> Listing:
    """BTC-USDT-SWAP; cheap coins are not multiplied but have large contracts, some of them in whole contracts only."""
    contract_size = 10.0 ** round(math.log10(600 / asset.price))
    lot_decimals = 2 if asset.price > 1 else 1 if asset.price > 0.01 else 0
    symbol = f"{asset.name}-USDT-SWAP"
    return Listing(symbol, asset.name, 1.0, price_decimals(asset.price), lot_decimals, contract_size)


TRAITS = Traits("okx", 0.05, 0.007, 1, 8_000_000, list_asset, stablecoins=frozenset({"USDC"}))


class _Market:
    """OKX's own view of an instrument: its sequence ids, which jump."""

    def __init__(self, instrument: Instrument, position: int) -> None:
        self.instrument = instrument
        self.rng = random.Random(f"seqId:{position}")
        self.sequence = 123_456 + position * 100_003
        self.told_sequence = self.sequence
        self.told_ns = 0


class OkxFace(Face):
    """See the module. Topics are `<channel>|<instId>`, and `instruments|`."""

    venue = "okx"
    halted_row: ClassVar[dict[str, Any]] = {"state": "suspend"}
    ping_seconds = math.inf
    silence_seconds = 30.0
    keepalive_seconds = 60.0

    def __init__(self, instruments: Iterable[Instrument], latency_ns: int = TRAITS.latency_ns) -> None:
        super().__init__(instruments, latency_ns)
        self._markets = {s: _Market(i, position) for position, (s, i) in enumerate(self.instruments.items())}
        self._requests = SlidingWindow(40, 2)

    def refuse_handshake(self, path: str, query: Mapping[str, str]) -> Answer | None:
        return None if path == "/ws/v5/public" else not_found(path)

    def answer(self, path: str, query: Mapping[str, str], now_ns: int) -> Answer:
        if not self._requests.take(now_ns):
            return json_answer({"code": "50011", "msg": "Too Many Requests", "data": []}, 429, {"Retry-After": "2"})
        if path == "/api/v5/public/instruments":
            return self._instruments_answer(query.get("instType"))
        if path == "/api/v5/market/books":
            return self._books_answer(query.get("instId", ""), query.get("sz", "1"), now_ns)
        return self.facts_answer(path, query, now_ns)

    def facts_answer(self, path: str, query: Mapping[str, str], now_ns: int) -> Answer:
        """Each fact is an answer of its own; limits are told of one swap at a time."""
        held = {one.symbol: facts for one, facts in self.facts(now_ns)}
        wanted = [query["instId"]] if query.get("instId") in held else list(held)
        make = _FACT_ROWS.get(path)
        if make is None:
            return not_found(path)
        rows = [make(symbol, held[symbol]) | {"ts": str(now_ns // 1_000_000)} for symbol in wanted]
        return json_answer({"code": "0", "msg": "", "data": rows})

    def on_open(self, session: Session, now_ns: int) -> None:
        session.messages = SlidingWindow(REQUESTS_PER_HOUR, 3600)

    async def on_text(self, session: Session, text: str, now_ns: int) -> None:
        if text == "ping":
            session.send_text("pong")
            return
        try:
            request = as_dict(json.loads(text))
        except ValueError:
            request = {}
        operation, args = request.get("op"), request.get("args")
        if operation not in ("subscribe", "unsubscribe") or not isinstance(args, list) or len(text) > MAX_REQUEST_BYTES:
            _refuse(session, "60012", f"Invalid request: {text[:200]}")
        elif session.messages is not None and not session.messages.take(now_ns):
            _refuse(session, "60014", "Requests too frequent")
        else:
            for arg in args:
                self._serve(session, operation, as_dict(arg), request.get("id"), now_ns)

    async def on_timer(self, session: Session, now_ns: int) -> None:
        if now_ns - max(session.last_received_ns, session.last_sent_ns) > self.silence_seconds * 1e9:
            await session.close(4004, "No data received in 30s.")
            return
        for topic in () if self.is_world_hidden else session.topics:
            channel, _, symbol = topic.partition("|")
            market = self._markets.get(symbol)
            if channel == "books" and market and 0 < market.told_ns < now_ns - self.keepalive_seconds * 1e9:
                self._tell_books(market, [], [], now_ns)

    def publish_update(self, instrument: Instrument, is_depth_due: bool, now_ns: int) -> None:
        market = self._markets[instrument.symbol]
        market.sequence += market.rng.randint(1, 30)
        for channel, count in (("bbo-tbt", 1), ("books5", 5)):
            topic = f"{channel}|{instrument.symbol}"
            if (channel == "bbo-tbt" or is_depth_due) and self.has_listeners(topic):
                self.publish(topic, self._top(market, channel, count, now_ns).encode())
        if is_depth_due:
            self._tell_changes(market, now_ns)

    def tell_status(self, instrument: Instrument, now_ns: int) -> None:
        position = list(self._markets).index(instrument.symbol)
        self.publish(STATUSES, _statuses([self._instrument_row(position, instrument)]).encode())

    def symbol_of_topic(self, topic: str) -> str:
        return topic.partition("|")[2]

    def symbol_of_snapshot(self, path: str, query: Mapping[str, str]) -> str | None:
        return query.get("instId") if path == "/api/v5/market/books" else None

    @classmethod
    def is_captured(cls, first_line: str) -> bool:
        """By the host that was dialled."""
        return "okx.com" in first_line

    def topics_of_recording(self, frame: bytes, is_text: bool) -> list[str] | None:
        message = as_dict(json.loads(frame))
        arg = as_dict(message.get("arg"))
        return [f"{arg.get('channel')}|{arg.get('instId')}"] if "data" in message else None

    def restart_sequence(self, symbol: str) -> None:
        """Maintenance: the next update's seqId is smaller than its prevSeqId, and the chain goes on from there."""
        self._markets[symbol].sequence = 1_000

    def _serve(self, session: Session, operation: str, arg: dict[str, Any], request_id: Any, now_ns: int) -> None:
        channel, symbol = str(arg.get("channel")), str(arg.get("instId"))
        if channel in LOGIN_CHANNELS:
            _refuse(session, "60011", "Please log in")
            return
        if channel == "instruments" and arg.get("instType") == "SWAP":
            self._serve_statuses(session, operation, arg, request_id)
            return
        if channel not in CHANNELS or symbol not in self._markets:
            _refuse(session, "60018", f"Wrong URL or channel:{channel},instId:{symbol} doesn't exist.")
            return
        topic = f"{channel}|{symbol}"
        if operation == "unsubscribe":
            self.unsubscribe(session, topic)
            _acknowledge(session, operation, arg, request_id)
            return
        market = self._markets[symbol]
        if channel == "books" and not self.is_world_hidden:
            self._tell_changes(market, now_ns)
        is_new = self.subscribe(session, topic)
        _acknowledge(session, operation, arg, request_id)
        if is_new and not self.is_world_hidden:
            self._welcome(session, market, channel, now_ns)

    def _serve_statuses(self, session: Session, operation: str, arg: dict[str, Any], request_id: Any) -> None:
        """All of them at first."""
        _acknowledge(session, operation, arg, request_id)
        if operation == "unsubscribe":
            self.unsubscribe(session, STATUSES)
        elif self.subscribe(session, STATUSES) and not self.is_world_hidden:
            session.send_text(_statuses(self._rows()))

    def _welcome(self, session: Session, market: _Market, channel: str, now_ns: int) -> None:
        book = market.instrument.book
        if channel != "books":
            session.send_text(self._top(market, channel, 1 if channel == "bbo-tbt" else 5, now_ns))
        elif not self.omits_snapshots:
            levels = (book.bids.levels(400), book.asks.levels(400))
            session.send_text(self._books(market, "snapshot", *levels, -1, now_ns))

    def _tell_changes(self, market: _Market, now_ns: int) -> None:
        book = market.instrument.book
        if book.has_changes():
            self._tell_books(market, book.bids.take_changes(), book.asks.take_changes(), now_ns)

    def _tell_books(self, market: _Market, bids: list[Level], asks: list[Level], now_ns: int) -> None:
        previous, market.told_sequence, market.told_ns = market.told_sequence, market.sequence, now_ns
        topic = f"books|{market.instrument.symbol}"
        if self.has_listeners(topic):
            frame = self._books(market, "update", bids, asks, previous, now_ns)
            self.publish_depth(market.instrument, topic, frame.encode())

    def _books(
        self, market: _Market, action: str, bids: list[Level], asks: list[Level], previous: int, now_ns: int
    ) -> str:
        return (
            f'{{"arg":{{"channel":"books","instId":"{market.instrument.symbol}"}},"action":"{action}",'
            f'"data":[{{"asks":{_levels(market, asks)},"bids":{_levels(market, bids)},"ts":"{self._ts(now_ns)}",'
            f'"checksum":0,"prevSeqId":{previous},"seqId":{market.sequence}}}]}}'
        )

    def _top(self, market: _Market, channel: str, count: int, now_ns: int) -> str:
        book = market.instrument.book
        bid, bid_size, ask, ask_size = book.top()
        bids, asks = [(bid, bid_size)], [(ask, ask_size)]
        if count > 1:
            bids, asks = book.bids.levels(count), book.asks.levels(count)
        return (
            f'{{"arg":{{"channel":"{channel}","instId":"{market.instrument.symbol}"}},'
            f'"data":[{{"asks":{_levels(market, asks)},"bids":{_levels(market, bids)},'
            f'"ts":"{self._ts(now_ns)}","seqId":{market.sequence}}}]}}'
        )

    def _ts(self, now_ns: int) -> int:
        return self.exchange_ns(now_ns) // 1_000_000

    def _instruments_answer(self, kind: str | None) -> Answer:
        if kind is None:
            return json_answer({"code": "50014", "msg": "Parameter instType can not be empty.", "data": []}, 400)
        return json_answer({"code": "0", "msg": "", "data": self._rows() if kind == "SWAP" else []})

    def _books_answer(self, symbol: str, size: str, now_ns: int) -> Answer:
        market = self._markets.get(symbol)
        if market is None:
            return json_answer({"code": "51001", "msg": "Instrument ID doesn't exist", "data": []})
        book, count = market.instrument.book, min(400, int(size) if size.isdecimal() else 1)
        bids, asks = _levels(market, book.bids.levels(count)), _levels(market, book.asks.levels(count))
        body = (
            f'{{"code":"0","msg":"","data":[{{"asks":{asks},"bids":{bids},'
            f'"ts":"{self._ts(now_ns)}","seqId":{market.sequence}}}]}}'
        )
        return Answer(200, body.encode())

    def _instrument_row(self, position: int, instrument: Instrument) -> dict[str, Any]:
        row = _row(instrument.symbol, instrument.asset, instrument.listing, position)
        return row | self.status_of(instrument)

    def _rows(self) -> list[dict[str, Any]]:
        """The real swaps, and what a client must leave out: inverse, suspended, not yet open with empty numbers."""
        inverse = {"ctType": "inverse", "settleCcy": "BTC", "ctVal": "100", "ctValCcy": "USD", "uly": "BTC-USD"}
        unopened = {"state": "preopen", "ctVal": "", "tickSz": "", "lotSz": ""}
        return [
            *(self._instrument_row(position, i) for position, i in enumerate(self.instruments.values())),
            _row("BTC-USD-SWAP", "BTC", None, 901) | inverse | {"instFamily": "BTC-USD"},
            _row("LUNA-USDT-SWAP", "LUNA", None, 902) | {"state": "suspend"},
            _row("SOON-USDT-SWAP", "SOON", None, 903) | unopened,
            _row("BROKEN-USDT-SWAP", "BROKEN", None, 904) | {"ctVal": "a tenth", "tickSz": None},
        ]


def _row(symbol: str, base: str, listing: Listing | None, code: int) -> dict[str, Any]:
    """Every third contract states its size as ctVal times a ctMult of 10."""
    shown_decimals, lot_decimals = (listing.price_decimals, listing.size_decimals) if listing else (2, 2)
    multiplier = 10 if code % 3 == 2 else 1
    return {
        "instType": "SWAP",
        "instId": symbol,
        "instIdCode": 10_458 + code,
        "uly": f"{base}-USDT",
        "instFamily": f"{base}-USDT",
        "baseCcy": "",
        "quoteCcy": "",
        "settleCcy": "USDT",
        "ctVal": f"{(listing.contract_size if listing else 1.0) / multiplier:.12f}".rstrip("0").rstrip("."),
        "ctMult": str(multiplier),
        "ctValCcy": base,
        "ctType": "linear",
        "tickSz": decimal_text(1, shown_decimals),
        "lotSz": decimal_text(1, lot_decimals),
        "minSz": decimal_text(1, lot_decimals),
        "lever": "100",
        "listTime": "1573557408000",
        "state": "live",
        "ruleType": "normal",
    }


def _funding(symbol: str, held: Facts) -> dict[str, Any]:
    then = held.next_seconds
    times = {"fundingTime": str(then * 1000), "nextFundingTime": str((then + held.interval_seconds) * 1000)}
    return {"instId": symbol, "fundingRate": f"{held.rate:.10f}", "nextFundingRate": ""} | times


def _limits(symbol: str, held: Facts) -> dict[str, Any]:
    return {"instId": symbol, "buyLmt": f"{held.mark * 1.05:.10g}", "sellLmt": f"{held.mark * 0.95:.10g}"}


def _volume(symbol: str, held: Facts) -> dict[str, Any]:
    return {"instId": symbol, "last": f"{held.mark:.10g}", "volCcy24h": f"{held.volume / held.mark:.4f}"}


_FACT_ROWS: dict[str, Callable[[str, Facts], dict[str, Any]]] = {
    "/api/v5/public/funding-rate": _funding,
    "/api/v5/public/mark-price": lambda symbol, held: {"instId": symbol, "markPx": f"{held.mark:.10g}"},
    "/api/v5/market/index-tickers": lambda symbol, held: {
        "instId": symbol.removesuffix("-SWAP"),
        "idxPx": f"{held.index:.10g}",
    },
    "/api/v5/public/open-interest": lambda symbol, held: {"instId": symbol, "oiCcy": f"{held.open_interest:.4f}"},
    "/api/v5/market/tickers": _volume,
    "/api/v5/public/price-limit": _limits,
}


def _levels(market: _Market, levels: list[Level]) -> str:
    listing = market.instrument.listing
    decimals, lot_decimals = listing.price_decimals, listing.size_decimals
    texts = (f'["{decimal_text(p, decimals)}","{_size(s, lot_decimals)}","0","{1 + s % 9}"]' for p, s in levels)
    return "[" + ",".join(texts) + "]"


def _size(lots: int, decimals: int) -> str:
    """Contracts without trailing zeros, as OKX writes them."""
    text = decimal_text(lots, decimals)
    return text.rstrip("0").rstrip(".") if decimals else text


def _statuses(rows: list[dict[str, Any]]) -> str:
    return json.dumps({"arg": {"channel": "instruments", "instType": "SWAP"}, "data": rows})


def _acknowledge(session: Session, operation: str, arg: dict[str, Any], request_id: Any) -> None:
    head = {} if request_id is None else {"id": str(request_id)}
    session.send_text(json.dumps({**head, "event": operation, "arg": arg, "connId": CONNECTION_ID}))


def _refuse(session: Session, code: str, message: str) -> None:
    session.send_text(json.dumps({"event": "error", "code": code, "msg": message, "connId": CONNECTION_ID}))


PLAYED = (TRAITS, OkxFace)
