"""Faults on demand, seen by a client: each breaks what it says, nothing else, and is written to the truth file."""

import json
import struct
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus

from crossbook.simulator.world.score import read_truth
from tests.support.simulator.clients.base import SequenceBroken
from tests.support.simulator.clients.lighter import LighterBook
from tests.support.simulator.clients.okx import OkxBook
from tests.support.simulator.clients.paradex import ParadexBook
from tests.support.simulator.simulators import Bench, bench, equals_truth, follow, receive, receive_until

OKX = "/okx/ws/v5/public"
BTC, ETH = "BTC-USDT-SWAP", "ETH-USDT-SWAP"


async def _subscribe_books(socket: ClientConnection, *symbols: str) -> None:
    args = [{"channel": "books", "instId": symbol} for symbol in symbols]
    await socket.send(json.dumps({"op": "subscribe", "args": args}))


async def _follow_two(running: Bench, socket: ClientConnection) -> tuple[OkxBook, OkxBook]:
    books = OkxBook(BTC), OkxBook(ETH)
    await _subscribe_books(socket, BTC, ETH)
    await _feed_until(socket, books, lambda: all(book.updates >= 2 for book in books))
    return books


async def _feed_until(socket: ClientConnection, books: tuple[OkxBook, ...], is_enough: Any) -> None:
    while not is_enough():
        frame = json.dumps(await receive(socket))
        for book in books:
            book.feed(frame)


@pytest.mark.parametrize("kind", ["drop", "reorder"])
async def test_missing_and_swapped_frames_break_one_chain_only(kind: str) -> None:
    """The chain of the faulty symbol breaks, that of the other one holds."""
    async with bench() as running, running.socket(OKX) as socket:
        broken, whole = await _follow_two(running, socket)
        await running.order(f"okx/BTC:{kind}@0s")
        with pytest.raises(SequenceBroken, match=BTC):
            await _feed_until(socket, (broken, whole), lambda: False)
        target = whole.updates + 5
        await _feed_until(socket, (whole,), lambda: whole.updates >= target)


async def test_duplicated_frame_comes_twice() -> None:
    """The same bytes arrive again, right after."""
    async with bench() as running, running.socket(OKX) as socket:
        await _subscribe_books(socket, BTC)
        await running.order("okx/BTC:duplicate@0s")
        previous: Any = None
        while True:
            frame = await receive(socket)
            if frame == previous:
                break
            previous = frame


async def test_corrupt_frames_come_in_every_variant() -> None:
    """Five spoiled frames: not JSON, cut short, a wrong type, NaN and a negative price; then whole ones again."""
    async with bench() as running, running.socket(OKX) as socket:
        await _subscribe_books(socket, BTC)
        await running.order("okx/BTC:corrupt@0s")
        seen: set[str] = set()
        while len(seen) < 4:
            seen.add(_flaw(str(await socket.recv())))
            seen.discard("")
        assert seen == {"not JSON", "wrong type", "NaN", "negative"}
        await running.until(lambda: running.simulator.injector.state() == [])
        book = OkxBook(ETH)
        await _subscribe_books(socket, ETH)
        await follow(socket, book, lambda: book.updates >= 3)


def _flaw(text: str) -> str:
    try:
        frame = json.loads(text)
    except ValueError:
        return "not JSON"
    for level in [level for book in frame.get("data", []) for side in ("asks", "bids") for level in book[side]]:
        price = level[0]
        if not isinstance(price, str):
            return "wrong type"
        if price == "NaN":
            return "NaN"
        if price.startswith("-"):
            return "negative"
    return ""


async def test_corrupt_binary_frames_do_not_decode() -> None:
    """A truncated SBE frame ends before its own end."""
    async with bench() as running, running.socket("/paradex/v1?sbeSchemaId=1&sbeSchemaVersion=1") as socket:
        channel = {"channel": "order_book.BTC-USD-PERP.deltas"}
        await socket.send(json.dumps({"jsonrpc": "2.0", "method": "subscribe", "params": channel, "id": 1}))
        book = ParadexBook("BTC-USD-PERP")
        await follow(socket, book, lambda: book.updates >= 2)
        await running.order("paradex/BTC:corrupt@0s x1=truncated")
        with pytest.raises(struct.error):
            await follow(socket, book, lambda: False)


