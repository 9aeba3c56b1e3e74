"""The simulated Gate, through a real socket."""

import json
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from crossbook.simulator.faces.gateio import GateioFace
from tests.support.simulator.clients.gateio import GateioBook
from tests.support.simulator.simulators import bench, equals_truth, follow, receive, receive_until

PATH = "/gateio/v4/ws/usdt"
CONTRACTS = "/gateio/api/v4/futures/usdt/contracts"
BTC, ETH = "BTC_USDT", "ETH_USDT"
EXACT = {"X-Gate-Size-Decimal": "1"}


def _request(channel: str, *payload: str, event: str = "subscribe", **extra: Any) -> str:
    return json.dumps({"time": 1, "channel": channel, "event": event, "payload": payload} | extra)


async def test_market_list_holds_what_must_be_left_out() -> None:
    """Contracts of every kind, fractional ones among them; a limit is capped."""
    async with bench(assets=6) as running:
        rows = {row["name"]: row for row in (await running.http.get(CONTRACTS)).json()}
        capped = (await running.http.get(CONTRACTS, params={"limit": 2})).json()
    assert {row["status"] for row in rows.values()} == {"trading", "delisting", "prelaunch"}
    assert {row["type"] for row in rows.values()} == {"direct", "inverse"}
    assert (rows[ETH]["enable_decimal"], rows[BTC]["enable_decimal"]) == (True, False)
    assert rows["PEPE_USDT"]["quanto_multiplier"] == "1000000"
    assert len(capped) == 2


async def test_book_follows_the_world_by_its_ids() -> None:
    """A full frame, then updates without a hole, some without levels; in the end the simulated book."""
    async with bench() as running, running.socket(PATH) as socket:
        book, empty = GateioBook(BTC), 0
        await socket.send(_request("futures.obu", f"ob.{BTC}.50", id=7))
        while book.updates < 10 or not empty:
            message = await socket.recv()
            if book.feed(message):
                empty += not {"a", "b"} & set(json.loads(message)["result"])
            else:
                ack = json.loads(message)
                assert (ack["id"], ack["result"], ack["payload"]) == (7, {"status": "success"}, [f"ob.{BTC}.50"])
        await running.order("gateio/BTC:freeze@0s+60s")
        await follow(socket, book, lambda: equals_truth(book, running.instrument("gateio", "BTC")))


async def test_tickers_agree_with_the_book_at_equal_ids() -> None:
    """Both channels draw from one series of ids, and sizes are exact where the handshake asked for it."""
    async with bench() as running, running.socket(PATH, additional_headers=EXACT) as socket:
        book, tops, compared = GateioBook(ETH), {}, 0
        await socket.send(_request("futures.book_ticker", ETH))
        await socket.send(_request("futures.obu", f"ob.{ETH}.50"))
        while compared < 5:
            message = await socket.recv()
            frame = json.loads(message)
            if frame["channel"] == "futures.book_ticker" and frame["event"] == "update":
                tops[frame["result"]["u"]] = frame["result"]
            elif book.feed(message) and book.last in tops:
                top = tops[book.last]
                assert [str(number) for number in book.top()] == [top["b"], top["B"], top["a"], top["A"]]
                compared += 1


async def test_without_the_header_sizes_are_cut_to_whole_contracts() -> None:
    """They are plain numbers then."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.send(_request("futures.book_ticker", ETH))
        frame = await receive_until(socket, lambda frame: frame["event"] == "update")
    assert isinstance(frame["result"]["B"], int)


@pytest.mark.parametrize(
    ("request_text", "code", "part"),
    [
        ("not json", 1, "invalid"),
        (_request("futures.book_ticker", "NOPE_USDT"), 2, "unknown currency pair: NOPE_USDT"),
        (_request("futures.obu", f"ob.{BTC}.20"), 2, "provided level not supported"),
    ],
)
async def test_bad_requests_are_refused(request_text: str, code: int, part: str) -> None:
    """With the code and text of the venue."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.send(request_text)
        answer = await receive(socket)
    assert (answer["error"]["code"], answer["result"]) == (code, {"status": "fail"})
    assert part in answer["error"]["message"]


async def test_a_second_subscription_is_refused_and_an_unknown_contract_is_silent() -> None:
    """The depth channel acknowledges a contract that it does not have."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.send(_request("futures.obu", "ob.NOPE_USDT.50"))
        assert (await receive(socket))["result"] == {"status": "success"}
        await socket.send(_request("futures.obu", f"ob.{BTC}.50"))
        await receive_until(socket, lambda frame: frame.get("event") == "subscribe")
        await socket.send(_request("futures.obu", f"ob.{BTC}.50"))
        answer = await receive_until(socket, lambda frame: "error" in frame)
    assert answer["error"] == {"code": 2, "message": f"Alert sub ob.{BTC}.50"}


async def test_pings_are_answered_and_an_idle_socket_is_dropped() -> None:
    """Idle is one that subscribes to nothing and says nothing."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.send('{"channel":"futures.ping"}')
        assert (await receive(socket))["channel"] == "futures.pong"
        face = running.simulator.faces["gateio"]
        assert isinstance(face, GateioFace)
        face.silence_seconds = 0.3
        with pytest.raises(ConnectionClosed):
            await receive(socket)
