"""Every path that callers of before know, and every key that they read there: a golden list."""

import json
from typing import Any

import pytest
from google.protobuf.message_factory import GetMessageClass

from crossbook._core import RestCall, Transcoder
from crossbook.gateway.app import DESCRIPTORS
from crossbook.plumbing.access.methods import methods

REST = Transcoder(DESCRIPTORS.read_bytes())
STATS = {
    "isTracking",
    "markets",
    "connected",
    "messagesReceived",
    "lastMessageAt",
    "database.snapshots",
    "database.minutes",
    "aggregator.currentSymbols",
    "aggregator.windowElapsed",
}
MARKETS = {"markets.market_index", "markets.symbol", "markets.active", "count"}
WINDOW = ("symbol", "timestamp", "avg_bid", "avg_ask", "avg_spread", "tick_count")
MINUTES = {*(f"minutes.{key}" for key in WINDOW), "count"}
SNAPSHOTS = {*(f"snapshots.{key}" for key in WINDOW), "count"}
OVERVIEW = {"assets.asset", "assets.bestBid", "assets.bestBidVenue", "assets.bestAsk", "assets.bestAskVenue", "count"}
ARBITRAGE = {"opportunities.profitPercent", "opportunities.buy", "opportunities.sell", "count"}
ALERTS = {"alerts.rule", "alerts.opportunity", "alerts.firedAt", "alerts.deliveries", "count", "next_page_token"}
PRICES = {f"prices.{key}" for key in ("symbol", "asset", "exchange", "bid", "ask", "spread", "state", "timestamp")}

GOLDEN: list[tuple[str, str, str, set[str]]] = [
    ("GET", "/api/stats", "", STATS),
    ("GET", "/api/binance/stats", "", STATS),
    ("GET", "/api/markets", "symbol=ETH&active=true", MARKETS),
    ("GET", "/api/binance/markets", "symbol=ETH&active=false", MARKETS),
    ("GET", "/api/minutes", "symbol=ETH&limit=60&offset=0&from=0&to=1", MINUTES),
    ("GET", "/api/binance/minutes", "symbol=ETH&limit=60&offset=0&from=0&to=1", MINUTES),
    ("GET", "/api/binance/snapshots", "symbol=ETH&limit=60&offset=0&from=0&to=1", SNAPSHOTS),
    ("GET", "/api/overview", "asset=ETH", OVERVIEW),
    ("GET", "/api/binance/overview", "asset=ETH", OVERVIEW),
    ("GET", "/api/arbitrage", "symbol=ETH&minProfit=0.1&exchanges=a,b&useMinutes=true", ARBITRAGE),
    ("GET", "/api/arb", "symbol=ETH&minProfit=0.1&exchanges=a,b&useMinutes=false", ARBITRAGE),
    ("GET", "/api/alerts", "rule=x&symbol=ETH&venue=a&from=0&to=1&limit=100", ALERTS),
    ("GET", "/api/alerts/alerts", "limit=100", ALERTS),
    ("GET", "/api/prices", "symbol=ETH", PRICES),
    ("GET", "/api/summary", "", {"venues", "liveInstruments", "openOpportunities", "best", "alerts24h", "dataAgeMs"}),
    ("POST", "/api/reload", "", {"processes"}),
    ("POST", "/api/binance/start", "", {"started"}),
    ("POST", "/api/binance/stop", "", {"stopped"}),
    ("GET", "/api/alerts/rules", "", {"alertRules", "nextPageToken"}),
    ("POST", "/api/alerts/rules", "alertRuleId=x", {"alertRule"}),
    ("GET", "/api/alerts/rules/x", "", {"alertRule"}),
    ("PATCH", "/api/alerts/rules/x", "updateMask=displayName", {"alertRule"}),
    ("DELETE", "/api/alerts/rules/x", "", set()),
    ("POST", "/api/alerts/check", "", {"rulesEvaluated"}),
    ("POST", "/api/alerts/test", "", {"isDelivered"}),
    ("POST", "/api/alerts/redrive", "", {"redriven"}),
]


@pytest.mark.parametrize(("verb", "path", "query", "keys"), GOLDEN, ids=[f"{one[0]} {one[1]}" for one in GOLDEN])
def test_a_path_takes_its_parameters_and_answers_with_its_keys(
    verb: str, path: str, query: str, keys: set[str]
) -> None:
    """Of an answer that has everything once."""
    call = REST.call(verb, path, query, b"{}" if verb in ("POST", "PATCH") else b"")
    assert isinstance(call, RestCall), call.violations
    kind = methods()[call.method].output_type
    message = GetMessageClass(kind)()
    _fill(message, 4)
    said = json.loads(REST.to_json(kind.full_name, message.SerializeToString()))
    assert keys <= set(_keys(said))


def _fill(message: Any, depth: int) -> None:
    """Each field with something in it."""
    for field in message.DESCRIPTOR.fields if depth else ():
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            continue
        if field.message_type is not None:
            inner = getattr(message, field.name)
            inner = inner.add() if field.is_repeated else inner
            inner.SetInParent() if not field.is_repeated else None
            if not field.message_type.full_name.startswith("google."):
                _fill(inner, depth - 1)
        elif field.has_presence and (field.containing_oneof is None or field.containing_oneof.name[0] == "_"):
            setattr(message, field.name, field.default_value)


def _keys(said: Any, prefix: str = "") -> set[str]:
    found = set[str]()
    for key, value in said.items() if isinstance(said, dict) else ():
        found.add(prefix + key)
        inner = value[0] if isinstance(value, list) and value else value
        found |= _keys(inner, f"{prefix}{key}.")
    return found
