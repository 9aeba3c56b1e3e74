"""The simulated Deribit, through a real socket."""

import json
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from crossbook._core import parse_markets
from tests.support.simulator.clients.deribit import DeribitBook
from tests.support.simulator.simulators import bench, equals_truth, follow, receive, receive_until

PATH = "/deribit/ws/api/v2"
MARKETS = "/deribit/api/v2/public/get_instruments?currency=any&kind=future&expired=false"
BTC, SOL = "BTC-PERPETUAL", "SOL_USDC-PERPETUAL"


def _call(method: str, request_id: int = 1, **params: Any) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": request_id, "method": f"public/{method}", "params": params})


async def test_inverse_and_linear_markets_are_listed_and_the_rest_refused() -> None:
    """BTC settles in BTC, SOL in USDC; halted, contradictory and malformed rows are quarantined."""
    async with bench(assets=5) as running:
        body = (await running.http.get(MARKETS)).content
    listing = parse_markets("deribit", [body], 0)
    symbols = [instrument.symbol for instrument in listing.instruments]
    assert symbols == ["BTC/USD:BTC", "ETH/USD:ETH", "SOL/USDC:USDC", "XRP/USDC:USDC", "DOGE/USDC:USDC"]
    assert [name for name, _ in listing.quarantined] == [
        "LUNA_USDC-PERPETUAL",
        "ODD_USDC-PERPETUAL",
        "BROKEN_USDC-PERPETUAL",
    ]


async def test_sizes_of_inverse_books_are_money() -> None:
    """The BTC top is a sensible sum of dollars, in steps of ten; the SOL one is so in coins times price."""
    async with bench() as running:
        tops = {}
        for name in (BTC, SOL):
            url = f"/deribit/api/v2/public/get_order_book?instrument_name={name}&depth=1"
            tops[name] = (await running.http.get(url)).json()["result"]["asks"][0]
    assert 1_000 < tops[BTC][1] < 100_000
    assert tops[BTC][1] % 10 == 0
    assert 1_000 < tops[SOL][0] * tops[SOL][1] < 100_000


@pytest.mark.parametrize("name", [BTC, SOL])
async def test_book_follows_the_world_by_change_ids(name: str) -> None:
    """Snapshot, then each prev_change_id is the last change_id; the result is the simulated book."""
    asset = name[:3]
    async with bench() as running, running.socket(PATH) as socket:
        book = DeribitBook(name)
        await socket.send(_call("subscribe", 7, channels=[f"book.{name}.100ms", "book.NOPE-PERPETUAL.100ms"]))
        answer = await receive(socket)
        assert (answer["id"], answer["result"]) == (7, [f"book.{name}.100ms"])
        await follow(socket, book, lambda: book.updates >= 10)
        await running.order(f"deribit/{asset}:freeze@0s+60s")
        await follow(socket, book, lambda: equals_truth(book, running.instrument("deribit", asset)))


async def test_quote_agrees_with_the_book_of_the_same_time() -> None:
    """Both channels bear the time of the change, and of one time they show one top."""
    async with bench() as running, running.socket(PATH) as socket:
        book, tops, compared = DeribitBook(BTC), {}, 0
        await socket.send(_call("subscribe", channels=[f"quote.{BTC}", f"book.{BTC}.100ms"]))
        while compared < 5:
            frame = await receive(socket)
            data = frame.get("params", {}).get("data", {})
            if "best_bid_price" in data:
                sides = (("best_bid_price", "best_bid_amount"), ("best_ask_price", "best_ask_amount"))
                tops[data["timestamp"]] = tuple(data[key] for side in sides for key in side)
            elif book.feed(json.dumps(frame)) and data["timestamp"] in tops:
                assert tops[data["timestamp"]] == tuple(float(number) for number in book.top())
                compared += 1


async def test_heartbeats_come_and_a_test_request_must_be_answered() -> None:
    """A client that speaks is told heartbeats, a silent one is tested; one that stays silent is hung up on."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.send(_call("set_heartbeat", interval=10))
        assert (await receive(socket))["result"] == "ok"
        (session,) = running.simulator.faces["deribit"].sessions
        session.memory["interval_ns"] = 100_000_000
        tested = await receive_until(socket, lambda f: f.get("params", {}).get("type") == "test_request")
        assert tested["method"] == "heartbeat"
        await socket.send(_call("test", 9))
        await receive_until(socket, lambda f: f.get("id") == 9 and "version" in f["result"])
        with pytest.raises(ConnectionClosed):
            await receive_until(socket, lambda _: False)


@pytest.mark.parametrize(
    ("request_text", "code"),
    [
        ("not json", -32700),
        (_call("dance"), -32601),
        (_call("subscribe"), -32602),
        (_call("set_heartbeat", interval=5), -32602),
        (_call("subscribe", channels=[f"book.{BTC}.raw"]), 13778),
    ],
)
async def test_bad_requests_get_the_venues_code(request_text: str, code: int) -> None:
    """Each kind of bad request has its code."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.send(request_text)
        assert (await receive(socket))["error"]["code"] == code


async def test_too_many_subscriptions_are_refused() -> None:
    """The eleventh call within the window gets 10028."""
    async with bench() as running, running.socket(PATH) as socket:
        for number in range(11):
            await socket.send(_call("unsubscribe", number, channels=[f"quote.{BTC}"]))
        answer = await receive_until(socket, lambda frame: "error" in frame)
    assert (answer["id"], answer["error"]["code"]) == (10, 10028)
