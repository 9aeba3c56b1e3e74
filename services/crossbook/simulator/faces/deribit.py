"""Deribit perpetuals: JSON-RPC, books chained by prev_change_id -> change_id, amounts in dollars where inverse.

Docs: https://docs.deribit.com. Channels that do not exist are left out of the answer to a subscription; `.raw` needs a
login. Subscribing costs credits: 10 calls at once, then about three a second. Once a heartbeat is set, a client that
says nothing for its interval is asked to (`test_request`), and hung up on when it does not.
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
from crossbook.simulator.world.listing import Asset, Listing, decimal_number, price_decimals, size_decimals
from crossbook.simulator.world.world import Instrument, Traits

INVERSE = frozenset({"BTC", "ETH"})
CALLS = (10, 3.0)
CHANNELS_PER_CALL = 500
STATUSES = ("instrument.state.future.any", "platform_state")
_FAR_FUTURE_MS = 32_503_708_800_000


def list_asset(asset: Asset) -> Listing:
    """BTC-PERPETUAL in steps of 10 US dollars, SOL_USDC-PERPETUAL in coins; cheap coins are not multiplied."""
    decimals = price_decimals(asset.price)
    if asset.name in INVERSE:
        return Listing(f"{asset.name}-PERPETUAL", asset.name, 1.0, decimals, -1, is_inverse=True)
    return Listing(f"{asset.name}_USDC-PERPETUAL", asset.name, 1.0, decimals, size_decimals(asset.price))


TRAITS = Traits("deribit", 0.05, 0.008, 1, 9_000_000, list_asset)


class _Market:
    """Deribit's own view of an instrument: its change ids, which jump, and the time of its last change."""

    def __init__(self, instrument: Instrument, position: int, changed_ms: int) -> None:
        self.instrument = instrument
        self.rng = random.Random(f"change_id:{position}")
        self.change_id = 133_112_427_566 + position * 1_000_003
        self.told_id = self.change_id
        self.changed_ms = changed_ms