async def test_frozen_symbol_is_silent_and_comes_back_whole() -> None:
    """Nothing of BTC while it is frozen, ETH goes on, and afterwards BTC's chain has no hole."""
    async with bench() as running, running.socket(OKX) as socket:
        books = await _follow_two(running, socket)
        await running.order("okx/BTC:freeze@0s+1s")
        await running.until(lambda: running.instrument("okx", "BTC").is_paused)
        await running.until(lambda: not running.instrument("okx", "BTC").is_paused)
        target = books[0].updates + 5, books[1].updates + 12
        await _feed_until(socket, books, lambda: all(b.updates >= t for b, t in zip(books, target, strict=True)))


async def test_frozen_socket_answers_nothing_until_it_thaws() -> None:
    """A mute venue ignores pings; afterwards it answers again."""
    async with bench() as running, running.socket(OKX) as socket:
        await running.order("okx:freeze@0s+700ms")
        await running.until(lambda: running.simulator.injector.is_mute("okx"))
        await socket.send("ping")
        await running.until(lambda: not running.simulator.injector.is_mute("okx"))
        await socket.send('{"op":"late"}')
        assert (await receive(socket))["code"] == "60012"


async def test_cut_drops_the_venues_clients_without_a_close_frame() -> None:
    """All clients of the venue lose their connection, those of others keep theirs."""
    async with bench() as running, running.socket(OKX) as socket, running.socket("/lighter/stream") as other:
        await _subscribe_books(socket, BTC)
        await running.order("okx:cut@0s")
        with pytest.raises(ConnectionClosed) as closed:
            await receive_until(socket, lambda frame: False)
        assert closed.value.rcvd is None
        await other.send('{"type":"ping"}')
        await receive_until(other, lambda frame: frame == {"type": "pong"})


async def test_cut_of_one_asset_spares_other_connections() -> None:
    """Only connections that follow the asset are cut."""
    async with bench() as running, running.socket(OKX) as first, running.socket(OKX) as second:
        await _subscribe_books(first, BTC)
        await _subscribe_books(second, ETH)
        await receive(first)
        await running.until(lambda: len(running.simulator.faces["okx"].subscribers) == 2)
        await running.order("okx/ETH:cut@0s")
        with pytest.raises(ConnectionClosed):
            await receive_until(second, lambda frame: False)
        book = OkxBook(BTC)
        await receive_until(first, lambda frame: book.symbol in str(frame) and "data" in frame)


async def test_refused_venue_takes_no_connection_and_no_request() -> None:
    """The TCP connection is dropped before an answer, for sockets and for REST; other venues answer."""
    async with bench() as running:
        await running.order("okx:refuse@0s+60s")
        await running.until(lambda: running.simulator.injector.is_refusing("okx"))
        with pytest.raises((InvalidHandshake, InvalidMessage, ConnectionError, EOFError)):
            async with running.socket(OKX):
                pass
        with pytest.raises(httpx.TransportError):
            await running.http.get("/okx/api/v5/public/instruments?instType=SWAP")
        assert (await running.http.get("/paradex/v1/markets")).status_code == 200


async def test_429_says_when_to_come_back() -> None:
    """REST and handshakes get 429 with Retry-After while the fault lasts."""
    async with bench() as running:
        await running.order("binance:429@0s+60s=7")
        await running.until(lambda: running.simulator.injector.refusal("binance") is not None)
        answer = await running.http.get("/binance/fapi/v1/exchangeInfo")
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
        with pytest.raises(InvalidStatus) as refused:
            async with running.socket("/binance/public/ws"):
                pass
        assert refused.value.response.status_code == 429


async def test_shifted_clock_shows_in_exchange_times() -> None:
    """Times in frames move by the shift; the chain does not care."""
    async with bench() as running, running.socket(OKX) as socket:
        await _subscribe_books(socket, BTC)
        before = int((await receive_until(socket, lambda f: "data" in f))["data"][0]["ts"])
        await running.order("okx:clock@0s+60s=-30s")
        await running.until(lambda: running.simulator.faces["okx"].clock_shift_ns < 0)
        shifted = await receive_until(socket, lambda f: "data" in f and int(f["data"][0]["ts"]) < before - 10_000)
        assert shifted["data"][0]["ts"].isdigit()


