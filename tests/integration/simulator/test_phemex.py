"""The simulated Phemex, through a real socket."""

import json
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from crossbook.simulator.faces.phemex import PhemexFace
from tests.support.simulator.clients.base import SequenceBroken
from tests.support.simulator.clients.phemex import PhemexBook
from tests.support.simulator.simulators import Bench, bench, equals_truth, follow, receive, receive_until

PATH = "/phemex/"
BTC = "BTCUSDT"
SUCCESS = {"status": "success"}


def _request(method: str, *params: Any, request_id: int = 1) -> str:
    return json.dumps({"id": request_id, "method": method, "params": params})


def _subscription(symbol: str, request_id: int = 1) -> str:
    return _request("orderbook_p.subscribe", symbol, False, 30, request_id=request_id)


def _face(running: Bench) -> PhemexFace:
    face = running.simulator.faces["phemex"]
    assert isinstance(face, PhemexFace)
    return face


async def test_market_list_holds_what_must_be_left_out() -> None:
    """Multiplied bases are spelled with a space; delisted, foreign and malformed rows are listed too."""
    async with bench(assets=6) as running:
        data = (await running.http.get("/phemex/public/products")).json()["data"]
    rows = {row["symbol"]: row for row in data["perpProductsV2"]}
    assert rows["u1000PEPEUSDT"]["baseCurrency"] == "1000 PEPE"
    assert {row["status"] for row in rows.values()} == {"Listed", "Delisted"}
    assert {row["perpProductSubType"] for row in rows.values()} == {"Normal", "TradFi", "PreMarket"}
    assert {row["symbol"] for row in data["products"]} == {"BTCUSD", "sBTCUSDT"}


async def test_book_follows_the_world() -> None:
    """An ack with the request's id, a snapshot, and increments that lead to the simulated book."""
    async with bench() as running, running.socket(PATH) as socket:
        book = PhemexBook(BTC)
        await socket.send(_subscription(BTC, request_id=7))
        assert await receive(socket) == {"error": None, "id": 7, "result": SUCCESS}
        await follow(socket, book, lambda: book.updates >= 20)
        await running.order("phemex/BTC:freeze@0s+60s")
        await follow(socket, book, lambda: equals_truth(book, running.instrument("phemex", "BTC")))


async def test_smaller_window_holds_the_best_level_only() -> None:
    """Depth 1: what is pushed out is removed by name, and the book never has two levels."""
    async with bench() as running, running.socket(PATH) as socket:
        book = PhemexBook(BTC)
        await socket.send(_request("orderbook_p.subscribe", BTC, False, 1))
        while book.updates < 20:
            book.feed(await socket.recv())
            assert len(book.bids) <= 1
            assert len(book.asks) <= 1


async def test_snapshots_are_repeated_with_the_sequence_of_the_last_change() -> None:
    """A repeated snapshot says what the increments have led to."""
    async with bench() as running, running.socket(PATH) as socket:
        _face(running).snapshot_seconds = 0.0
        book = PhemexBook(BTC)
        await socket.send(_subscription(BTC))
        await follow(socket, book, lambda: book.repeats >= 5)


async def test_lost_frame_shows_in_no_number_and_in_the_repeated_snapshot() -> None:
    """Sequences jump anyway; a removal of what was never told or the repeated book shows it."""
    async with bench() as running, running.socket(PATH) as socket:
        book = PhemexBook(BTC)
        await socket.send(_subscription(BTC))
        await follow(socket, book, lambda: book.updates >= 3)
        await running.order("phemex/BTC:drop@0s x2")
        await running.until(lambda: running.simulator.injector.state() == [])
        _face(running).snapshot_seconds = 0.0
        with pytest.raises(SequenceBroken):
            await follow(socket, book, lambda: False)


async def test_subscribing_again_brings_a_snapshot_and_unsubscribing_takes_every_book() -> None:
    """There is no unsubscribing one symbol."""
    async with bench() as running, running.socket(PATH) as socket:
        for symbol in (BTC, "ETHUSDT", BTC):
            await socket.send(_subscription(symbol))
            await receive_until(socket, lambda f, s=symbol: f.get("type") == "snapshot" and f["symbol"] == s)  # type: ignore[misc]
        await socket.send(_request("orderbook_p.unsubscribe", request_id=9))
        await receive_until(socket, lambda frame: frame.get("id") == 9)
        assert not _face(running).subscribers


@pytest.mark.parametrize(
    "request_text",
    [
        "not json",
        _request("dance"),
        _subscription("NOPEUSDT"),
        _subscription("sBTCUSDT"),
        _request("orderbook_p.subscribe", BTC, False, 7),
        _request("orderbook_p.subscribe"),
    ],
)
async def test_bad_requests_are_invalid_arguments(request_text: str) -> None:
    """Code 6001 for whatever is not understood."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.send(request_text)
        assert (await receive(socket))["error"] == {"code": 6001, "message": "invalid argument"}


async def test_too_many_subscriptions_are_refused() -> None:
    """The 102nd of a connection gets 6015."""
    async with bench(assets=102) as running, running.socket(PATH) as socket:
        for number, symbol in enumerate(_face(running).instruments):
            await socket.send(_subscription(symbol, request_id=number))
        refused = await receive_until(socket, lambda frame: frame.get("error") is not None)
    assert (refused["id"], refused["error"]["code"]) == (101, 6015)


async def test_client_must_ping() -> None:
    """A ping is answered; a connection without one is closed though data flows."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.send(_subscription(BTC))
        await socket.send(_request("server.ping", request_id=0))
        assert await receive_until(socket, lambda f: f.get("id") == 0) == {"error": None, "id": 0, "result": "pong"}
        _face(running).silence_seconds = 0.2
        with pytest.raises(ConnectionClosed):
            await receive_until(socket, lambda frame: False)


async def test_other_paths_are_refused() -> None:
    """Neither a path nor a query is accepted in the handshake."""
    async with bench() as running:
        for path in ("/phemex/ws", "/phemex/?x=1"):
            with pytest.raises(InvalidStatus):
                async with running.socket(path):
                    pass
