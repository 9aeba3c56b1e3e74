"""Binance USD-M futures: diff streams with U/u/pu, snapshots by REST only, silence for what it does not know.

Docs: https://developers.binance.com/docs/derivatives. /public carries books, /market the rest; a stream asked for on
the wrong one, or for an unknown symbol, is acknowledged and silent. A connection that sends more than ten messages a
second is closed.
"""

import json
import random
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from crossbook.simulator.faces.base import Face, as_dict, not_found
from crossbook.simulator.wire.answer import Answer, json_answer, text_answer
from crossbook.simulator.wire.limits import SlidingWindow
from crossbook.simulator.wire.session import Session
from crossbook.simulator.world.book import Level
from crossbook.simulator.world.facts import Facts, facts_of
from crossbook.simulator.world.listing import Asset, Listing, decimal_text, listing_in_base_units
from crossbook.simulator.world.world import Instrument, Traits

WEIGHT_PER_MINUTE = 2400
MESSAGES_PER_SECOND = 10
STREAMS_PER_CONNECTION = 1024
CATEGORIES = ("public", "market", "private")
_DEPTH_WEIGHTS = {5: 2, 10: 2, 20: 2, 50: 2, 100: 5, 500: 10, 1000: 20}
_FACT_WEIGHTS = {"/fapi/v1/premiumIndex": 10, "/fapi/v1/ticker/24hr": 40}
_DIFF_STREAMS = ("depth", "depth@0ms", "depth@100ms", "depth@250ms", "depth@500ms")
_PARTIAL_STREAMS = {f"depth{n}{pace}": n for n in (5, 10, 20) for pace in ("", "@100ms", "@500ms")}
_SIDES = {"b": "bids", "a": "asks"}  # in events, in snapshots
_FAR_AWAY_MS = 4_133_404_800_000


def list_asset(asset: Asset) -> Listing:
    """BTCUSDT, thousands as 1000PEPEUSDT."""
    return listing_in_base_units(asset, "{base}USDT", "1000")


TRAITS = Traits("binance", 0.05, 0.006, 0, 4_000_000, list_asset, stablecoins=frozenset({"USDC"}))


class _Market:
    """Binance's own view of an instrument: its place in the update ids, which all symbols share."""

    def __init__(self, instrument: Instrument, position: int) -> None:
        self.instrument = instrument
        self.rng = random.Random(f"u:{position}")
        self.stream_prefix = f"{instrument.symbol.lower()}@"
        self.update_id = 5_123_107_832_006 + position * 7_919
        self.told_id = self.update_id
        self.first_pending_id: int | None = None

    def advance(self) -> None:
        """Another change of the book; ids jump because other symbols use them too."""
        self.update_id += self.rng.randint(1, 60)
        if self.first_pending_id is None:
            self.first_pending_id = self.update_id
        self.update_id += self.rng.randint(0, 3)


