"""Paradex: JSON-RPC requests as text, market data as binary SBE, books chained by seq + 1 per market.

Docs: https://docs.paradex.trade. The upgrade needs the two schema parameters, else HTTP 400. Frames name the market and
not the channel. Empty delta frames use up a sequence number; BBO frames carry the market's counter as it is.
"""

import asyncio
import json
import random
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from websockets.exceptions import ConnectionClosed

from crossbook.simulator.faces import sbe
from crossbook.simulator.faces.base import Face, as_dict, not_found
from crossbook.simulator.wire.answer import Answer, json_answer, text_answer
from crossbook.simulator.wire.session import Session, encode_frame
from crossbook.simulator.world.book import Level
from crossbook.simulator.world.listing import Asset, Listing, decimal_text, listing_in_base_units
from crossbook.simulator.world.world import Instrument, Traits

MAX_SCHEMA_VERSION = 2
EMPTY_DELTA_SHARE = 0.05
_OPEN_AT_MS = 1_704_067_200_000


def list_asset(asset: Asset) -> Listing:
    """BTC-USD-PERP, thousands as kPEPE-USD-PERP."""
    return listing_in_base_units(asset, "{base}-USD-PERP", "k")


TRAITS = Traits("paradex", 0.045, 0.009, 2, 20_000_000, list_asset)


class _Market:
    """Paradex's own view of an instrument."""

    def __init__(self, instrument: Instrument, position: int) -> None:
        self.instrument = instrument
        self.sequence = 7_687_289_234 + position * 10_000_019
        self.rng = random.Random(f"seq:{position}")
        symbol = instrument.symbol
        self.bbo_topic = f"bbo.{symbol}"
        self.deltas_topic = f"order_book.{symbol}.deltas"
        self.snapshot_topics = [f"order_book.{symbol}.snapshot@15@{pace}ms" for pace in (100, 200, 400)]
        self.price_factor = 10 ** (sbe.EXPONENT - instrument.listing.price_decimals)
        self.size_factor = 10 ** (sbe.EXPONENT - instrument.listing.size_decimals)


