"""The simulated dYdX, through a real socket."""

import json

import pytest
from websockets.exceptions import ConnectionClosed

from tests.support.simulator.clients.dydx import DydxBook
from tests.support.simulator.simulators import Bench, bench, equals_truth, follow, receive, receive_until

SOCKET = "/dydx/v4/ws"


def _ask(kind: str, market: str) -> str:
    return json.dumps({"type": kind, "channel": "v4_orderbook", "id": market})


async def _book(running: Bench, market: str) -> dict[str, list[dict[str, str]]]:
    book: dict[str, list[dict[str, str]]] = (
        await running.http.get(f"/dydx/v4/orderbooks/perpetualMarket/{market}")
    ).json()
    return book


async def test_market_list_is_a_table_with_rows_to_leave_out() -> None:
    """Markets are keyed by ticker, next to ended, paused, pool-named and malformed ones; PEPE comes by the coin."""
    async with bench(assets=6) as running:
        markets = (await running.http.get("/dydx/v4/perpetualMarkets")).json()["markets"]
    assert {"BTC-USD", "ETH-USD", "PEPE-USD"} <= set(markets)
    assert all(row["ticker"] == ticker for ticker, row in markets.items())
    assert markets["LUNA-USD"]["status"] == "FINAL_SETTLEMENT"
    assert markets["BROKEN-USD"]["tickSize"] is None


async def test_book_follows_the_world() -> None:
    """The ack is the whole book, each change has one side, numbers rise, and the result is the simulated book."""
    async with bench() as running, running.socket(SOCKET) as socket:
        greeting = await receive(socket)
        assert (greeting["type"], greeting["message_id"]) == ("connected", 0)
        book = DydxBook("ETH-USD")
        await socket.send(_ask("subscribe", "ETH-USD"))
        await follow(socket, book, lambda: book.updates >= 10)
        change = await receive_until(socket, lambda frame: frame["type"] == "channel_data")
        assert len(change["contents"]) == 1
        book.feed(json.dumps(change))
        await running.order("dydx/ETH:freeze@0s+60s")
        await follow(socket, book, lambda: equals_truth(book, running.instrument("dydx", "ETH")))


async def test_numbers_count_what_one_connection_is_told() -> None:
    """Every frame bears the number after the one before it, whatever its market; each connection counts for itself."""
    async with bench() as running, running.socket(SOCKET) as first, running.socket(SOCKET) as other:
        for socket, markets in ((first, ("BTC-USD", "ETH-USD")), (other, ("BTC-USD",))):
            for market in markets:
                await socket.send(_ask("subscribe", market))
        for socket in (first, other):
            numbers = [(await receive(socket))["message_id"] for _ in range(20)]
            assert sorted(numbers) == list(range(20))


async def test_second_subscriber_disturbs_nobody() -> None:
    """A client that joins later gets a book on which the next change follows."""
    async with bench() as running, running.socket(SOCKET) as first, running.socket(SOCKET) as late:
        books = DydxBook("BTC-USD"), DydxBook("BTC-USD")
        await first.send(_ask("subscribe", "BTC-USD"))
        await follow(first, books[0], lambda: books[0].updates >= 2)
        await late.send(_ask("subscribe", "BTC-USD"))
        await follow(late, books[1], lambda: books[1].updates >= 5)
        await running.order("dydx/BTC:freeze@0s+60s")
        truth = running.instrument("dydx", "BTC")
        for socket, book in zip((first, late), books, strict=True):
            await follow(socket, book, lambda book=book: equals_truth(book, truth))  # type: ignore[misc]


async def test_the_book_over_rest_is_the_simulated_one() -> None:
    """Named levels, best first."""
    async with bench() as running:
        await running.order("dydx/BTC:freeze@0s+60s")
        book = await _book(running, "BTC-USD")
        bid, _, ask, _ = running.instrument("dydx", "BTC").book.top()
        decimals = running.instrument("dydx", "BTC").listing.price_decimals
        tops = [round(float(book[side][0]["price"]) * 10**decimals) for side in ("bids", "asks")]
        assert tops == [bid, ask]
        assert (await running.http.get("/dydx/v4/orderbooks/perpetualMarket/NONE-USD")).status_code == 404


async def test_resubscribing_after_unsubscribing_brings_a_book() -> None:
    """Unsubscribe, its ack, subscribe; leaving what was never joined is acknowledged as well."""
    async with bench() as running, running.socket(SOCKET) as socket:
        for kind in ("unsubscribe", "subscribe", "unsubscribe", "subscribe"):
            await socket.send(_ask(kind, "BTC-USD"))
        for kind in ("unsubscribed", "subscribed", "unsubscribed", "subscribed"):
            await receive_until(socket, lambda frame, kind=kind: frame["type"] == kind)  # type: ignore[misc]


async def test_errors_say_what_was_wrong() -> None:
    """An unknown market, one that is subscribed already, another channel, a message that is none."""
    async with bench() as running, running.socket(SOCKET) as socket:
        errors = []
        for message in (
            _ask("subscribe", "NONE-USD"),
            _ask("subscribe", "BTC-USD"),
            _ask("subscribe", "BTC-USD"),
            json.dumps({"type": "subscribe", "channel": "v5"}),
            "{",
        ):
            await socket.send(message)
        while len(errors) < 4:
            errors.append((await receive_until(socket, lambda frame: frame["type"] == "error"))["message"])
    assert errors == [
        "Invalid subscription id for channel: (v4_orderbook-NONE-USD)",
        "Invalid subscribe message: already subscribed (v4_orderbook-BTC-USD)",
        "Invalid channel: v5",
        "Invalid message: could not parse",
    ]


async def test_the_33rd_market_of_a_connection_is_refused() -> None:
    """The error names the channel and the limit, not the market."""
    async with bench(assets=33) as running, running.socket(SOCKET) as socket:
        for market in running.simulator.faces["dydx"].instruments:
            await socket.send(_ask("subscribe", market))
        refusal = await receive_until(socket, lambda frame: frame["type"] == "error")
    assert refusal["message"] == "Per-connection subscription limit reached for v4_orderbook (limit=32)."
    assert "id" not in refusal


async def test_the_third_subscription_in_a_second_costs_the_connection() -> None:
    """1008, after an error that names the market in its text."""
    async with bench() as running, running.socket(SOCKET) as socket:
        for kind in ("subscribe", "unsubscribe") * 3:
            await socket.send(_ask(kind, "BTC-USD"))
        refusal = await receive_until(socket, lambda frame: frame["type"] == "error")
        assert refusal["message"].startswith("Too many subscribe attempts for channel v4_orderbook-BTC-USD.")
        with pytest.raises(ConnectionClosed) as closed:
            await receive_until(socket, lambda frame: False)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


async def test_requests_beyond_the_limit_are_refused() -> None:
    """The 101st in ten seconds gets 429 and is told how long to wait."""
    async with bench() as running:
        statuses = [(await running.http.get("/dydx/v4/perpetualMarkets")).status_code for _ in range(101)]
        late = await running.http.get("/dydx/v4/perpetualMarkets")
    assert (set(statuses[:100]), statuses[100]) == ({200}, 429)
    assert 1 <= int(late.headers["Retry-After"]) <= 11
