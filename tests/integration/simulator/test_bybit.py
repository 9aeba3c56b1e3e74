"""The simulated Bybit, through a real socket."""

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection

from crossbook.simulator.faces.bybit import BybitFace
from tests.support.simulator.clients.base import SequenceBroken, pairs
from tests.support.simulator.clients.bybit import BybitBook
from tests.support.simulator.simulators import Bench, bench, equals_truth, follow, receive, receive_until

PATH = "/bybit/v5/public/linear"
BTC = "BTCUSDT"
BOOK, TOP = f"orderbook.50.{BTC}", f"orderbook.1.{BTC}"
MARKETS = "/bybit/v5/market/instruments-info?category=linear&limit=1000"


def _request(operation: str, *topics: str, request_id: str = "1") -> str:
    return json.dumps({"req_id": request_id, "op": operation, "args": topics})


def _face(running: Bench) -> BybitFace:
    face = running.simulator.faces["bybit"]
    assert isinstance(face, BybitFace)
    return face


async def _subscribe(socket: ClientConnection, *topics: str) -> Any:
    await socket.send(_request("subscribe", *topics))
    return await receive_until(socket, lambda frame: "success" in frame)


async def test_market_list_comes_in_pages_and_holds_what_must_be_left_out() -> None:
    """Each page names the next; together they are the world's instruments and the rows that are to be refused."""
    rows, cursor = [], ""
    async with bench(assets=30) as running:
        while True:
            page = (await running.http.get(f"{MARKETS}{cursor}")).json()["result"]
            rows += page["list"]
            if not page["nextPageCursor"]:
                break
            cursor = f"&cursor={page['nextPageCursor']}"
        trading = (await running.http.get(f"{MARKETS}&status=Trading")).json()["result"]["list"]
    assert len({row["symbol"] for row in rows}) == len(rows) == 35
    assert {"LinearPerpetual", "LinearFutures"} == {row["contractType"] for row in rows}
    assert {"1000PEPE", "SHIB1000"} <= {row["baseCoin"] for row in rows}
    assert {"", "stock"} == {row["symbolType"] for row in rows}
    assert {row["status"] for row in trading} == {"Trading"} != {row["status"] for row in rows}


@pytest.mark.parametrize("query", ["category=options", "category=linear&cursor=first%3DX%26last%3DX"])
async def test_bad_rest_requests_get_a_code_and_no_list(query: str) -> None:
    """The status is 200; only retCode says that something is wrong."""
    async with bench() as running:
        answer = (await running.http.get(f"/bybit/v5/market/instruments-info?{query}")).json()
    assert (answer["retCode"], answer["result"]) == (10001, {})


async def test_book_follows_the_world_by_update_ids() -> None:
    """Snapshot, then each u is the last one plus one; the result is the simulated book."""
    async with bench() as running, running.socket(PATH) as socket:
        book = BybitBook(BTC)
        ack = await _subscribe(socket, BOOK)
        assert (ack["success"], ack["req_id"], ack["op"]) == (True, "1", "subscribe")
        await follow(socket, book, lambda: book.updates >= 10)
        await running.order("bybit/BTC:freeze@0s+60s")
        await follow(socket, book, lambda: equals_truth(book, running.instrument("bybit", "BTC")))


async def test_a_lost_delta_breaks_the_chain() -> None:
    """A frame that is dropped leaves a hole in u."""
    async with bench() as running, running.socket(PATH) as socket:
        book = BybitBook(BTC)
        await _subscribe(socket, BOOK)
        await follow(socket, book, lambda: book.updates >= 1)
        await running.order("bybit/BTC:drop@0s")
        with pytest.raises(SequenceBroken):
            await follow(socket, book, lambda: False)


async def test_a_restart_sends_a_snapshot_with_update_id_one() -> None:
    """It comes by itself, and the ids go on from there."""
    async with bench() as running, running.socket(PATH) as socket:
        book = BybitBook(BTC)
        await _subscribe(socket, BOOK)
        await follow(socket, book, lambda: book.updates >= 1)
        _face(running).restart(BTC, 0)
        await follow(socket, book, lambda: book.last is not None and 1 <= book.last < 100)
        await running.order("bybit/BTC:freeze@0s+60s")
        await follow(socket, book, lambda: equals_truth(book, running.instrument("bybit", "BTC")))


