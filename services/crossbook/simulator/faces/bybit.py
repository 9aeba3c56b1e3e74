"""Bybit v5 linear perpetuals: sizes in coins, topics that count their own update ids, level one repeated when quiet.

Docs: https://bybit-exchange.github.io/docs/v5. One bad topic refuses a whole request, which is answered once; the
topics of a connection may have 21,000 characters. Market lists come in pages. The texts of some refusals are not known
and are our own.
"""

import json
import math
import random
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar
from urllib.parse import parse_qs

from crossbook.simulator.faces.base import Face, as_dict, not_found
from crossbook.simulator.wire.answer import Answer, json_answer
from crossbook.simulator.wire.limits import SlidingWindow
from crossbook.simulator.wire.session import Session
from crossbook.simulator.world.book import Level
from crossbook.simulator.world.facts import Facts
from crossbook.simulator.world.listing import Asset, Listing, decimal_text, price_decimals, size_decimals
from crossbook.simulator.world.world import Instrument, Traits

MAX_TOPIC_CHARACTERS = 21_000
TOP, DEPTHS = 1, (50, 200)  # levels of the topics that are played
CONNECTION_ID = "d9avsh3fo0jvsls9d82g-5m9jh"


def list_asset(asset: Asset) -> Listing:
    """BTCUSDT; cheap coins by the thousand, written in front, but behind the name for one of them."""
    multiplier = 1000 if asset.is_multiplied else 1
    base = asset.name if multiplier == 1 else f"{asset.name}1000" if asset.name == "SHIB" else f"1000{asset.name}"
    price = asset.price * multiplier
    return Listing(f"{base}USDT", base, multiplier, price_decimals(price), size_decimals(price))


TRAITS = Traits("bybit", 0.055, 0.007, 1, 7_000_000, list_asset)


class _Market:
    """Bybit's own view of an instrument: update ids that count each topic's frames, and a cross sequence that jumps."""

    def __init__(self, instrument: Instrument, position: int) -> None:
        self.instrument = instrument
        self.rng = random.Random(f"cross:{position}")
        self.cross_sequence = 8_000_000_000 + position * 1_000_003
        self.update_ids = {depth: 18_521_288 + position * 977 + depth for depth in (TOP, *DEPTHS)}
        self.told_top_ns = 0


