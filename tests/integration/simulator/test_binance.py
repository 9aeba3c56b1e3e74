"""The simulated Binance, through a real socket."""

import json
from decimal import Decimal

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.support.simulator.clients.binance import BinanceBook
from tests.support.simulator.simulators import Bench, bench, equals_truth, follow, receive, receive_until


async def _join(running: Bench, book: BinanceBook) -> None:
    answer = await running.http.get(f"/binance/fapi/v1/depth?symbol={book.symbol}&limit=1000")
    book.join(answer.json())


def _subscribe(*streams: str, request_id: int = 1) -> str:
    return json.dumps({"method": "SUBSCRIBE", "params": list(streams), "id": request_id})


async def test_market_list_has_perps_and_rows_to_leave_out() -> None:
    """Perps are TRADING and PERPETUAL; dated, settling, pending, coin-quoted and malformed rows stand beside them."""
    async with bench(assets=6) as running:
        rows = (await running.http.get("/binance/fapi/v1/exchangeInfo")).json()["symbols"]
    good = [r["symbol"] for r in rows if r["contractType"] == "PERPETUAL" and r["status"] == "TRADING"]
    assert good[:6] == ["BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT", "DOGEUSDT", "1000PEPEUSDT"]
    assert {r["status"] for r in rows} >= {"SETTLING", "PENDING_TRADING"}
    assert any(not isinstance(r["filters"], list) for r in rows)


async def test_book_joins_rest_snapshot_and_follows_the_world() -> None:
    """Buffered events, a REST snapshot, the join rule and the pu chain lead to the simulated book."""
    async with bench() as running, running.socket("/binance/public/stream") as socket:
        book = BinanceBook("BTCUSDT")
        await socket.send(_subscribe("btcusdt@depth@100ms"))
        assert await receive(socket) == {"result": None, "id": 1}
        await follow(socket, book, lambda: len(book.waiting) >= 3)
        await _join(running, book)
        await follow(socket, book, lambda: book.updates >= 10)
        await running.order("binance/BTC:freeze@0s+60s")
        await follow(socket, book, lambda: equals_truth(book, running.instrument("binance", "BTC")))


async def test_snapshots_fall_inside_events_and_on_their_borders() -> None:
    """Both kinds of join happen: U <= lastUpdateId <= u, and pu == lastUpdateId."""
    async with bench() as running, running.socket("/binance/public/ws/ethusdt@depth@100ms") as socket:
        kinds = set()
        while len(kinds) < 2:
            snapshot = (await running.http.get("/binance/fapi/v1/depth?symbol=ETHUSDT&limit=5")).json()
            event = await receive_until(socket, lambda e, last=snapshot["lastUpdateId"]: e["u"] > last)
            assert event["U"] <= snapshot["lastUpdateId"] or event["pu"] == snapshot["lastUpdateId"]
            kinds.add("border" if event["pu"] == snapshot["lastUpdateId"] else "inside")


async def test_book_ticker_agrees_with_the_book_at_equal_ids() -> None:
    """bookTicker and depth share the update ids, and where they are equal the tops are."""
    async with bench() as running, running.socket("/binance/public/ws") as socket:
        book, tops, compared = BinanceBook("BTCUSDT"), {}, 0
        await socket.send(_subscribe("btcusdt@bookTicker", "btcusdt@depth"))
        await receive(socket)
        await _join(running, book)
        while compared < 5:
            frame = await receive(socket)
            if frame["e"] == "bookTicker":
                tops[frame["u"]] = tuple(Decimal(frame[key]) for key in "bBaA")
            elif book.feed(json.dumps(frame)) and book.last in tops and book.updates:
                assert tops[book.last] == book.top()
                compared += 1


async def test_combined_streams_are_wrapped_and_raw_ones_are_not() -> None:
    """/public/stream wraps each payload with its stream's name; /public/ws sends it bare."""
    async with bench() as running:
        async with running.socket("/binance/public/stream?streams=btcusdt@bookTicker/ethusdt@depth") as socket:
            names = {(await receive(socket))["stream"] for _ in range(20)}
            assert names == {"btcusdt@bookTicker", "ethusdt@depth"}
        async with running.socket("/binance/public/ws/btcusdt@bookTicker") as socket:
            assert (await receive(socket))["e"] == "bookTicker"


async def test_partial_depth_is_whole_each_time() -> None:
    """depth5 shows five levels of each side in every event."""
    async with bench() as running, running.socket("/binance/public/ws/btcusdt@depth5@100ms") as socket:
        for _ in range(3):
            event = await receive(socket)
            assert (len(event["b"]), len(event["a"])) == (5, 5)


async def test_unknown_symbol_and_wrong_category_are_silent() -> None:
    """Both are acknowledged, and then nothing ever comes: the next frame is the answer to the next request."""
    async with bench() as running:
        for path, stream in (("/binance/public/ws", "nopeusdt@depth"), ("/binance/market/ws", "btcusdt@bookTicker")):
            async with running.socket(path) as socket:
                await socket.send(_subscribe(stream))
                assert await receive(socket) == {"result": None, "id": 1}
                start = running.simulator.world.tick
                await running.until(lambda start=start: running.simulator.world.tick > start + 30)
                await socket.send('{"method":"LIST_SUBSCRIPTIONS","id":2}')
                assert (await receive(socket))["id"] == 2


async def test_legacy_paths_are_gone() -> None:
    """The roots without a category refuse the upgrade."""
    async with bench() as running:
        for path in ("/binance/ws", "/binance/stream?streams=btcusdt@depth"):
            with pytest.raises(InvalidStatus) as refused:
                async with running.socket(path):
                    pass
            assert refused.value.response.status_code == 404


async def test_bad_requests_get_the_venues_codes() -> None:
    """Broken JSON has code 3, an unknown method or bad params code 2 with the request's id."""
    async with bench() as running, running.socket("/binance/public/ws") as socket:
        await socket.send("{")
        assert (await receive(socket))["error"]["code"] == 3
        for request in ({"method": "DANCE", "id": 8}, {"method": "SUBSCRIBE", "params": "x", "id": 8}):
            await socket.send(json.dumps(request))
            answer = await receive(socket)
            assert (answer["code"], answer["id"]) == (2, 8)


async def test_chatty_client_is_thrown_out() -> None:
    """More than ten messages in a second close the connection."""
    async with bench() as running, running.socket("/binance/public/ws") as socket:
        for _ in range(11):
            await socket.send('{"method":"LIST_SUBSCRIPTIONS","id":1}')
        with pytest.raises(ConnectionClosed):
            await receive_until(socket, lambda frame: False)


async def test_request_weight_runs_out_with_retry_after() -> None:
    """2400 of weight a minute: the 121st deep snapshot gets 429 and says when to come back."""
    async with bench() as running:
        answers: list[httpx.Response] = []
        for _ in range(121):
            answers.append(await running.http.get("/binance/fapi/v1/depth?symbol=BTCUSDT&limit=1000"))
    assert [answer.status_code for answer in answers] == [200] * 120 + [429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert answers[-1].json()["code"] == -1003


@pytest.mark.parametrize(("query", "code"), [("symbol=NOPE&limit=5", -1121), ("symbol=BTCUSDT&limit=7", -4021)])
async def test_bad_depth_requests_get_400(query: str, code: int) -> None:
    """Unknown symbols and limits are refused with the venue's codes."""
    async with bench() as running:
        answer = await running.http.get(f"/binance/fapi/v1/depth?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, code)