class DeribitFace(Face):
    """See the module. Topics are channels, `book.<name>.100ms`, `quote.<name>` and those of STATUSES."""

    venue = "deribit"
    halted_row: ClassVar[dict[str, Any]] = {"is_active": False}
    price = re.compile(rb'(?<=",)\d[\d.e+-]*')
    ping_seconds = math.inf  # a client sets its own

    def __init__(self, instruments: Iterable[Instrument], latency_ns: int = TRAITS.latency_ns) -> None:
        super().__init__(instruments, latency_ns)
        self._markets = {s: _Market(i, position, 0) for position, (s, i) in enumerate(self.instruments.items())}
        self._requests = SlidingWindow(20, 1)

    def refuse_handshake(self, path: str, query: Mapping[str, str]) -> Answer | None:
        return None if path == "/ws/api/v2" else not_found(path)

    def answer(self, path: str, query: Mapping[str, str], now_ns: int) -> Answer:
        if not self._requests.take(now_ns):
            return json_answer(_error(None, 10028, "too_many_requests"), 429, {"Retry-After": "1"})
        if path == "/api/v2/public/get_instruments":
            return json_answer(_result(None, self._rows(), now_ns))
        if path == "/api/v2/public/get_order_book":
            return self._order_book(query, now_ns)
        return self.facts_answer(path, query, now_ns)

    def facts_answer(self, path: str, query: Mapping[str, str], now_ns: int) -> Answer:
        """A summary of one currency's futures: an inverse contract is of its coin, a linear one of USDC."""
        if path != "/api/v2/public/get_book_summary_by_currency":
            return not_found(path)
        rows = [
            _summary(one, held, now_ns)
            for one, held in self.facts(now_ns)
            if query.get("currency") == (one.asset if one.listing.is_inverse else "USDC")
        ]
        return json_answer(_result(None, rows, now_ns))

    def on_open(self, session: Session, now_ns: int) -> None:
        session.messages = SlidingWindow(*CALLS)
        session.memory |= {"interval_ns": None, "beat_ns": now_ns, "tested_ns": None}

    async def on_text(self, session: Session, text: str, now_ns: int) -> None:
        session.memory["tested_ns"] = None
        try:
            request = as_dict(json.loads(text))
        except ValueError:
            _send(session, _error(None, -32700, "Parse error"))
            return
        method, params, request_id = request.get("method"), as_dict(request.get("params")), request.get("id")
        if method in ("public/subscribe", "public/unsubscribe"):
            self._on_channels(session, method, params.get("channels"), request_id, now_ns)
        elif method == "public/set_heartbeat":
            _set_heartbeat(session, params.get("interval"), request_id, now_ns)
        elif method == "public/test":
            _send(session, _result(request_id, {"version": "1.2.26"}, now_ns))
        else:
            _send(session, _error(request_id, -32601, "Method not found"))

    async def on_timer(self, session: Session, now_ns: int) -> None:
        memory = session.memory
        interval_ns = memory["interval_ns"]
        if interval_ns is None or now_ns - memory["beat_ns"] < interval_ns:
            return
        memory["beat_ns"] = now_ns
        if memory["tested_ns"] is not None:
            await session.close(1000, "test_request was not answered")
        elif now_ns - session.last_received_ns >= interval_ns:
            memory["tested_ns"] = now_ns
            _send(session, {"jsonrpc": "2.0", "method": "heartbeat", "params": {"type": "test_request"}})
        else:
            _send(session, {"jsonrpc": "2.0", "method": "heartbeat", "params": {"type": "heartbeat"}})

    def publish_update(self, instrument: Instrument, is_depth_due: bool, now_ns: int) -> None:
        market = self._markets[instrument.symbol]
        market.change_id += market.rng.randint(1, 40)
        market.changed_ms = self.exchange_ns(now_ns) // 1_000_000
        topic = f"quote.{instrument.symbol}"
        if self.has_listeners(topic):
            self.publish(topic, _quote(market).encode())
        if is_depth_due:
            self._tell_changes(market)

    def tell_status(self, instrument: Instrument, now_ns: int) -> None:
        state = "deactivated" if self.status_of(instrument) else "started"
        data = {"timestamp": now_ns // 1_000_000, "state": state, "instrument_name": instrument.symbol}
        self.publish(STATUSES[0], _notification(STATUSES[0], data).encode())

    def symbol_of_topic(self, topic: str) -> str:
        return "" if topic in STATUSES else topic.split(".")[1]

    def symbol_of_snapshot(self, path: str, query: Mapping[str, str]) -> str | None:
        return query.get("instrument_name") if path == "/api/v2/public/get_order_book" else None

    def topics_of_recording(self, frame: bytes, is_text: bool) -> list[str] | None:
        message = as_dict(json.loads(frame))
        channel = as_dict(message.get("params")).get("channel")
        return [channel] if message.get("method") == "subscription" and isinstance(channel, str) else None

    def _on_channels(self, session: Session, method: str, channels: Any, request_id: Any, now_ns: int) -> None:
        if session.messages is not None and not session.messages.take(now_ns):
            _send(session, _error(request_id, 10028, "too_many_requests"))
        elif not isinstance(channels, list) or len(channels) > CHANNELS_PER_CALL:
            _send(session, _error(request_id, -32602, "Invalid params"))
        elif any(str(channel).endswith(".raw") for channel in channels):
            _send(session, _error(request_id, 13778, "raw_subscriptions_not_available_for_unauthorized"))
        elif method == "public/unsubscribe":
            left = [channel for channel in channels if self.unsubscribe(session, str(channel))]
            _send(session, _result(request_id, left, now_ns))
        else:
            known = [str(one) for one in channels if self._market_of(str(one)) or one in STATUSES]
            _send(session, _result(request_id, known, now_ns))
            for channel in known:
                self._subscribe(session, channel)

    def _market_of(self, channel: str) -> _Market | None:
        """None for a channel that does not exist."""
        kind, _, rest = channel.partition(".")
        name = rest.removesuffix(".100ms") if kind == "book" and rest.endswith(".100ms") else rest
        is_known = kind == "quote" or (kind == "book" and name != rest)
        return self._markets.get(name) if is_known else None

    def _subscribe(self, session: Session, channel: str) -> None:
        """A second subscription of the same channel brings nothing new."""
        market = self._market_of(channel)
        if market is None or self.is_world_hidden:
            self.subscribe(session, channel)
            return
        self._tell_changes(market)
        if not self.subscribe(session, channel):
            return
        if channel.startswith("quote."):
            session.send_text(_quote(market))
        elif not self.omits_snapshots:
            book = market.instrument.book
            session.send_text(_book(market, None, book.bids.levels(), book.asks.levels()))

    def _tell_changes(self, market: _Market) -> None:
        book = market.instrument.book
        if not book.has_changes():
            return
        bids, asks = book.bids.take_changes(), book.asks.take_changes()
        previous, market.told_id = market.told_id, market.change_id
        topic = f"book.{market.instrument.symbol}.100ms"
        if self.has_listeners(topic):
            self.publish_depth(market.instrument, topic, _book(market, previous, bids, asks).encode())

    def _order_book(self, query: Mapping[str, str], now_ns: int) -> Answer:
        market = self._markets.get(query.get("instrument_name", ""))
        depth = query.get("depth", "5")
        if market is None or not depth.isdecimal():
            return json_answer(_error(None, -32602, "Invalid params"), 400)
        book = market.instrument.book
        sides = (("bids", book.bids.levels(int(depth))), ("asks", book.asks.levels(int(depth))))
        levels = {key: [_numbers(market, *level) for level in side] for key, side in sides}
        facts = {"timestamp": market.changed_ms, "change_id": market.change_id, "state": "open"}
        return json_answer(_result(None, facts | {"instrument_name": market.instrument.symbol} | levels, now_ns))

    def _rows(self) -> list[dict[str, Any]]:
        """The real ones, and what a client must leave out: dated, halted, of contradictory kind, malformed."""
        dated = _row("BTC-25DEC26", "BTC", None) | {"settlement_period": "month"}
        halted = _row("LUNA_USDC-PERPETUAL", "LUNA", None) | {"is_active": False}
        odd = _row("ODD_USDC-PERPETUAL", "ODD", None) | {"instrument_type": "reversed"}
        broken = _row("BROKEN_USDC-PERPETUAL", "BROKEN", None) | {"tick_size": None, "base_currency": 7}
        return [
            *(_row(i.symbol, i.asset, i.listing) | self.status_of(i) for i in self.instruments.values()),
            dated,
            halted,
            odd,
            broken,
        ]


def _row(name: str, base: str, listing: Listing | None) -> dict[str, Any]:
    is_inverse = listing is not None and listing.is_inverse
    quote = "USD" if is_inverse else "USDC"
    step = decimal_number(1, listing.size_decimals) if listing else 1.0
    return {
        "price_index": f"{base}_{quote}".lower(),
        "kind": "future",
        "instrument_name": name,
        "maker_commission": 0.0,
        "taker_commission": TRAITS.taker_fee_percent / 100,
        "instrument_type": "reversed" if is_inverse else "linear",
        "expiration_timestamp": _FAR_FUTURE_MS,
        "is_active": True,
        "tick_size": decimal_number(1, listing.price_decimals) if listing else 0.01,
        "contract_size": step,
        "min_trade_amount": step,
        "settlement_currency": base if is_inverse else "USDC",
        "settlement_period": "perpetual",
        "base_currency": base,
        "counter_currency": quote,
        "quote_currency": quote,
        "tick_size_steps": [],
    }


def _summary(instrument: Instrument, held: Facts, now_ns: int) -> dict[str, Any]:
    return {
        "instrument_name": instrument.symbol,
        "volume_notional": held.volume,
        "volume_usd": held.volume,
        "open_interest": held.open_money if instrument.listing.is_inverse else held.open_interest,
        "mark_price": held.mark,
        "estimated_delivery_price": held.index,
        "current_funding": held.rate,
        "funding_8h": held.rate,
        "creation_timestamp": now_ns // 1_000_000,
    }


def _numbers(market: _Market, price: int, size: int) -> tuple[float, float]:
    listing = market.instrument.listing
    return decimal_number(price, listing.price_decimals), decimal_number(size, listing.size_decimals)


def _book(market: _Market, previous_id: int | None, bids: list[Level], asks: list[Level]) -> str:
    """A snapshot when nothing precedes it; it then has no prev_change_id at all."""
    name, is_snapshot = market.instrument.symbol, previous_id is None
    chain = {} if is_snapshot else {"prev_change_id": previous_id}
    data = {
        "type": "snapshot" if is_snapshot else "change",
        "timestamp": market.changed_ms,
        **chain,
        "instrument_name": name,
        "change_id": market.change_id,
        "bids": [_entry(market, is_snapshot, *level) for level in bids],
        "asks": [_entry(market, is_snapshot, *level) for level in asks],
    }
    return _notification(f"book.{name}.100ms", data)


def _entry(market: _Market, is_new: bool, price: int, size: int) -> tuple[str, float, float]:
    action = "new" if is_new else "change" if size else "delete"
    return action, *_numbers(market, price, size)


def _quote(market: _Market) -> str:
    bid, bid_size, ask, ask_size = market.instrument.book.top()
    (bid_price, bid_amount), (ask_price, ask_amount) = _numbers(market, bid, bid_size), _numbers(market, ask, ask_size)
    data = {
        "timestamp": market.changed_ms,
        "instrument_name": market.instrument.symbol,
        "best_ask_price": ask_price,
        "best_bid_price": bid_price,
        "best_ask_amount": ask_amount,
        "best_bid_amount": bid_amount,
    }
    return _notification(f"quote.{market.instrument.symbol}", data)


def _set_heartbeat(session: Session, interval: Any, request_id: Any, now_ns: int) -> None:
    if not isinstance(interval, int) or not 10 <= interval <= 3600:
        _send(session, _error(request_id, -32602, "Invalid params"))
        return
    session.memory |= {"interval_ns": interval * 10**9, "beat_ns": now_ns}
    _send(session, _result(request_id, "ok", now_ns))


def _notification(channel: str, data: dict[str, Any]) -> str:
    return _dump({"jsonrpc": "2.0", "method": "subscription", "params": {"channel": channel, "data": data}})


def _result(request_id: Any, result: Any, now_ns: int) -> dict[str, Any]:
    head = {"jsonrpc": "2.0"} if request_id is None else {"jsonrpc": "2.0", "id": request_id}
    times = {"usIn": now_ns // 1000, "usOut": now_ns // 1000 + 100, "usDiff": 100, "testnet": False}
    return head | {"result": result} | times


def _error(request_id: Any, code: int, message: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request_id, "error": {"code": code, "message": message, "data": None}}


def _send(session: Session, message: dict[str, Any]) -> None:
    session.send_text(_dump(message))


def _dump(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))


PLAYED = (TRAITS, DeribitFace)
