"""Captures served through the real socket."""

import asyncio
import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from crossbook.plumbing.errors import SettingsError
from crossbook.simulator.play.player import Player
from tests.support.simulator.clients.base import pairs
from tests.support.simulator.clients.binance import BinanceBook
from tests.support.simulator.clients.paradex import ParadexBook
from tests.support.simulator.simulators import Bench, bench, receive, receive_until

RECORDINGS = Path(__file__).parents[4] / "shared" / "recordings"


def _recording(name: str) -> Path:
    path = RECORDINGS / name
    if not path.exists():
        pytest.skip(f"no recording at {path}")
    return path


def _depth(first: int, last: int, previous: int, at_ms: int) -> dict[str, Any]:
    levels = {"b": [[f"{100 + last % 5}.10", "1.000"]], "a": [[f"{110 + last % 5}.10", "2.000"]]}
    return {"e": "depthUpdate", "E": at_ms, "T": at_ms, "s": "BTCUSDT", "U": first, "u": last, "pu": previous} | levels


@pytest.fixture
def small_recording(tmp_path: Path) -> Path:
    """Forty depth events over two seconds, tickers between them, and a snapshot inside the eleventh event."""
    lines, at_ns = [], 1_700_000_000_000_000_000
    for number in range(40):
        event = _depth(number * 10 + 1, number * 10 + 10, number * 10, at_ns // 1_000_000)
        lines.append(f"{at_ns} {json.dumps({'stream': 'btcusdt@depth@0ms', 'data': event})}")
        ticker = {"e": "bookTicker", "u": event["u"], "s": "BTCUSDT", "b": "100.1", "B": "1", "a": "110.1", "A": "2"}
        lines.append(f"{at_ns} {json.dumps({'stream': 'btcusdt@bookTicker', 'data': ticker})}")
        if number == 15:
            snapshot = {"lastUpdateId": 105, "bids": [["99.00", "5.000"]], "asks": [["120.00", "5.000"]]}
            lines.append(f"{at_ns} {json.dumps(snapshot)}")
        at_ns += 50_000_000
    path = tmp_path / "small.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write("\n".join(lines))
    return path


async def _play(running: Bench, book: BinanceBook) -> int:
    """Subscribes, fetches the snapshot when events have come, and follows to the end; returns the frames received."""
    async with running.socket("/binance/public/stream") as socket:
        streams = ["btcusdt@bookTicker", "btcusdt@depth@100ms"]
        await socket.send(json.dumps({"method": "SUBSCRIBE", "params": streams, "id": 1}))
        assert await receive(socket) == {"result": None, "id": 1}
        frames = 0
        while not (running_state := (await _state(running)))["is_done"] or frames < book_frames(running_state):
            try:
                message = await asyncio.wait_for(socket.recv(), 0.5)
            except TimeoutError:
                continue
            frames += 1
            book.feed(message)
            if book.snapshot_id is None and len(book.waiting) >= 3:
                book.join((await running.http.get("/binance/fapi/v1/depth?symbol=BTCUSDT&limit=1000")).json())
        return frames


def book_frames(state: dict[str, Any]) -> int:
    """Frames of the small recording that a subscriber of everything gets."""
    return int(state["frames"]) - 1


async def _state(running: Bench) -> dict[str, Any]:
    state: dict[str, Any] = (await running.http.get("/control/state")).json()["play"]
    return state


@pytest.mark.parametrize("speed", [0, 4])
async def test_recording_joins_and_chains_to_its_end(small_recording: Path, speed: float) -> None:
    """At any speed: acks, every recorded frame once and in order, a snapshot that joins, and a word when it is done."""
    async with bench(play=small_recording, speed=speed) as running:
        book = BinanceBook("BTCUSDT")
        assert await _play(running, book) == 80
        assert (book.last, book.updates) == (400, 30)


async def test_late_snapshot_is_the_book_as_it_is_by_then(small_recording: Path) -> None:
    """A client that must fetch again gets the recorded book with all changes since, and the id to go on from."""
    path = "/binance/public/ws/btcusdt@depth@0ms"
    async with bench(play=small_recording, speed=0) as running, running.socket(path) as socket:
        book = BinanceBook("BTCUSDT")
        while book.last != 400:
            book.feed(await asyncio.wait_for(socket.recv(), 20))
            if book.snapshot_id is None and book.waiting:
                book.join((await running.http.get("/binance/fapi/v1/depth?symbol=BTCUSDT")).json())
        for _ in range(2):
            late = (await running.http.get("/binance/fapi/v1/depth?symbol=BTCUSDT")).json()
            assert late["lastUpdateId"] == 400
            assert (dict(pairs(late["bids"])), dict(pairs(late["asks"]))) == (book.bids, book.asks)
            assert late["bids"] == sorted(late["bids"], key=lambda level: -float(level[0]))


async def test_second_connection_starts_from_the_beginning(small_recording: Path) -> None:
    """A client that comes back can join again."""
    async with bench(play=small_recording, speed=0) as running:
        for _ in range(2):
            book = BinanceBook("BTCUSDT")
            async with running.socket("/binance/public/ws/btcusdt@depth@0ms") as socket:
                while book.last != 400:
                    book.feed(await asyncio.wait_for(socket.recv(), 20))
                    if book.snapshot_id is None and book.waiting:
                        book.join((await running.http.get("/binance/fapi/v1/depth?symbol=BTCUSDT")).json())


async def test_market_list_names_the_recorded_symbols(small_recording: Path) -> None:
    """Only what was recorded is listed as trading; the other venues keep the world."""
    async with bench(play=small_recording) as running:
        rows = (await running.http.get("/binance/fapi/v1/exchangeInfo")).json()["symbols"]
        others = (await running.http.get("/okx/api/v5/public/instruments?instType=SWAP")).json()["data"]
    trading = [r["symbol"] for r in rows if r["status"] == "TRADING" and r["contractType"] == "PERPETUAL"]
    assert "BTCUSDT" in trading
    assert "ETHUSDT" not in trading
    assert "binance" not in {instrument.venue for instrument in running.simulator.world.instruments}
    assert "ETH-USDT-SWAP" in {row["instId"] for row in others}


async def test_real_binance_recording_joins_without_a_gap() -> None:
    """345 seconds of 2024-08-08, as fast as it goes: all frames, one join, no hole, and tops equal to bookTicker's."""
    path = _recording("binance/hftbacktest_usdm_btcusdt_20240808.gz")
    async with bench(play=path, speed=0) as running, running.socket("/binance/public/stream") as socket:
        book, frames = BinanceBook("BTCUSDT"), 0
        streams = ["btcusdt@bookTicker", "btcusdt@depth@100ms"]
        await socket.send(json.dumps({"method": "SUBSCRIBE", "params": streams, "id": 1}))
        await receive(socket)
        book.join((await running.http.get("/binance/fapi/v1/depth?symbol=BTCUSDT&limit=1000")).json())
        while frames < 72_640:
            book.feed(await asyncio.wait_for(socket.recv(), 30))
            frames += 1
        await running.until(lambda: running.simulator.faces["binance"].sessions != set())
        bid, _, ask, _ = book.top()
        assert bid < ask
        assert book.updates > 6_500


async def test_real_paradex_recording_chains() -> None:
    """The captured SBE frames arrive as they were: 115 bids and 60 asks, then 29 deltas one by one."""
    path = _recording("paradex/btc-order-book-deltas-2026-10-08.head31.jsonl")
    query = "sbeSchemaId=1&sbeSchemaVersion=1"
    async with bench(play=path, speed=0) as running, running.socket(f"/paradex/v1?{query}") as socket:
        params = {"channel": "order_book.BTC-USD-PERP.deltas"}
        await socket.send(json.dumps({"jsonrpc": "2.0", "method": "subscribe", "params": params, "id": 1}))
        book = ParadexBook("BTC-USD-PERP")
        book.feed(await receive_until(socket, lambda frame: isinstance(frame, bytes)))
        assert (len(book.bids), len(book.asks)) == (115, 60)
        while book.updates < 29:
            book.feed(await receive(socket))
    assert book.last == 7_687_289_234 + 29


async def test_real_okx_recording_is_served() -> None:
    """Cryptofeed's format: a snapshot and the updates of the recorded symbol, in order."""
    path = _recording("okx/cryptofeed_OKX.ws.1.0")
    async with bench(play=path, speed=0) as running, running.socket("/okx/ws/v5/public") as socket:
        args = [{"channel": "books", "instId": "UNI-USD-SWAP"}]
        await socket.send(json.dumps({"op": "subscribe", "args": args}))
        actions = []
        while len(actions) < 90:
            frame = await receive(socket)
            actions += [frame["action"]] if "action" in frame else []
    assert actions == ["snapshot"] + ["update"] * 89


async def test_real_cryptofeed_binance_snapshots_are_answered() -> None:
    """Snapshots of the neighbouring REST file are served for their symbols."""
    path = _recording("binance/cryptofeed_BINANCE_FUTURES.ws.1.0")
    async with bench(play=path, speed=0) as running:
        answer = await running.http.get("/binance/fapi/v1/depth?symbol=SUSHIUSDT&limit=1000")
    assert answer.json()["lastUpdateId"] == 600859605926


def test_unreadable_recordings_are_clear_errors(tmp_path: Path) -> None:
    """A missing file, a file of another kind and a torn line each name the setting."""
    (tmp_path / "prose.txt").write_text("once upon a time")
    (tmp_path / "torn.jsonl").write_text('{"t_ns": 1, "opcode"')
    (tmp_path / "acks.jsonl").write_text(
        json.dumps(
            {"t_ns": 1, "opcode": "binary", "b64": base64.b64encode(b"\x10\0\x28\0\1\0\1\0" + bytes(17)).decode()}
        )
    )
    for name in ("absent.gz", "prose.txt", "torn.jsonl", "acks.jsonl"):
        with pytest.raises(SettingsError, match=r"simulator\.play"):
            Player(tmp_path / name, 1)