class BybitFace(Face):
    """See the module. Topics are the venue's own: `orderbook.<depth>.<symbol>`."""

    venue = "bybit"
    halted_row: ClassVar[dict[str, Any]] = {"status": "Closed"}
    ping_seconds = math.inf
    silence_seconds = 600.0
    repeat_seconds = 3.0
    page_rows = 20  # far fewer than the venue's 1000, so that a world of a few dozen instruments has pages

    def __init__(self, instruments: Iterable[Instrument], latency_ns: int = TRAITS.latency_ns) -> None:
        super().__init__(instruments, latency_ns)
        self._markets = {s: _Market(i, position) for position, (s, i) in enumerate(self.instruments.items())}
        self._requests = SlidingWindow(600, 5)

    def refuse_handshake(self, path: str, query: Mapping[str, str]) -> Answer | None:
        return None if path == "/v5/public/linear" else not_found(path)

    def answer(self, path: str, query: Mapping[str, str], now_ns: int) -> Answer:
        if not self._requests.take(now_ns):
            return json_answer({"retCode": 10006, "retMsg": "Too many visits!"}, 403)
        if path == "/v5/market/instruments-info":
            return self._instruments_answer(query, now_ns)
        if path == "/v5/market/orderbook":
            return self._book_answer(query, now_ns)
        return self.facts_answer(path, query, now_ns)

    def facts_answer(self, path: str, query: Mapping[str, str], now_ns: int) -> Answer:
        """The tickers of all linear contracts."""
        if path != "/v5/market/tickers":
            return not_found(path)
        rows = [_ticker(one.symbol, held) for one, held in self.facts(now_ns)]
        result = {"category": "linear", "list": rows}
        return json_answer({"retCode": 0, "retMsg": "OK", "result": result, "time": now_ns // 1_000_000})

    def on_open(self, session: Session, now_ns: int) -> None:
        session.memory["characters"] = 0

    async def on_text(self, session: Session, text: str, now_ns: int) -> None:
        try:
            request = as_dict(json.loads(text))
        except ValueError:
            _reply(session, {}, is_success=False, message="Failed to decode incoming data")
            return
        operation, topics = request.get("op"), request.get("args")
        if operation == "ping":
            _reply(session, request, is_success=True, message="pong")
        elif operation not in ("subscribe", "unsubscribe"):
            _reply(session, request, is_success=False, message="error:invalid op")
        elif not isinstance(topics, list) or not topics:
            _reply(session, request, is_success=False, message="error:request args is empty")
        elif operation == "subscribe":
            self._subscribe(session, request, [str(topic) for topic in topics], now_ns)
        else:
            self._unsubscribe(session, request, [str(topic) for topic in topics])

    async def on_timer(self, session: Session, now_ns: int) -> None:
        if now_ns - session.last_received_ns > self.silence_seconds * 1e9:
            session.abort()
            return
        for topic in () if self.is_world_hidden else tuple(session.topics):
            depth, market = self._parts(topic)
            is_quiet = market is not None and market.told_top_ns < now_ns - self.repeat_seconds * 1e9
            if depth == TOP and market and is_quiet and not market.instrument.is_paused:
                self._tell_top(market, now_ns)

    def publish_update(self, instrument: Instrument, is_depth_due: bool, now_ns: int) -> None:
        market = self._markets[instrument.symbol]
        market.cross_sequence += market.rng.randint(1, 30)
        market.update_ids[TOP] += 1
        self._tell_top(market, now_ns)
        if is_depth_due:
            self._tell_changes(market, now_ns)

    def symbol_of_topic(self, topic: str) -> str:
        return topic.rpartition(".")[2]

    def symbol_of_snapshot(self, path: str, query: Mapping[str, str]) -> str | None:
        return query.get("symbol") if path == "/v5/market/orderbook" else None

    def topics_of_recording(self, frame: bytes, is_text: bool) -> list[str] | None:
        topic = as_dict(json.loads(frame)).get("topic")
        return None if topic is None else [str(topic)]

    def restart(self, symbol: str, now_ns: int) -> None:
        """The venue's own restart: a snapshot with update id 1 comes by itself, and the ids go on from there."""
        market = self._markets[symbol]
        for depth in DEPTHS:
            market.update_ids[depth] = 1
            self.publish(_topic(depth, symbol), self._snapshot(market, depth, now_ns).encode())

    def _parts(self, topic: str) -> tuple[int, _Market | None]:
        """Depth and market of a topic's name; no market when there is no such topic."""
        name, _, symbol = topic.rpartition(".")
        depth = next((depth for depth in (TOP, *DEPTHS) if name == f"orderbook.{depth}"), 0)
        return depth, self._markets.get(symbol) if depth else None

    def _subscribe(self, session: Session, request: dict[str, Any], topics: list[str], now_ns: int) -> None:
        complaint = self._complaint(session, topics)
        if complaint:
            _reply(session, request, is_success=False, message=complaint)
            return
        session.memory["characters"] += sum(map(len, topics))
        markets = [self._parts(topic) for topic in topics]
        for depth, market in markets:
            if market and depth != TOP and not self.is_world_hidden:
                self._tell_changes(market, now_ns)
        for topic in topics:
            self.subscribe(session, topic)
        _reply(session, request, is_success=True, message="")
        for depth, market in markets if not self.is_world_hidden else ():
            if market and not (self.omits_snapshots and depth != TOP):
                session.send_text(self._snapshot(market, depth, now_ns))

    def _complaint(self, session: Session, topics: list[str]) -> str | None:
        """What is wrong with a request: its first bad topic decides for all."""
        for topic in topics:
            if self._parts(topic)[1] is None:
                return f"error:handler not found,topic:{topic}"
            if topic in session.topics or topics.count(topic) > 1:
                return f"error:already subscribed,topic:{topic}"
        if session.memory["characters"] + sum(map(len, topics)) > MAX_TOPIC_CHARACTERS:
            return "error:too many topics on this connection"
        return None

    def _unsubscribe(self, session: Session, request: dict[str, Any], topics: list[str]) -> None:
        for topic in topics:
            if self.unsubscribe(session, topic):
                session.memory["characters"] -= len(topic)
        _reply(session, request, is_success=True, message="")

    def _tell_top(self, market: _Market, now_ns: int) -> None:
        market.told_top_ns = now_ns
        topic = _topic(TOP, market.instrument.symbol)
        if self.has_listeners(topic):
            self.publish(topic, self._snapshot(market, TOP, now_ns).encode())

    def _tell_changes(self, market: _Market, now_ns: int) -> None:
        book = market.instrument.book
        if not book.has_changes():
            return
        bids, asks = book.bids.take_changes(), book.asks.take_changes()
        for depth in DEPTHS:
            market.update_ids[depth] += 1
            topic = _topic(depth, market.instrument.symbol)
            if self.has_listeners(topic):
                frame = self._frame(market, depth, "delta", bids, asks, now_ns)
                self.publish_depth(market.instrument, topic, frame.encode())

    def _snapshot(self, market: _Market, depth: int, now_ns: int) -> str:
        book = market.instrument.book
        return self._frame(market, depth, "snapshot", book.bids.levels(depth), book.asks.levels(depth), now_ns)

    def _frame(self, market: _Market, depth: int, kind: str, bids: list[Level], asks: list[Level], now_ns: int) -> str:
        symbol, made_ms = market.instrument.symbol, self.exchange_ns(now_ns) // 1_000_000
        stamp, of_kind = f'"ts":{made_ms + 1}', f'"type":"{kind}"'
        order = f"{stamp},{of_kind}" if depth == TOP else f"{of_kind},{stamp}"  # level one writes its keys otherwise
        return (
            f'{{"topic":"{_topic(depth, symbol)}",{order},"data":{{"s":"{symbol}","b":{_levels(market, bids)},'
            f'"a":{_levels(market, asks)},"u":{market.update_ids[depth]},"seq":{market.cross_sequence}}},'
            f'"cts":{made_ms}}}'
        )

    def _book_answer(self, query: Mapping[str, str], now_ns: int) -> Answer:
        """Its update id is that of another depth than the topics'."""
        market = self._markets.get(query.get("symbol", ""))
        if market is None or query.get("category") != "linear":
            return _rest_answer(10001, "params error: Symbol Invalid", {}, now_ns)
        book, made_ms = market.instrument.book, self.exchange_ns(now_ns) // 1_000_000
        limit = int(query["limit"]) if query.get("limit", "").isdecimal() else 25
        sides = {
            "b": json.loads(_levels(market, book.bids.levels(limit))),
            "a": json.loads(_levels(market, book.asks.levels(limit))),
        }
        numbers = {"u": 230_704 + market.update_ids[TOP], "seq": market.cross_sequence}
        result = {"s": market.instrument.symbol, **sides, "ts": made_ms + 1, **numbers, "cts": made_ms}
        return _rest_answer(0, "OK", result, now_ns)

    def _instruments_answer(self, query: Mapping[str, str], now_ns: int) -> Answer:
        if query.get("category") != "linear":
            return _rest_answer(10001, "params error: Category is invalid", {}, now_ns)
        status = query.get("status")
        rows = [row for row in self._rows() if status in (None, row.get("status"))]
        names = [row["symbol"] for row in rows]
        last = parse_qs(query.get("cursor", "")).get("last", [""])[0]
        if last and last not in names:
            return _rest_answer(10001, "params error: cursor is invalid", {}, now_ns)
        start = names.index(last) + 1 if last else 0
        limit = int(query["limit"]) if query.get("limit", "").isdecimal() else 500
        page = rows[start : start + min(limit, 1000, self.page_rows)]
        is_last = start + len(page) >= len(rows)
        cursor = "" if is_last else f"first%3D{page[0]['symbol']}%26last%3D{page[-1]['symbol']}"
        return _rest_answer(0, "OK", {"category": "linear", "nextPageCursor": cursor, "list": page}, now_ns)

    def _rows(self) -> list[dict[str, Any]]:
        """The real perpetuals, and what a client must leave out: futures, stocks, the unopened, the malformed."""
        return [
            *(_row(i.symbol, i.listing) | self.status_of(i) for i in self.instruments.values()),
            _row("BTCUSDT-25DEC26", _plain("BTC")) | {"contractType": "LinearFutures", "deliveryTime": "1798185600000"},
            _row("TSLAUSDT", _plain("TSLA")) | {"symbolType": "stock"},
            _row("SOONUSDT", _plain("SOON")) | {"status": "PreLaunch", "isPreListing": True},
            _row("LUNAUSDT", _plain("LUNA")) | {"status": "Closed"},
            _row("BROKENUSDT", _plain("BROKEN")) | {"priceFilter": {"tickSize": "a tenth"}},
        ]


def _plain(base: str) -> Listing:
    return Listing(f"{base}USDT", base, 1, 2, 2)


def _row(symbol: str, listing: Listing) -> dict[str, Any]:
    tick, step = decimal_text(1, listing.price_decimals), decimal_text(1, listing.size_decimals)
    return {
        "symbol": symbol,
        "contractType": "LinearPerpetual",
        "status": "Trading",
        "baseCoin": listing.base,
        "quoteCoin": "USDT",
        "settleCoin": "USDT",
        "launchTime": "1585526400000",
        "deliveryTime": "0",
        "priceFilter": {"minPrice": tick, "maxPrice": "1999999.80", "tickSize": tick},
        "lotSizeFilter": {"qtyStep": step, "minOrderQty": step, "maxOrderQty": "1190.000", "minNotionalValue": "5"},
        "fundingInterval": 480,
        "isPreListing": False,
        "symbolType": "",
    }


def _ticker(symbol: str, held: Facts) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "markPrice": f"{held.mark:.10g}",
        "indexPrice": f"{held.index:.10g}",
        "openInterest": f"{held.open_interest:.3f}",
        "turnover24h": f"{held.volume:.4f}",
        "fundingRate": f"{held.rate:.8f}",
        "fundingIntervalHour": str(held.interval_seconds // 3600),
        "nextFundingTime": str(held.next_seconds * 1000),
        "curPreListingPhase": "",
    }


def _topic(depth: int, symbol: str) -> str:
    return f"orderbook.{depth}.{symbol}"


def _levels(market: _Market, levels: list[Level]) -> str:
    """Sizes of zero are written as a bare 0."""
    listing = market.instrument.listing
    texts = (
        f'["{decimal_text(price, listing.price_decimals)}",'
        f'"{decimal_text(size, listing.size_decimals) if size else "0"}"]'
        for price, size in levels
    )
    return "[" + ",".join(texts) + "]"


def _reply(session: Session, request: dict[str, Any], *, is_success: bool, message: str) -> None:
    answer = {
        "success": is_success,
        "ret_msg": message,
        "conn_id": CONNECTION_ID,
        "req_id": str(request.get("req_id", "")),
        "op": request.get("op", ""),
    }
    session.send_text(json.dumps(answer, separators=(",", ":")))


def _rest_answer(code: int, message: str, result: dict[str, Any], now_ns: int) -> Answer:
    body = {"retCode": code, "retMsg": message, "result": result, "retExtInfo": {}, "time": now_ns // 1_000_000}
    return json_answer(body)


PLAYED = (TRAITS, BybitFace)