class ParadexFace(Face):
    """See the module."""

    venue = "paradex"
    halted_row: ClassVar[dict[str, Any]] = {"trading_mode": "RFQ_ONLY"}
    is_text = False
    ping_seconds = 55.0
    pong_seconds = 5.0
    idle_seconds = 20.0

    def __init__(self, instruments: Iterable[Instrument], latency_ns: int = TRAITS.latency_ns) -> None:
        super().__init__(instruments, latency_ns)
        self._markets = {s: _Market(i, position) for position, (s, i) in enumerate(self.instruments.items())}

    def refuse_handshake(self, path: str, query: Mapping[str, str]) -> Answer | None:
        if path != "/v1":
            return not_found(path)
        version = query.get("sbeSchemaVersion", "")
        if query.get("sbeSchemaId") != "1" or not version.isdecimal() or int(version) > MAX_SCHEMA_VERSION:
            return text_answer(400, "sbeSchemaId and sbeSchemaVersion are required, version at most 2\n")
        return None

    def answer(self, path: str, query: Mapping[str, str], now_ns: int) -> Answer:
        if path == "/v1/markets":
            return json_answer({"results": self._rows(now_ns)})
        return self.facts_answer(path, query, now_ns)

    def facts_answer(self, path: str, query: Mapping[str, str], now_ns: int) -> Answer:
        """The summary of all markets."""
        if path != "/v1/markets/summary":
            return not_found(path)
        rows = [
            {
                "symbol": one.symbol,
                "mark_price": f"{held.mark:.10g}",
                "underlying_price": f"{held.index:.10g}",
                "volume_24h": f"{held.volume:.4f}",
                "open_interest": f"{held.open_interest:.4f}",
                "funding_rate": f"{held.rate:.10f}",
                "created_at": now_ns // 1_000_000,
            }
            for one, held in self.facts(now_ns)
        ]
        return json_answer({"results": rows})

    def on_open(self, session: Session, now_ns: int) -> None:
        session.memory["pinged_ns"] = now_ns
        session.memory["pong"] = None

    async def on_text(self, session: Session, text: str, now_ns: int) -> None:
        try:
            request = as_dict(json.loads(text))
        except ValueError:
            self._refuse(session, -32700, "parse error", "invalid JSON", now_ns)
            return
        channel = as_dict(request.get("params")).get("channel")
        method = request.get("method")
        if method not in ("subscribe", "unsubscribe"):
            self._refuse(session, -32601, "method not found", str(method), now_ns)
        elif not isinstance(channel, str):
            self._refuse(session, -32602, "invalid params", "channel is required", now_ns)
        elif method == "subscribe":
            self._subscribe(session, channel, request.get("id"), now_ns)
        elif self.unsubscribe(session, channel):
            self._acknowledge(session, channel, request.get("id"), now_ns)
        else:
            self._refuse(session, -32600, "invalid unsubscribe request", "not subscribed", now_ns)

    async def on_timer(self, session: Session, now_ns: int) -> None:
        if session.topics and now_ns - session.last_sent_ns > self.idle_seconds * 1e9:
            session.send_frame(encode_frame(sbe.encode_heartbeat(now_ns // 1000, 0), is_text=False))
        pong: asyncio.Future[float] | None = session.memory["pong"]
        waited_ns = now_ns - session.memory["pinged_ns"]
        if pong is not None and not pong.done() and waited_ns > self.pong_seconds * 1e9:
            await session.close(1011, "ping timeout")
        elif waited_ns > self.ping_seconds * 1e9:
            await self._ping(session, now_ns)

    def publish_update(self, instrument: Instrument, is_depth_due: bool, now_ns: int) -> None:
        market = self._markets[instrument.symbol]
        if market.rng.random() < EMPTY_DELTA_SHARE:
            self._tell(market, [], [], now_ns)
        self._tell(market, instrument.book.bids.take_changes(), instrument.book.asks.take_changes(), now_ns)
        for topic in (market.bbo_topic, "bbo.ALL"):
            if self.has_listeners(topic):
                self.publish(topic, self._bbo(market, now_ns))
        if is_depth_due:
            for topic in market.snapshot_topics:
                if self.has_listeners(topic):
                    self.publish_depth(instrument, topic, self._snapshot(market, 15, now_ns))

    def corrupt(self, payload: bytes, variant: str) -> bytes:
        return sbe.spoil(payload, variant)

    def symbol_of_topic(self, topic: str) -> str:
        return topic.split(".")[1]

    @classmethod
    def is_captured(cls, first_line: str) -> bool:
        """JSON lines, of which no other venue has captures."""
        return first_line.startswith("{")

    def topics_of_recording(self, frame: bytes, is_text: bool) -> list[str] | None:
        if is_text:
            return None
        template, market = sbe.template_of(frame), sbe.market_of(frame)
        return {sbe.BBO: [f"bbo.{market}"], sbe.BOOK: [f"order_book.{market}.deltas"]}.get(template)

    def _tell(self, market: _Market, bids: list[Level], asks: list[Level], now_ns: int) -> None:
        market.sequence += 1
        if self.has_listeners(market.deltas_topic):
            frame = self._book(market, sbe.DELTA, bids, asks, now_ns)
            self.publish_depth(market.instrument, market.deltas_topic, frame)

    async def _ping(self, session: Session, now_ns: int) -> None:
        session.memory["pinged_ns"] = now_ns
        try:
            session.memory["pong"] = await session.connection.ping()
        except ConnectionClosed:
            session.memory["pong"] = None

    def _subscribe(self, session: Session, channel: str, request_id: Any, now_ns: int) -> None:
        complaint = self._complaint(channel)
        if complaint is None and not self.subscribe(session, channel):
            complaint = "already subscribed"
        if complaint is not None:
            self._refuse(session, -32600, "invalid subscribe request", complaint, now_ns)
            return
        self._acknowledge(session, channel, request_id, now_ns)
        market = self._markets.get(channel.split(".")[1])
        if market is None or self.is_world_hidden or self.omits_snapshots:
            return
        if channel == market.bbo_topic:
            session.send_frame(encode_frame(self._bbo(market, now_ns), is_text=False))
        elif channel == market.deltas_topic:
            session.send_frame(encode_frame(self._snapshot(market, None, now_ns), is_text=False))

    def _complaint(self, channel: str) -> str | None:
        """What is wrong with a channel's form. A market that does not exist is not: it is acknowledged and silent."""
        parts = channel.split(".")
        if parts[0] == "bbo" and len(parts) in (2, 3):
            return None
        if parts[0] != "order_book" or len(parts) != 3:
            return "invalid channel"
        if parts[2].startswith("deltas@"):
            return "no parameters expected for deltas topic."
        is_known = parts[2] in ("deltas", "interactive_deltas") or parts[2].startswith("snapshot@15@")
        return None if is_known else "invalid channel"

    def _snapshot(self, market: _Market, limit: int | None, now_ns: int) -> bytes:
        book = market.instrument.book
        return self._book(market, sbe.SNAPSHOT, book.bids.levels(limit), book.asks.levels(limit), now_ns)

    def _book(self, market: _Market, package: int, bids: list[Level], asks: list[Level], now_ns: int) -> bytes:
        price, size = market.price_factor, market.size_factor
        return sbe.encode_book(
            self.exchange_ns(now_ns) // 1000,
            market.sequence,
            package,
            [(p * price, s * size) for p, s in bids],
            [(p * price, s * size) for p, s in asks],
            market.instrument.symbol,
        )

    def _bbo(self, market: _Market, now_ns: int) -> bytes:
        price, size = market.price_factor, market.size_factor
        bid, bid_size, ask, ask_size = market.instrument.book.top()
        quote = (bid * price, bid_size * size, ask * price, ask_size * size)
        return sbe.encode_bbo(self.exchange_ns(now_ns) // 1000, market.sequence, *quote, market.instrument.symbol)

    def _acknowledge(self, session: Session, channel: str, request_id: Any, now_ns: int) -> None:
        self._reply(session, {"jsonrpc": "2.0", "id": request_id, "result": {"channel": channel}}, now_ns)

    def _refuse(self, session: Session, code: int, message: str, data: str, now_ns: int) -> None:
        """Errors come with id 0, whatever the request's id was."""
        error = {"code": code, "message": message, "data": data}
        self._reply(session, {"jsonrpc": "2.0", "id": 0, "error": error}, now_ns)

    def _reply(self, session: Session, reply: dict[str, Any], now_ns: int) -> None:
        now_us = now_ns // 1000
        times = {"usIn": now_us - 113, "usDiff": 113, "usOut": now_us}
        session.send_text(json.dumps(reply | times, separators=(",", ":")) + "\n")

    def _rows(self, now_ns: int) -> list[dict[str, Any]]:
        """The real perps, and what a client must leave out: options, spot, not yet open, by request only, malformed."""
        now_ms = now_ns // 1_000_000
        return [
            *(_row(i.symbol, i.listing.base, i.listing) | self.status_of(i) for i in self.instruments.values()),
            _row("BTC-USD-60000-C", "BTC", None) | {"asset_kind": "PERP_OPTION", "strike_price": "60000"},
            _row("ETH-USD", "ETH", None) | {"asset_kind": "SPOT"},
            _row("SOON-USD-PERP", "SOON", None) | {"open_at": now_ms + 86_400_000},
            _row("RFQ-USD-PERP", "RFQ", None) | {"trading_mode": "RFQ_ONLY"},
            _row("BROKEN-USD-PERP", "BROKEN", None) | {"price_tick_size": "a tenth", "order_size_increment": None},
        ]


def _row(symbol: str, base: str, listing: Listing | None) -> dict[str, Any]:
    price_decimals, size_decimals = (listing.price_decimals, listing.size_decimals) if listing else (2, 3)
    return {
        "symbol": symbol,
        "base_currency": base,
        "quote_currency": "USD",
        "settlement_currency": "USDC",
        "order_size_increment": decimal_text(1, size_decimals),
        "price_tick_size": decimal_text(1, price_decimals),
        "min_notional": "10",
        "open_at": _OPEN_AT_MS,
        "expiry_at": 0,
        "asset_kind": "PERP",
        "position_limit": "1000000",
        "max_order_size": "100000",
        "funding_period_hours": 8,
        "trading_mode": "STANDARD",
        "tags": [],
    }


PLAYED = (TRAITS, ParadexFace)