class BinanceFace(Face):
    """See the module. Topics are `raw|<stream>` and `combined|<stream>`."""

    venue = "binance"
    halted_row: ClassVar[dict[str, Any]] = {"status": "SETTLING"}
    ping_seconds = 180.0

    def __init__(self, instruments: Iterable[Instrument], latency_ns: int = TRAITS.latency_ns) -> None:
        super().__init__(instruments, latency_ns)
        self._markets = {s: _Market(i, position) for position, (s, i) in enumerate(self.instruments.items())}
        self._weight = SlidingWindow(WEIGHT_PER_MINUTE, 60)
        self._rng = random.Random("rest")

    def refuse_handshake(self, path: str, query: Mapping[str, str]) -> Answer | None:
        if path.startswith(("/ws", "/stream")):
            return text_answer(404, "old path is removed\n")
        category, _, rest = path.removeprefix("/").partition("/")
        is_known = category in CATEGORIES and (rest in ("ws", "stream") or rest.startswith("ws/"))
        return None if is_known else not_found(path)

    def answer(self, path: str, query: Mapping[str, str], now_ns: int) -> Answer:
        limit = query.get("limit", "500")
        weight = (
            _DEPTH_WEIGHTS.get(int(limit) if limit.isdecimal() else 0)
            if path == "/fapi/v1/depth"
            else _FACT_WEIGHTS.get(path, 1)
        )
        if weight is None:
            return json_answer({"code": -4021, "msg": f"{limit} is not valid depth limit."}, 400)
        if not self._weight.take(now_ns, weight):
            wait = str(int(self._weight.seconds_to_wait(now_ns)) + 1)
            return json_answer({"code": -1003, "msg": "Too many requests."}, 429, {"Retry-After": wait})
        used = {"X-MBX-USED-WEIGHT-1M": str(self._weight.used)}
        if path == "/fapi/v1/exchangeInfo":
            return json_answer(
                {"timezone": "UTC", "serverTime": now_ns // 1_000_000, "symbols": self._rows()}, 200, used
            )
        if path == "/fapi/v1/depth":
            return self._depth_answer(query.get("symbol", ""), int(limit), now_ns, used)
        return self.facts_answer(path, query, now_ns)

    def facts_answer(self, path: str, query: Mapping[str, str], now_ns: int) -> Answer:
        """Premium index, intervals other than eight hours (here none), a day's volume, open interest."""
        if path == "/fapi/v1/premiumIndex":
            return json_answer([_premium(one.symbol, held, now_ns) for one, held in self.facts(now_ns)])
        if path == "/fapi/v1/fundingInfo":
            return json_answer([])
        if path == "/fapi/v1/ticker/24hr":
            time_ms = now_ns // 1_000_000
            rows = [
                {"symbol": one.symbol, "quoteVolume": f"{held.volume:.2f}", "closeTime": time_ms}
                for one, held in self.facts(now_ns)
            ]
            return json_answer(rows)
        if path == "/fapi/v1/openInterest" and query.get("symbol") in self.instruments:
            held = facts_of(self.instruments[query["symbol"]], self.funding_seconds, now_ns)
            answer = {"openInterest": f"{held.open_interest:.3f}", "symbol": query["symbol"]}
            return json_answer(answer | {"time": now_ns // 1_000_000})
        return not_found(path)

    def on_open(self, session: Session, now_ns: int) -> None:
        session.messages = SlidingWindow(MESSAGES_PER_SECOND, 1)
        session.memory["pinged_ns"] = now_ns
        category, _, rest = session.path.removeprefix("/").partition("/")
        session.memory["is_silent"] = category != "public"
        session.memory["prefix"] = "combined|" if rest == "stream" else "raw|"
        streams = session.query.get("streams", "").split("/") if rest == "stream" else [rest.removeprefix("ws/")]
        for stream in streams:
            if "@" in stream:
                self._join(session, stream)

    async def on_text(self, session: Session, text: str, now_ns: int) -> None:
        if session.messages is not None and not session.messages.take(now_ns):
            await session.close(1008, "Too many requests")
            return
        try:
            request = as_dict(json.loads(text))
        except ValueError:
            session.send_text('{"error":{"code":3,"msg":"Invalid JSON: expected value at line 1 column 1"}}')
            return
        self._serve(session, request)

    async def on_timer(self, session: Session, now_ns: int) -> None:
        if now_ns - session.memory["pinged_ns"] > self.ping_seconds * 1e9:
            session.memory["pinged_ns"] = now_ns
            await session.connection.ping()

    def publish_update(self, instrument: Instrument, is_depth_due: bool, now_ns: int) -> None:
        market = self._markets[instrument.symbol]
        market.advance()
        stream = market.stream_prefix + "bookTicker"
        if self._is_wanted(stream):
            self._send(stream, self._book_ticker(market, now_ns))
        if is_depth_due:
            self._tell_changes(market, now_ns)

    def symbol_of_topic(self, topic: str) -> str:
        return topic.partition("|")[2].partition("@")[0].upper()

    def symbol_of_snapshot(self, path: str, query: Mapping[str, str]) -> str | None:
        return query.get("symbol") if path == "/fapi/v1/depth" else None

    def advance_snapshot(self, snapshot: bytes, symbol: str, frames: Iterable[bytes]) -> bytes:
        """Prices are keyed by their text: a recording spells each price one way."""
        book = json.loads(snapshot)
        sides = {key: dict(book[name]) for key, name in _SIDES.items()}
        for event in (as_dict(json.loads(frame).get("data")) for frame in frames):
            if event.get("e") == "depthUpdate" and event["s"] == symbol and event["u"] > book["lastUpdateId"]:
                book |= {"lastUpdateId": event["u"], "E": event["E"], "T": event["T"]}
                for key, levels in sides.items():
                    levels.update(event[key])
        for key, name in _SIDES.items():
            ordered = sorted(sides[key].items(), key=lambda level: float(level[0]), reverse=key == "b")
            book[name] = [level for level in ordered if float(level[1])]
        return _dump(book).encode()

    @classmethod
    def is_captured(cls, first_line: str) -> bool:
        """By the host that was dialled; or by the time and the combined stream's frame of a hftbacktest file."""
        return "binance" in first_line or first_line.split(" ", 1)[0].isdigit()

    def topics_of_recording(self, frame: bytes, is_text: bool) -> list[str] | None:
        """Recorded frames are combined ones; every pace of a diff stream gets the recorded pace."""
        message = as_dict(json.loads(frame))
        stream = message.get("stream")
        if not isinstance(stream, str):
            return None
        symbol, _, kind = stream.partition("@")
        kinds = _DIFF_STREAMS if kind in _DIFF_STREAMS else (kind,)
        return [f"{form}|{symbol}@{name}" for name in kinds for form in ("combined", "raw")]

    def _serve(self, session: Session, request: dict[str, Any]) -> None:
        method, streams, request_id = request.get("method"), request.get("params"), request.get("id")
        if method == "LIST_SUBSCRIPTIONS":
            names = sorted(topic.partition("|")[2] for topic in session.topics)
            session.send_text(_dump({"result": names, "id": request_id}))
        elif method not in ("SUBSCRIBE", "UNSUBSCRIBE"):
            message = f"Invalid request: unknown variant `{method}`, expected one of `SUBSCRIBE`, `UNSUBSCRIBE`"
            session.send_text(_dump({"code": 2, "msg": message, "id": request_id}))
        elif not isinstance(streams, list) or not all(isinstance(stream, str) for stream in streams):
            message = "Invalid request: params must be an array of strings"
            session.send_text(_dump({"code": 2, "msg": message, "id": request_id}))
        elif method == "SUBSCRIBE" and len(session.topics) + len(streams) > STREAMS_PER_CONNECTION:
            session.send_text(_dump({"error": {"code": 4, "msg": "Too many subscriptions"}, "id": request_id}))
        else:
            session.send_text(_dump({"result": None, "id": request_id}))
            for stream in streams:
                if method == "SUBSCRIBE":
                    self._join(session, stream)
                else:
                    self.unsubscribe(session, session.memory["prefix"] + stream)

    def _join(self, session: Session, stream: str) -> None:
        if not session.memory["is_silent"]:
            self.subscribe(session, session.memory["prefix"] + stream)

    def _is_wanted(self, stream: str) -> bool:
        return self.has_listeners(f"raw|{stream}") or self.has_listeners(f"combined|{stream}")

    def _send(self, stream: str, payload: str, depth_of: Instrument | None = None) -> None:
        for topic, text in (
            (f"raw|{stream}", payload),
            (f"combined|{stream}", f'{{"stream":"{stream}","data":{payload}}}'),
        ):
            if depth_of is None:
                self.publish(topic, text.encode())
            else:
                self.publish_depth(depth_of, topic, text.encode())

    def _tell_changes(self, market: _Market, now_ns: int) -> None:
        if market.first_pending_id is None:
            return
        book = market.instrument.book
        bids, asks = book.bids.take_changes(), book.asks.take_changes()
        ids = (market.first_pending_id, market.update_id, market.told_id)
        market.first_pending_id, market.told_id = None, market.update_id
        for kind in _DIFF_STREAMS:
            if self._is_wanted(market.stream_prefix + kind):
                event = self._depth_event(market, ids, bids, asks, now_ns)
                self._send(market.stream_prefix + kind, event, market.instrument)
        for kind, count in _PARTIAL_STREAMS.items():
            if self._is_wanted(market.stream_prefix + kind):
                event = self._depth_event(market, ids, book.bids.levels(count), book.asks.levels(count), now_ns)
                self._send(market.stream_prefix + kind, event, market.instrument)

    def _depth_event(
        self, market: _Market, ids: tuple[int, int, int], bids: list[Level], asks: list[Level], now_ns: int
    ) -> str:
        first, last, previous = ids
        engine_ms = self.exchange_ns(now_ns) // 1_000_000
        symbol = market.instrument.symbol
        return (
            f'{{"e":"depthUpdate","E":{engine_ms + 1},"T":{engine_ms},"s":"{symbol}","ps":"{symbol}","st":1,'
            f'"U":{first},"u":{last},"pu":{previous},"b":{_levels(market, bids)},"a":{_levels(market, asks)}}}'
        )

    def _book_ticker(self, market: _Market, now_ns: int) -> str:
        listing, symbol = market.instrument.listing, market.instrument.symbol
        engine_ms = self.exchange_ns(now_ns) // 1_000_000
        bid, bid_size, ask, ask_size = market.instrument.book.top()
        return (
            f'{{"e":"bookTicker","u":{market.update_id},"E":{engine_ms},"T":{engine_ms},"s":"{symbol}",'
            f'"b":"{decimal_text(bid, listing.price_decimals)}","B":"{decimal_text(bid_size, listing.size_decimals)}",'
            f'"a":"{decimal_text(ask, listing.price_decimals)}","A":"{decimal_text(ask_size, listing.size_decimals)}",'
            f'"ps":"{symbol}","st":1}}'
        )

    def _depth_answer(self, symbol: str, limit: int, now_ns: int, headers: Mapping[str, str]) -> Answer:
        market = self._markets.get(symbol)
        if market is None:
            return json_answer({"code": -1121, "msg": "Invalid symbol."}, 400, headers)
        if not self.is_world_hidden and self._rng.random() < 0.5:
            # Half of the snapshots fall inside an event, half on the border of two, as they do at the venue.
            market.instrument.book.bids.disturb()
            market.advance()
        book = market.instrument.book
        engine_ms = self.exchange_ns(now_ns) // 1_000_000
        body = (
            f'{{"lastUpdateId":{market.update_id},"E":{engine_ms},"T":{engine_ms},'
            f'"bids":{_levels(market, book.bids.levels(limit))},"asks":{_levels(market, book.asks.levels(limit))}}}'
        )
        return Answer(200, body.encode(), headers=headers)

    def _rows(self) -> list[dict[str, Any]]:
        """The real perps, and what a client must leave out: dated, halted, pending, other quotes, malformed."""
        return [
            *(_row(i.symbol, i.listing.base, i.listing) | self.status_of(i) for i in self.instruments.values()),
            _row("BTCUSDT_261225", "BTC", None) | {"contractType": "CURRENT_QUARTER"},
            _row("LUNAUSDT", "LUNA", None) | {"status": "SETTLING"},
            _row("SOONUSDT", "SOON", None) | {"contractType": "", "status": "PENDING_TRADING"},
            _row("ETHBTC", "ETH", None) | {"quoteAsset": "BTC", "marginAsset": "BTC"},
            _row("BROKENUSDT", "BROKEN", None) | {"baseAsset": 7, "filters": "none"},
        ]


def _row(symbol: str, base: str, listing: Listing | None) -> dict[str, Any]:
    price_decimals, size_decimals = (listing.price_decimals, listing.size_decimals) if listing else (2, 3)
    lot = decimal_text(1, size_decimals)
    return {
        "symbol": symbol,
        "pair": symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": _FAR_AWAY_MS,
        "onboardDate": 1_569_398_400_000,
        "status": "TRADING",
        "baseAsset": base,
        "quoteAsset": "USDT",
        "marginAsset": "USDT",
        "pricePrecision": price_decimals + 1,
        "quantityPrecision": size_decimals,
        "underlyingType": "COIN",
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": decimal_text(1, price_decimals),
                "maxPrice": "1000000",
                "tickSize": decimal_text(1, price_decimals),
            },
            {"filterType": "LOT_SIZE", "stepSize": lot, "maxQty": "1000000", "minQty": lot},
            {"filterType": "MIN_NOTIONAL", "notional": "5"},
        ],
    }


def _premium(symbol: str, held: Facts, now_ns: int) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "markPrice": f"{held.mark:.8f}",
        "indexPrice": f"{held.index:.8f}",
        "lastFundingRate": f"{held.rate:.8f}",
        "interestRate": "0.00010000",
        "nextFundingTime": held.next_seconds * 1000,
        "time": now_ns // 1_000_000,
    }


def _levels(market: _Market, levels: list[Level]) -> str:
    listing = market.instrument.listing
    price_decimals, size_decimals = listing.price_decimals, listing.size_decimals
    texts = (f'["{decimal_text(p, price_decimals)}","{decimal_text(s, size_decimals)}"]' for p, s in levels)
    return "[" + ",".join(texts) + "]"


def _dump(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))


PLAYED = (TRAITS, BinanceFace)
