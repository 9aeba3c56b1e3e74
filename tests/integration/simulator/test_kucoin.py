"""The simulated KuCoin, through a real socket."""

import json
from decimal import Decimal
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.support.simulator.clients.kucoin import KucoinBook
from tests.support.simulator.simulators import Bench, bench, equals_truth, receive, receive_until

BTC = "XBTUSDTM"
TICKET = "/kucoin/api/v1/bullet-public"
ACTIVE = "/kucoin/api/v1/contracts/active"


def _request(kind: str, channel: str, *symbols: str, request_id: str = "7") -> str:
    topic = f"/contractMarket/{channel}:{','.join(symbols)}"
    return json.dumps({"id": request_id, "type": kind, "topic": topic, "privateChannel": False, "response": True})


async def _url(running: Bench) -> str:
    """The address that a fresh ticket names."""
    data = (await running.http.post(TICKET)).json()["data"]
    return f"{data['instanceServers'][0]['endpoint']}?token={data['token']}&connectId=me"


def _dial(url: str) -> connect:
    return connect(url, proxy=None, max_queue=None)


async def _welcomed(socket: ClientConnection) -> None:
    assert await receive(socket) == {"id": "me", "type": "welcome"}


async def test_a_ticket_is_a_post_and_names_the_simulators_own_address() -> None:
    """The method matters, the body is empty, and what the answer names is where the socket opens."""
    async with bench() as running:
        assert (await running.http.get(TICKET)).status_code == 405
        assert (await running.http.post(ACTIVE)).status_code == 405
        answer = (await running.http.post(TICKET)).json()
        assert answer["code"] == "200000"
        (server,) = answer["data"]["instanceServers"]
        assert server["endpoint"] == f"ws://127.0.0.1:{running.port}/kucoin/"
        assert (server["pingInterval"], server["pingTimeout"]) == (18_000, 10_000)
        async with _dial(await _url(running)) as socket:
            await _welcomed(socket)


async def test_a_ticket_opens_one_connection() -> None:
    """Without one, with a made-up one and with one that was used, the handshake is refused."""
    async with bench() as running:
        url = await _url(running)
        async with _dial(url) as socket:
            await _welcomed(socket)
        for refused in (url, url.split("?")[0], url.replace("token=", "token=x")):
            with pytest.raises(InvalidStatus):
                await _dial(refused)


async def test_market_list_holds_rows_to_be_refused_and_whole_contracts() -> None:
    """Bitcoin is XBT, cheap coins come by the thousand; inverse, dated, paused and malformed rows stand among them."""
    async with bench(assets=6) as running:
        rows = {row["symbol"]: row for row in (await running.http.get(ACTIVE)).json()["data"]}
    assert (rows[BTC]["baseCurrency"], rows[BTC]["multiplier"], rows[BTC]["lotSize"]) == ("XBT", 0.001, 1)
    assert rows["1000PEPEUSDTM"]["baseCurrency"] == "1000PEPE"
    assert (rows["XBTUSDM"]["isInverse"], rows["XBTUSDM"]["multiplier"]) == (True, -1)
    assert rows["XBTMZ26"]["type"] == "FFICSX"
    assert rows["LUNAUSDTM"]["status"] == "Paused"
    assert isinstance(rows["BROKENUSDTM"]["multiplier"], str)


async def test_depth_frames_are_the_whole_book() -> None:
    """Each frame is the simulated book, its sequence rises and jumps, sizes are whole contracts."""
    async with bench() as running, _dial(await _url(running)) as socket:
        await _welcomed(socket)
        await socket.send(_request("subscribe", "level2Depth50", BTC))
        assert await receive(socket) == {"id": "7", "type": "ack"}
        book = KucoinBook(BTC)
        while book.updates < 5:
            frame = await receive(socket)
            assert all(isinstance(size, int) for _, size in frame["data"]["asks"])
            book.feed(json.dumps(frame))
        await running.order("kucoin/BTC:freeze@0s+60s")
        instrument = running.instrument("kucoin", "BTC")
        await running.until(lambda: instrument.is_paused)
        book_now = (await running.http.get(f"/kucoin/api/v1/level2/depth20?symbol={BTC}")).json()["data"]
        while book.last != book_now["sequence"]:
            book.feed(await socket.recv())
        assert equals_truth(book, instrument)


async def test_the_ticker_counts_with_the_depth() -> None:
    """At equal numbers both say the same top; the ticker's time is in nanoseconds, the depth's in milliseconds."""
    async with bench() as running, _dial(await _url(running)) as socket:
        await _welcomed(socket)
        for channel in ("tickerV2", "level2Depth50"):
            await socket.send(_request("subscribe", channel, BTC))
        tops: dict[int, tuple[Any, ...]] = {}
        compared = 0
        while compared < 5:
            data = (await receive_until(socket, lambda frame: frame["type"] == "message"))["data"]
            if "bestBidPrice" in data:
                tops[data["sequence"]] = (data["bestBidPrice"], data["bestBidSize"], data["bestAskPrice"])
                assert len(str(data["ts"])) == 19
            elif data["sequence"] in tops:
                assert tops[data["sequence"]] == (*data["bids"][0], data["asks"][0][0])
                assert len(str(data["ts"])) == 13
                compared += 1


@pytest.mark.parametrize(
    ("request_text", "code"),
    [
        ("not json", 415),
        ('{"id":"7","type":"dance"}', 415),
        (_request("subscribe", "level2Depth50", BTC, "NOPEUSDTM"), 404),
        (_request("subscribe", "candles", BTC), 404),
        ('{"id":"7","type":"subscribe","topic":"/market/ticker:BTC-USDT"}', 404),
        (_request("subscribe", "tickerV2", *[BTC] * 101), 509),
    ],
)
async def test_bad_requests_get_the_venues_code(request_text: str, code: int) -> None:
    """Each kind of bad request has its code."""
    async with bench() as running, _dial(await _url(running)) as socket:
        await _welcomed(socket)
        await socket.send(request_text)
        answer = await receive(socket)
    assert (answer["type"], answer["code"]) == ("error", code)


async def test_a_ping_is_answered_and_silence_ends_the_connection() -> None:
    """The pong repeats the id; a client that does not ping any more is dropped."""
    async with bench() as running, _dial(await _url(running)) as socket:
        await _welcomed(socket)
        await socket.send('{"id":"42","type":"ping"}')
        pong = await receive(socket)
        assert (pong["id"], pong["type"]) == ("42", "pong")
        running.simulator.faces["kucoin"].silence_seconds = 0.2  # type: ignore[attr-defined]
        with pytest.raises(ConnectionClosed):
            await receive(socket)


async def test_contracts_are_worth_what_the_world_says() -> None:
    """Contracts times multiplier is a sensible amount of coins at the top of every book."""
    async with bench(assets=20) as running:
        rows = {row["symbol"]: row for row in (await running.http.get(ACTIVE)).json()["data"]}
        for symbol in running.simulator.faces["kucoin"].instruments:
            book = (await running.http.get(f"/kucoin/api/v1/level2/depth20?symbol={symbol}")).json()["data"]
            price, size = map(Decimal, book["asks"][0])
            assert 1_000 < price * size * Decimal(str(rows[symbol]["multiplier"])) < 100_000
