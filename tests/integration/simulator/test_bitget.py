"""The simulated Bitget, through a real socket."""

import asyncio
import json
from decimal import Decimal
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from crossbook.simulator.faces.bitget import BitgetFace
from tests.support.simulator.clients.base import SequenceBroken, pairs
from tests.support.simulator.clients.bitget import BitgetBook
from tests.support.simulator.simulators import Bench, bench, equals_truth, follow, receive, receive_until

PATH = "/bitget/v2/ws/public"
BTC = "BTCUSDT"
PRODUCT = "USDT-FUTURES"


def _request(operation: str, *args: tuple[str, str], product: str = PRODUCT) -> str:
    listed = [{"instType": product, "channel": channel, "instId": symbol} for channel, symbol in args]
    return json.dumps({"op": operation, "args": listed})


def _face(running: Bench) -> BitgetFace:
    face = running.simulator.faces["bitget"]
    assert isinstance(face, BitgetFace)
    return face


async def test_market_list_holds_what_must_be_left_out() -> None:
    """Delivery contracts, closed and halted ones, stocks and a malformed row stand among the perpetuals."""
    async with bench(assets=22) as running:
        rows = (await running.http.get(f"/bitget/api/v2/mix/market/contracts?productType={PRODUCT}")).json()["data"]
    assert {row["symbolType"] for row in rows} == {"perpetual", "delivery"}
    assert {row["symbolStatus"] for row in rows} == {"normal", "off", "maintain"}
    assert {row["isRwa"] for row in rows} == {"NO", "YES"}
    assert {"1000BONK", "PEPE", "SHIB"} <= {row["baseCoin"] for row in rows}
    assert len(rows) == 27


async def test_another_product_is_refused_over_rest() -> None:
    """An error has its code in the body, and no data."""
    async with bench() as running:
        answer = await running.http.get("/bitget/api/v2/mix/market/contracts?productType=SUSDT-FUTURES")
    assert (answer.status_code, answer.json()["data"]) == (400, None)
    assert answer.json()["code"] != "00000"


async def test_book_follows_the_world_by_sequences() -> None:
    """Snapshot, then each pseq is the last seq; the result is the simulated book."""
    async with bench() as running, running.socket(PATH) as socket:
        book = BitgetBook(BTC)
        await socket.send(_request("subscribe", ("books", BTC)))
        ack = await receive(socket)
        assert ack == {"event": "subscribe", "arg": {"instType": PRODUCT, "channel": "books", "instId": BTC}}
        await follow(socket, book, lambda: book.updates >= 10)
        await running.order("bitget/BTC:freeze@0s+60s")
        await follow(socket, book, lambda: equals_truth(book, running.instrument("bitget", "BTC")))


async def test_a_lost_update_and_a_restart_break_the_chain() -> None:
    """A dropped frame leaves a hole; after a restart pseq is 0."""
    async with bench() as running, running.socket(PATH) as socket:
        for harm in ("drop", "restart"):
            book = BitgetBook(BTC)
            await socket.send(_request("subscribe", ("books", BTC)))
            await follow(socket, book, lambda book=book: book.updates >= 1)  # type: ignore[misc]
            if harm == "drop":
                await running.order("bitget/BTC:drop@0s")
            else:
                _face(running).restart_sequence(BTC)
            with pytest.raises(SequenceBroken, match=" 0 does not follow" if harm == "restart" else "does not follow"):
                await follow(socket, book, lambda: False)
            await socket.send(_request("unsubscribe", ("books", BTC)))
            await receive_until(socket, lambda frame: frame.get("event") == "unsubscribe")


async def test_best_bid_and_ask_agrees_with_the_book_at_equal_sequences() -> None:
    """books1 is a snapshot each time and draws from the same series as books."""
    async with bench() as running, running.socket(PATH) as socket:
        book, tops, compared = BitgetBook(BTC), {}, 0
        await socket.send(_request("subscribe", ("books1", BTC), ("books", BTC)))
        while compared < 5:
            frame = await receive(socket)
            if frame["arg"]["channel"] == "books1" and "data" in frame:
                (top,) = frame["data"]
                assert (frame["action"], top["pseq"]) == ("snapshot", 0)
                tops[top["seq"]] = (*pairs(top["bids"])[0], *pairs(top["asks"])[0])
            elif book.feed(json.dumps(frame)) and book.last in tops:
                assert tops[book.last] == book.top()
                compared += 1


@pytest.mark.parametrize(
    ("request_text", "code"),
    [
        ("not json", 30003),
        ('{"op":"dance","args":[]}', 30003),
        (_request("subscribe", ("books", "NOPEUSDT")), 30001),
        (_request("subscribe", ("books50", BTC)), 30016),
        (_request("subscribe", *[("books", BTC)] * 60), 30016),
    ],
)
async def test_bad_requests_get_the_venues_code(request_text: str, code: int) -> None:
    """Each kind of bad request has its code; one about an argument repeats it. A request has 4096 bytes at most."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.send(request_text)
        answer = await receive(socket)
    assert (answer["event"], answer["code"]) == ("error", code)
    assert ("arg" in answer) == ("NOPE" in request_text or "books50" in request_text)


async def test_a_wrong_product_is_granted_and_silent() -> None:
    """The grant is no proof of data."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.send(_request("subscribe", ("books", BTC), product="USDC-FUTURES"))
        await socket.send(_request("subscribe", ("books1", "ETHUSDT")))
        frames: list[Any] = [await receive(socket) for _ in range(6)]
    assert frames[0]["arg"]["instType"] == "USDC-FUTURES"
    assert {frame["arg"]["instId"] for frame in frames[1:]} == {"ETHUSDT"}


async def test_text_ping_gets_text_pong_and_a_connection_without_one_is_cut_off() -> None:
    """Other messages are no pings, and what the venue sends does not count."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.send("ping")
        assert await asyncio.wait_for(socket.recv(), 10) == "pong"
        _face(running).silence_seconds = 0.3
        with pytest.raises(ConnectionClosed):
            await receive(socket)


async def test_eleven_messages_in_a_second_cost_the_connection() -> None:
    """Whatever they are."""
    async with bench() as running, running.socket(PATH) as socket:
        for _ in range(11):
            await socket.send(_request("subscribe", ("books1", BTC)))
        with pytest.raises(ConnectionClosed):
            await receive_until(socket, lambda frame: False)


async def test_too_many_requests_an_hour_are_refused() -> None:
    """The 241st request of an hour is refused; one with many arguments counts once."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.send(_request("subscribe", ("books1", BTC), ("books", BTC)))
        await receive(socket)
        for session in _face(running).sessions:
            assert session.messages is not None
            assert session.messages.used == 1
            session.messages.used = 240
        await socket.send(_request("unsubscribe", ("books", BTC)))
        answer = await receive_until(socket, lambda frame: frame.get("event") == "error")
        assert answer["code"] == 30007


async def test_rest_book_is_the_simulated_one_in_plain_numbers() -> None:
    """It tells no sequence."""
    async with bench(faults="bitget:freeze@0s+60s") as running:
        instrument = running.instrument("bitget", "BTC")
        await running.until(lambda: instrument.is_paused)
        url = f"/bitget/api/v2/mix/market/merge-depth?productType={PRODUCT}&symbol={BTC}&limit=max"
        data = (await running.http.get(url)).json()["data"]
        sides = [{Decimal(str(p)): Decimal(str(s)) for p, s in data[side]} for side in ("bids", "asks")]
        book = BitgetBook(BTC)
        book.load(list(sides[0].items()), list(sides[1].items()), 0)
        assert equals_truth(book, instrument)
        assert "seq" not in data