async def test_level_one_agrees_with_the_book_at_equal_cross_sequences_and_counts_its_own_ids() -> None:
    """seq is shared by the topics, u is not."""
    async with bench() as running, running.socket(PATH) as socket:
        book, tops, ids, compared = BybitBook(BTC), {}, [], 0
        await _subscribe(socket, TOP, BOOK)
        while compared < 5:
            frame = await receive(socket)
            data = frame["data"]
            if frame["topic"] == TOP:
                assert (frame["type"], len(data["b"]), len(data["a"])) == ("snapshot", 1, 1)
                tops[data["seq"]] = (*pairs(data["b"])[0], *pairs(data["a"])[0])
                ids.append(data["u"])
            elif book.feed(json.dumps(frame)) and data["seq"] in tops:
                assert tops[data["seq"]] == book.top()
                compared += 1
        assert ids == list(range(ids[0], ids[0] + len(ids)))
        assert book.last not in ids


async def test_a_quiet_level_one_is_repeated_with_the_same_id() -> None:
    """The repetition is a sign of life: nothing in it is new."""
    async with bench() as running, running.socket(PATH) as socket:
        _face(running).repeat_seconds = 0.03
        await _subscribe(socket, TOP)
        seen: list[tuple[int, int]] = []
        while len(seen) == len(set(seen)):
            data = (await receive(socket))["data"]
            seen.append((data["u"], data["seq"]))


@pytest.mark.parametrize(
    ("request_text", "message"),
    [
        ("not json", "Failed to decode"),
        ('{"op":"dance"}', "error:invalid op"),
        (_request("subscribe", BOOK, "orderbook.50.NOPEUSDT"), "error:handler not found,topic:orderbook.50.NOPEUSDT"),
        (_request("subscribe", f"orderbook.30.{BTC}"), f"error:handler not found,topic:orderbook.30.{BTC}"),
        (_request("subscribe", BOOK, BOOK), f"error:already subscribed,topic:{BOOK}"),
    ],
)
async def test_one_bad_topic_refuses_the_whole_request(request_text: str, message: str) -> None:
    """The answer names it, and nothing of the request is subscribed."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.send(request_text)
        answer = await receive(socket)
        assert (answer["success"], answer["ret_msg"].startswith(message)) == (False, True)
        assert {len(session.topics) for session in _face(running).sessions} == {0}


async def test_topics_of_a_connection_have_so_many_characters_at_most() -> None:
    """21,000 of them; unsubscribing gives them back."""
    async with bench() as running, running.socket(PATH) as socket:
        await _subscribe(socket, BOOK)
        for session in _face(running).sessions:
            session.memory["characters"] = 21_000
        assert (await _subscribe(socket, TOP))["success"] is False
        await socket.send(_request("unsubscribe", BOOK))
        await receive_until(socket, lambda frame: frame.get("op") == "unsubscribe")
        assert (await _subscribe(socket, TOP))["success"] is True


async def test_ping_gets_a_pong_with_its_id() -> None:
    """The operation of the answer stays ping."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.send('{"req_id":"7","op":"ping"}')
        answer = await asyncio.wait_for(receive(socket), 10)
    assert (answer["success"], answer["ret_msg"], answer["req_id"], answer["op"]) == (True, "pong", "7", "ping")


async def test_rest_book_is_the_simulated_one() -> None:
    """Its seq is the topics', its u is not."""
    async with bench(faults="bybit:freeze@0s+60s") as running:
        await running.until(lambda: running.instrument("bybit", "BTC").is_paused)
        url = f"/bybit/v5/market/orderbook?category=linear&symbol={BTC}&limit=50"
        result = (await running.http.get(url)).json()["result"]
        book = BybitBook(BTC)
        book.load(pairs(result["b"]), pairs(result["a"]), result["u"])
        assert equals_truth(book, running.instrument("bybit", "BTC"))