async def test_slow_line_keeps_the_order() -> None:
    """Frames are held back and none is lost or overtakes, neither while it lasts nor when it ends."""
    async with bench() as running, running.socket("/lighter/stream") as socket:
        face = running.simulator.faces["lighter"]
        market_id = next(iter(face._by_id))  # type: ignore[attr-defined]
        book = LighterBook(market_id)
        await socket.send(json.dumps({"type": "subscribe", "channel": f"order_book/{market_id}"}))
        await follow(socket, book, lambda: book.updates >= 2)
        await running.order("lighter:slow@0s+1s=300ms")
        await running.until(lambda: face.delay_ns > 0)
        await running.until(lambda: face.delay_ns == 0)
        target = book.updates + 15
        await follow(socket, book, lambda: book.updates >= target)


async def test_oversized_frame_exceeds_any_sane_limit() -> None:
    """A client with a 1 MiB limit refuses the frame and closes."""
    async with bench() as running, running.socket(OKX, max_size=2**20) as socket:
        await _subscribe_books(socket, BTC)
        await running.order("okx:oversize@0s")
        with pytest.raises(ConnectionClosed) as closed:
            await receive_until(socket, lambda frame: False)
    assert closed.value.sent is not None
    assert closed.value.sent.code == 1009


async def test_faults_are_written_to_the_truth_file(tmp_path: Path) -> None:
    """Start and end of each fault, with venue, asset and kind."""
    async with bench(truth_file=tmp_path / "truth.jsonl", faults="okx/BTC:freeze@0s+200ms,lighter:cut@0s") as running:
        await running.until(lambda: running.simulator.injector.state() == [])
    lines = [line for line in read_truth(tmp_path / "truth.jsonl") if line["kind"].startswith("fault")]
    started = {(x["venue"], x["asset"], x["fault"]) for x in lines if x["kind"] == "fault_started"}
    assert started == {("okx", "BTC", "freeze"), ("lighter", None, "cut")}
    assert sorted(x["id"] for x in lines if x["kind"] == "fault_ended") == ["fault-1", "fault-2"]


async def test_bad_specification_is_answered_with_the_grammar() -> None:
    """400, what is wrong, and how it should look; nothing is ordered."""
    async with bench() as running:
        answer = await running.http.post("/control/faults", content="okx:explode@1s")
        assert answer.status_code == 400
        assert "unknown kind 'explode'" in answer.text
        assert "VENUE[/ASSET]:KIND@START" in answer.text
        assert running.simulator.injector.state() == []


async def test_spec_may_come_as_query_and_state_shows_it() -> None:
    """POST /control/faults?spec= is the same; GET /control/state lists what waits."""
    async with bench() as running:
        answer = await running.http.post("/control/faults", params={"spec": "okx:cut@600s,binance/ETH:drop@600s x3"})
        assert answer.json() == {"accepted": ["fault-1", "fault-2"]}
        state = (await running.http.get("/control/state")).json()
    assert [fault["fault"] for fault in state["faults"]] == ["okx:cut@600s", "binance/ETH:drop@600s x3"]
    assert state["venues"]["okx"] == {"instruments": 3, "sessions": 0, "subscriptions": 0, "frames": 0}


async def test_control_refuses_what_it_does_not_know() -> None:
    """Unknown paths get 404, a GET where a POST belongs 405."""
    async with bench() as running:
        assert (await running.http.get("/control/nothing")).status_code == 404
        assert (await running.http.get("/control/faults")).status_code == 405
        assert (await running.http.get("/nowhere/api")).status_code == 404


async def test_books_are_whole_again_after_a_reconnect() -> None:
    """After a cut a new connection gets a new snapshot and follows the world."""
    async with bench() as running:
        async with running.socket(OKX) as socket:
            await _subscribe_books(socket, BTC)
            await running.order("okx:cut@0s")
            with pytest.raises(ConnectionClosed):
                await receive_until(socket, lambda frame: False)
        async with running.socket(OKX) as socket:
            book = OkxBook(BTC)
            await _subscribe_books(socket, BTC)
            await follow(socket, book, lambda: book.updates >= 3)
            await running.order("okx/BTC:freeze@0s+60s")
            await follow(socket, book, lambda: equals_truth(book, running.instrument("okx", "BTC")))
