"""The simulated Kraken Futures, through a real socket."""

import json
from typing import Any

import pytest

from crossbook._core import parse_markets
from tests.support.simulator.clients.krakenfutures import KrakenFuturesBook
from tests.support.simulator.simulators import bench, equals_truth, follow, receive, receive_until

PATH = "/krakenfutures/ws/v1"
BTC, ETH = "PF_XBTUSD", "PI_ETHUSD"


def _ask(event: str, *products: str, feed: str = "book") -> str:
    return json.dumps({"event": event, "feed": feed, "product_ids": list(products)})


async def test_inverse_and_linear_markets_are_listed_and_the_rest_refused() -> None:
    """XBT is BTC, PI_ settles in its coin; halted, post-only and malformed rows and stocks are quarantined."""
    async with bench(assets=6) as running:
        body = (await running.http.get("/krakenfutures/derivatives/api/v3/instruments")).content
    listing = parse_markets("krakenfutures", [body], 0)
    facts = [(instrument.symbol, instrument.native_symbol) for instrument in listing.instruments]
    assert facts[:3] == [("BTC/USD:USD", BTC), ("ETH/USD:ETH", ETH), ("SOL/USD:USD", "PF_SOLUSD")]
    assert facts[3:] == [("XRP/USD:XRP", "PI_XRPUSD"), ("DOGE/USD:USD", "PF_DOGEUSD"), ("PEPE/USD:USD", "PF_PEPEUSD")]
    assert listing.instruments[5].lot_size == 1000.0
    assert [name for name, _ in listing.quarantined] == ["PF_LUNAUSD", "PF_SOONUSD", "PF_AAPLXUSD", "PF_BROKENUSD"]


@pytest.mark.parametrize(("product", "asset"), [(BTC, "BTC"), (ETH, "ETH")])
async def test_book_follows_the_world_level_by_level(product: str, asset: str) -> None:
    """An ack, the whole book, then one level a frame without a hole; the result is the simulated book."""
    async with bench() as running, running.socket(PATH) as socket:
        book = KrakenFuturesBook(product)
        assert await receive(socket) == {"event": "info", "version": 1}
        await socket.send(_ask("subscribe", product.lower()))
        assert await receive(socket) == {"event": "subscribed", "feed": "book", "product_ids": [product]}
        await follow(socket, book, lambda: book.updates >= 30)
        await running.order(f"krakenfutures/{asset}:freeze@0s+60s")
        await follow(socket, book, lambda: equals_truth(book, running.instrument("krakenfutures", asset)))


async def test_sizes_of_inverse_books_are_money_and_the_fetched_book_is_the_same() -> None:
    """The ETH top is a sensible sum of dollars, the BTC one of coins; the lowest bid comes first over REST."""
    async with bench(faults="krakenfutures:freeze@0s+60s") as running:
        tops = {}
        for product in (BTC, ETH):
            url = f"/krakenfutures/derivatives/api/v3/orderbook?symbol={product}"
            book = (await running.http.get(url)).json()["orderBook"]
            assert book["bids"] == sorted(book["bids"])
            tops[product] = book["asks"][0]
    assert 1_000 < tops[BTC][0] * tops[BTC][1] < 100_000
    assert 1_000 < tops[ETH][1] < 100_000


async def test_a_new_subscription_brings_a_new_book_only_after_leaving() -> None:
    """Leaving is acknowledged once; the second subscription starts from the number where the book then is."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.send(_ask("subscribe", BTC))
        first = await receive_until(socket, lambda f: f.get("feed") == "book_snapshot")
        await socket.send(_ask("unsubscribe", BTC))
        await receive_until(socket, lambda f: f.get("event") == "unsubscribed")
        await socket.send(_ask("unsubscribe", BTC))
        refused = await receive_until(socket, lambda f: f.get("event") == "alert")
        assert f"`{BTC}`" in refused["message"]
        await socket.send(_ask("subscribe", BTC))
        second = await receive_until(socket, lambda f: f.get("feed") == "book_snapshot")
        assert second["seq"] >= first["seq"]


@pytest.mark.parametrize(
    ("request_text", "part"),
    [
        ("not json", "Bad request"),
        (_ask("dance", BTC), "Bad request"),
        (_ask("subscribe", BTC, feed="candles"), "invalid feed"),
        (_ask("subscribe", BTC, "PF_NOPEUSD"), "invalid product `PF_NOPEUSD`"),
    ],
)
async def test_bad_requests_are_answered_by_an_alert(request_text: str, part: str) -> None:
    """The text alone says what was wrong."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.send(request_text)
        alert: Any = await receive_until(socket, lambda f: f.get("event") == "alert")
    assert part in alert["message"]


async def test_the_heartbeat_feed_comes_when_it_is_asked_for() -> None:
    """It is acknowledged without products and tells the time."""
    async with bench() as running, running.socket(PATH) as socket:
        running.simulator.faces["krakenfutures"].heartbeat_seconds = 0.1  # type: ignore[attr-defined]
        await socket.send('{"event":"subscribe","feed":"heartbeat"}')
        await receive_until(socket, lambda f: f == {"event": "subscribed", "feed": "heartbeat"})
        beat = await receive_until(socket, lambda f: f.get("feed") == "heartbeat" and "time" in f)
    assert beat["time"] > 1_700_000_000_000
