"""The simulated MEXC, through a real socket."""

import json
from decimal import Decimal
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from crossbook.simulator.faces.mexc import MexcFace
from tests.support.simulator.clients.base import SequenceBroken, pairs
from tests.support.simulator.clients.mexc import MexcBook
from tests.support.simulator.simulators import Bench, bench, equals_truth, follow, receive, receive_until

PATH = "/mexc/edge"
BTC = "BTC_USDT"
DEPTH = "/mexc/api/v1/contract/depth/"


def _request(method: str, symbol: str = BTC, **param: Any) -> str:
    return json.dumps({"method": method, "param": {"symbol": symbol} | param})


async def _joined(running: Bench, socket: ClientConnection) -> MexcBook:
    """A book that a fetched one was joined to; those that are too old are fetched again."""
    book = MexcBook(BTC)
    await socket.send(_request("sub.depth"))
    while True:
        wanted = len(book.waiting) + 2
        await follow(socket, book, lambda wanted=wanted: len(book.waiting) >= wanted)
        answer = json.loads((await running.http.get(DEPTH + BTC)).text, parse_float=Decimal)
        if answer["success"] and book.join(answer["data"]):
            return book


async def test_market_list_holds_what_must_be_left_out() -> None:
    """Dated, hidden, closed, inverse, on shares, ambiguous and malformed ones."""
    async with bench(assets=17) as running:
        rows = (await running.http.get("/mexc/api/v1/contract/detail")).json()["data"]
    by_symbol = {row["symbol"]: row for row in rows}
    assert (by_symbol["PEPE_USDT"]["baseCoin"], by_symbol["PEPE_USDT"]["contractSize"]) == ("PEPE", 1e6)
    assert {"XBT_USDT", "BTC_USD", "NVIDIA_USDT", "BTC_USDT_261225"} <= set(by_symbol)
    assert {row["state"] for row in rows} == {0, 3}


async def test_book_follows_the_world_once_it_is_joined() -> None:
    """Each begin is the end before it plus one, and the result is the simulated book."""
    async with bench() as running, running.socket(PATH) as socket:
        book = await _joined(running, socket)
        await follow(socket, book, lambda: book.updates >= 10)
        await running.order("mexc/BTC:freeze@0s+60s")
        await follow(socket, book, lambda: equals_truth(book, running.instrument("mexc", "BTC")))


async def test_a_lost_frame_shows() -> None:
    """The chain breaks at the frame behind it."""
    async with bench() as running, running.socket(PATH) as socket:
        book = await _joined(running, socket)
        await running.order("mexc/BTC:drop@0s")
        with pytest.raises(SequenceBroken):
            await follow(socket, book, lambda: False)


async def test_the_repeated_top_is_the_best_of_the_book() -> None:
    """Five levels a side, whole, with a version that lies in the depth's series."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.send(_request("sub.depth.full", limit=5))
        assert (await receive(socket))["channel"] == "rs.sub.depth.full"
        await socket.send(_request("sub.depth"))
        versions, ends = [], []
        while len(versions) < 3 or len(ends) < 3:
            frame = await receive(socket)
            if frame["channel"] == "push.depth.full":
                bids, asks = (pairs(frame["data"][side]) for side in ("bids", "asks"))
                assert len(bids) == len(asks) == 5
                assert max(bids)[0] < min(asks)[0]
                versions.append(frame["data"]["version"])
            elif frame["channel"] == "push.depth":
                ends.append(frame["data"]["end"])
    assert versions == sorted(versions)
    assert min(versions) - 1_000 < max(ends)
    assert min(ends) - 1_000 < max(versions)


async def test_numbers_come_in_several_spellings() -> None:
    """Exponents and long fractions among them, all of them plain numbers."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.send(_request("sub.depth.full", limit=50))
        seen = ""
        while "E+" not in seen or "0" * 30 not in seen:
            seen += str(await socket.recv())
    assert '"E' not in seen


async def test_acks_and_errors_name_no_request() -> None:
    """An error says in its text what it is about; what is not understood is not answered."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.send("not json")
        await socket.send('{"method":"sub.nothing","param":{}}')
        await socket.send(_request("sub.depth", "NOPE_USDT"))
        assert (await receive(socket))["data"] == "Contract [NOPE_USDT] not exists"
        await socket.send(_request("sub.depth.full", limit=7))
        assert (await receive(socket))["data"] == "Not support limit"
        await socket.send(_request("unsub.depth"))
        ack = await receive(socket)
    assert (ack["channel"], ack["data"], set(ack)) == ("rs.unsub.depth", "success", {"channel", "data", "ts"})


async def test_too_many_requests_get_status_200_and_a_code() -> None:
    """Ten in two seconds are answered."""
    async with bench() as running:
        answers = [await running.http.get(DEPTH + BTC) for _ in range(11)]
    assert {answer.status_code for answer in answers} == {200}
    assert [answer.json()["code"] for answer in answers] == [0] * 10 + [510]


async def test_a_contract_that_is_gone_has_an_empty_book() -> None:
    """With success, as the venue does it."""
    async with bench() as running:
        answer = (await running.http.get(f"{DEPTH}NOPE_USDT")).json()
    assert (answer["success"], answer["data"]["asks"], answer["data"]["bids"]) == (True, [], [])


async def test_who_does_not_ping_is_hung_up_on_while_data_flows() -> None:
    """A ping is answered and counts, data does not."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.send('{"method":"ping"}')
        assert (await receive(socket))["channel"] == "pong"
        await socket.send(_request("sub.depth"))
        await receive_until(socket, lambda frame: frame["channel"] == "push.depth")
        face = running.simulator.faces["mexc"]
        assert isinstance(face, MexcFace)
        face.silence_seconds = 0.3
        with pytest.raises(ConnectionClosed):
            await receive_until(socket, lambda frame: False)
