"""The simulated Lighter, through a real socket."""

import json
from decimal import Decimal

import pytest
from websockets.exceptions import ConnectionClosed

from tests.support.simulator.clients.lighter import LighterBook
from tests.support.simulator.simulators import Bench, bench, equals_truth, follow, receive, receive_until


async def _market_id(running: Bench, symbol: str) -> str:
    rows = (await running.http.get("/lighter/api/v1/orderBookDetails")).json()["order_book_details"]
    return str(next(row["market_id"] for row in rows if row["symbol"] == symbol))


def _subscribe(channel: str) -> str:
    return json.dumps({"type": "subscribe", "channel": channel})


async def test_market_list_has_perps_and_rows_to_leave_out() -> None:
    """Perps are listed with ids and decimals, next to halted, malformed and spot rows; PEPE comes by the thousand."""
    async with bench(assets=6) as running:
        answer = (await running.http.get("/lighter/api/v1/orderBookDetails")).json()
    rows = {row["symbol"]: row for row in answer["order_book_details"]}
    assert {"BTC", "ETH", "1000PEPE"} <= set(rows)
    assert rows["LUNA"]["status"] == "inactive"
    assert rows["BROKEN"]["market_id"] is None
    assert {row["market_type"] for row in answer["spot_order_book_details"]} == {"spot"}


async def test_book_follows_the_world_by_nonces() -> None:
    """The ack is a snapshot, each update begins where the last one ended, and the result is the simulated book."""
    async with bench() as running, running.socket("/lighter/stream") as socket:
        assert (await receive(socket))["type"] == "connected"
        market_id = await _market_id(running, "ETH")
        book = LighterBook(market_id)
        await socket.send(_subscribe(f"order_book/{market_id}"))
        await follow(socket, book, lambda: book.updates >= 10)
        await running.order("lighter/ETH:freeze@0s+60s")
        await follow(socket, book, lambda: equals_truth(book, running.instrument("lighter", "ETH")))


async def test_second_subscriber_starts_a_chain_of_its_own() -> None:
    """A client that joins later gets a snapshot on which the next update follows, and disturbs nobody's chain."""
    async with (
        bench() as running,
        running.socket("/lighter/stream") as first,
        running.socket("/lighter/stream") as late,
    ):
        market_id = await _market_id(running, "BTC")
        books = LighterBook(market_id), LighterBook(market_id)
        await first.send(_subscribe(f"order_book/{market_id}"))
        await follow(first, books[0], lambda: books[0].updates >= 2)
        await late.send(_subscribe(f"order_book/{market_id}"))
        await follow(late, books[1], lambda: books[1].updates >= 5)
        await follow(first, books[0], lambda: books[0].updates >= 8)


async def test_ticker_shares_the_nonces_of_the_book() -> None:
    """Where ticker and book carry the same nonce they show the same top."""
    async with bench() as running, running.socket("/lighter/stream") as socket:
        market_id = await _market_id(running, "BTC")
        book, tickers, compared = LighterBook(market_id), {}, 0
        for channel in ("ticker", "order_book"):
            await socket.send(_subscribe(f"{channel}/{market_id}"))
        while compared < 5:
            frame = await receive(socket)
            if "ticker" in frame:
                sides = frame["ticker"]["b"], frame["ticker"]["a"]
                tickers[frame["nonce"]] = tuple(Decimal(side[key]) for side in sides for key in ("price", "size"))
            elif book.feed(json.dumps(frame)) and book.last in tickers:
                assert tickers[book.last] == book.top()
                compared += 1


async def test_errors_name_the_channel_in_the_text_only() -> None:
    """A second subscription gets 30003 and no snapshot; a missing one 30002; an unknown channel 30005."""
    async with bench() as running, running.socket("/lighter/stream") as socket:
        market_id = await _market_id(running, "BTC")
        for _ in range(2):
            await socket.send(_subscribe(f"order_book/{market_id}"))
        refusal = await receive_until(socket, lambda frame: "error" in frame)
        assert refusal == {"error": {"code": 30003, "message": f"Already Subscribed to : order_book:{market_id}"}}
        await socket.send(json.dumps({"type": "unsubscribe", "channel": f"order_book/{market_id}"}))
        done = await receive_until(socket, lambda frame: frame.get("type") == "unsubscribed")
        assert done["channel"] == f"order_book:{market_id}"
        await socket.send(json.dumps({"type": "unsubscribe", "channel": f"order_book/{market_id}"}))
        assert (await receive(socket))["error"]["code"] == 30002
        await socket.send(_subscribe("order_book/999"))
        assert (await receive(socket))["error"]["code"] == 30005


async def test_resubscribing_after_unsubscribing_brings_a_snapshot() -> None:
    """Unsubscribe, its ack, subscribe: the way to a new snapshot."""
    async with bench() as running, running.socket("/lighter/stream") as socket:
        market_id = await _market_id(running, "BTC")
        for message in ("subscribe", "unsubscribe", "subscribe"):
            await socket.send(json.dumps({"type": message, "channel": f"order_book/{market_id}"}))
        await receive_until(socket, lambda frame: frame.get("type") == "unsubscribed")
        await receive_until(socket, lambda frame: frame.get("type") == "subscribed/order_book")


async def test_ping_is_answered_and_asked_in_json() -> None:
    """A client's ping gets a pong, and the server pings by itself."""
    async with bench() as running, running.socket("/lighter/stream") as socket:
        await socket.send('{"type":"ping"}')
        await receive_until(socket, lambda frame: frame == {"type": "pong"})
        running.simulator.faces["lighter"].ping_seconds = 0.2
        await receive_until(socket, lambda frame: frame == {"type": "ping"})


async def test_client_that_never_answers_is_dropped() -> None:
    """Silence beyond the limit is closed with 1008 and the reason "no pong"."""
    async with bench() as running, running.socket("/lighter/stream") as socket:
        face = running.simulator.faces["lighter"]
        face.silence_seconds = 0.3  # type: ignore[attr-defined]
        with pytest.raises(ConnectionClosed) as closed:
            await receive_until(socket, lambda frame: False)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, "no pong")


async def test_too_many_messages_are_refused() -> None:
    """The 201st message of a minute gets error 30009."""
    async with bench() as running, running.socket("/lighter/stream") as socket:
        for _ in range(201):
            await socket.send('{"type":"ping"}')
        refusal = await receive_until(socket, lambda frame: "error" in frame)
        assert refusal["error"]["code"] == 30009
