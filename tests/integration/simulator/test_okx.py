"""The simulated OKX, through a real socket."""

import asyncio
import json
from decimal import Decimal
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.support.simulator.clients.base import pairs
from tests.support.simulator.clients.okx import OkxBook
from tests.support.simulator.simulators import bench, equals_truth, follow, receive, receive_until

PATH = "/okx/ws/v5/public"
BTC = "BTC-USDT-SWAP"


def _request(operation: str, *args: tuple[str, str], **extra: Any) -> str:
    return json.dumps(extra | {"op": operation, "args": [{"channel": c, "instId": i} for c, i in args]})


async def test_market_list_states_sizes_in_contracts() -> None:
    """Every linear swap has a contract value, varied across assets and partly stated through ctMult."""
    async with bench(assets=20) as running:
        rows = (await running.http.get("/okx/api/v5/public/instruments?instType=SWAP")).json()["data"]
    live = [row for row in rows if row["state"] == "live" and row["ctType"] == "linear" and row["tickSz"]]
    assert len(live) == 20
    assert len({row["ctVal"] for row in live}) >= 5
    assert {row["ctMult"] for row in live} == {"1", "10"}
    assert {row["baseCcy"] for row in rows} == {""}
    assert {"suspend", "preopen"} <= {row["state"] for row in rows}


async def test_contract_sizes_are_worth_what_the_world_says() -> None:
    """Contracts times ctVal times ctMult is a sensible amount of coins at the top of every book."""
    async with bench(assets=20) as running:
        rows = (await running.http.get("/okx/api/v5/public/instruments?instType=SWAP")).json()["data"]
        by_symbol = {row["instId"]: row for row in rows}
        for symbol in running.simulator.faces["okx"].instruments:
            contract = Decimal(by_symbol[symbol]["ctVal"]) * Decimal(by_symbol[symbol]["ctMult"])
            book = (await running.http.get(f"/okx/api/v5/market/books?instId={symbol}&sz=1")).json()["data"][0]
            price, size, *_ = map(Decimal, book["asks"][0])
            assert 1_000 < price * size * contract < 100_000


async def test_book_follows_the_world_by_sequence_ids() -> None:
    """Snapshot, then each prevSeqId is the last seqId; the result is the simulated book."""
    async with bench() as running, running.socket(PATH) as socket:
        book = OkxBook(BTC)
        await socket.send(_request("subscribe", ("books", BTC), id="7"))
        ack = await receive(socket)
        assert (ack["id"], ack["event"], ack["arg"]) == ("7", "subscribe", {"channel": "books", "instId": BTC})
        await follow(socket, book, lambda: book.updates >= 10)
        await running.order("okx/BTC:freeze@0s+60s")
        await follow(socket, book, lambda: equals_truth(book, running.instrument("okx", "BTC")))


async def test_best_bid_ask_agrees_with_the_book_at_equal_ids() -> None:
    """bbo-tbt and books draw from one series of ids."""
    async with bench() as running, running.socket(PATH) as socket:
        book, tops, compared = OkxBook(BTC), {}, 0
        await socket.send(_request("subscribe", ("bbo-tbt", BTC), ("books", BTC)))
        while compared < 5:
            frame = await receive(socket)
            if frame["arg"]["channel"] == "bbo-tbt" and "data" in frame:
                (top,) = frame["data"]
                tops[top["seqId"]] = (*pairs(top["bids"])[0], *pairs(top["asks"])[0])
            elif book.feed(json.dumps(frame)) and book.last in tops:
                assert tops[book.last] == book.top()
                compared += 1


async def test_without_initial_snapshot_the_rest_book_joins() -> None:
    """When the snapshot is omitted, a REST book with seqId S is followed by the update with prevSeqId <= S < seqId."""
    async with bench(faults="okx:nosnapshot@0s") as running, running.socket(PATH) as socket:
        await running.until(lambda: running.simulator.faces["okx"].omits_snapshots)
        book, updates = OkxBook(BTC), []
        await socket.send(_request("subscribe", ("books", BTC)))
        while len(updates) < 2:
            frame = await receive(socket)
            assert frame.get("action") != "snapshot"
            updates += [frame] if "data" in frame else []
        rest = (await running.http.get(f"/okx/api/v5/market/books?instId={BTC}&sz=400")).json()["data"][0]
        assert rest["seqId"] >= updates[0]["data"][0]["prevSeqId"]
        while updates[-1]["data"][0]["seqId"] <= rest["seqId"]:
            updates.append(await receive(socket))
        first = next(frame for frame in updates if frame["data"][0]["seqId"] > rest["seqId"])
        assert first["data"][0]["prevSeqId"] <= rest["seqId"]
        book.load(pairs(rest["bids"]), pairs(rest["asks"]), first["data"][0]["prevSeqId"])
        book.feed(json.dumps(first))
        await running.order("okx/BTC:freeze@0s+60s")
        await follow(socket, book, lambda: equals_truth(book, running.instrument("okx", "BTC")))


@pytest.mark.parametrize(
    ("request_text", "code"),
    [
        ("not json", "60012"),
        ('{"op":"dance","args":[]}', "60012"),
        (_request("subscribe", ("books", "NOPE-USDT-SWAP")), "60018"),
        (_request("subscribe", ("candle1m", BTC)), "60018"),
        (_request("subscribe", ("books-l2-tbt", BTC)), "60011"),
    ],
)
async def test_bad_requests_get_the_venues_code(request_text: str, code: str) -> None:
    """Each kind of bad request has its code, as text."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.send(request_text)
        answer = await receive(socket)
    assert (answer["event"], answer["code"]) == ("error", code)


async def test_text_ping_gets_text_pong() -> None:
    """The heartbeat is bare text, not JSON."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.send("ping")
        assert await asyncio.wait_for(socket.recv(), 10) == "pong"


async def test_silent_connection_is_closed() -> None:
    """Neither a request nor data for too long: close 4004."""
    async with bench() as running, running.socket(PATH) as socket:
        running.simulator.faces["okx"].silence_seconds = 0.3  # type: ignore[attr-defined]
        with pytest.raises(ConnectionClosed) as closed:
            await receive(socket)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4004


async def test_quiet_book_sends_keepalives_that_pass_the_rule() -> None:
    """When nothing changes, an update without levels repeats the last seqId."""
    async with bench() as running, running.socket(PATH) as socket:
        running.simulator.faces["okx"].keepalive_seconds = 0.3  # type: ignore[attr-defined]
        book = OkxBook(BTC)
        await socket.send(_request("subscribe", ("books", BTC)))
        await follow(socket, book, lambda: book.updates >= 1)
        await running.order("okx/BTC:freeze@0s+60s")
        frame = await receive_until(
            socket, lambda f: "data" in f and f["data"][0]["seqId"] == f["data"][0]["prevSeqId"]
        )
    assert (frame["data"][0]["bids"], frame["data"][0]["asks"]) == ([], [])


async def test_too_many_requests_an_hour_are_refused() -> None:
    """The 481st subscribe or unsubscribe request of a connection gets 60014; one with many args counts once."""
    async with bench() as running, running.socket(PATH) as socket:
        for _ in range(481):
            await socket.send(_request("unsubscribe", ("books", BTC), ("bbo-tbt", BTC)))
        answer = await receive_until(socket, lambda frame: frame["event"] == "error")
    assert answer["code"] == "60014"
