"""Planted episodes, from the wire to the truth file to the score."""

import asyncio
import json
import math
import time
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection

from crossbook.plumbing.errors import PortTakenError
from crossbook.plumbing.process import Lifetime
from crossbook.plumbing.settings import load_settings
from crossbook.simulator.app import run
from crossbook.simulator.world.score import Detected, read_truth, score
from tests.support.simulator.simulators import bench, receive

SETTINGS = {"quiet_seconds": 0.2, "episode_interval_seconds": 0.3, "assets": 4}


async def test_no_episode_before_somebody_listens(tmp_path: Path) -> None:
    """The plan's clock starts with the first subscription, so that a slow start misses nothing."""
    async with bench(truth_file=tmp_path / "truth.jsonl", **SETTINGS) as running:
        await running.until(lambda: running.simulator.world.tick > 60)
        assert running.simulator.truth.episodes_started == 0
        async with running.socket("/okx/ws/v5/public") as socket:
            args = [{"channel": "bbo-tbt", "instId": "BTC-USDT-SWAP"}]
            await socket.send(json.dumps({"op": "subscribe", "args": args}))
            await running.until(lambda: running.simulator.truth.episodes_started > 0)


async def test_episodes_are_flushed_and_closed_at_the_end(tmp_path: Path) -> None:
    """Each line is on disk at once; what runs when the simulator stops ends early."""
    path = tmp_path / "truth.jsonl"
    async with bench(truth_file=path, **SETTINGS) as running:
        running.simulator.world.arm()
        await running.until(lambda: running.simulator.truth.episodes_started >= 3)
        assert sum(line["kind"] == "episode_started" for line in read_truth(path)) >= 3
    lines = read_truth(path)
    started = [line["id"] for line in lines if line["kind"] == "episode_started"]
    ended = {line["id"]: line["ended_early"] for line in lines if line["kind"] == "episode_ended"}
    assert sorted(started) == sorted(ended)
    assert any(ended.values())
    assert lines[0]["kind"] == "simulator_started"
    assert lines[-1]["kind"] == "simulator_stopped"


async def test_stop_ends_episodes_for_good() -> None:
    """POST /control/stop: what runs ends, and nothing starts any more."""
    async with bench(**SETTINGS) as running:
        running.simulator.world.arm()
        await running.until(lambda: len(running.simulator.world.active) >= 1)
        assert (await running.http.post("/control/stop")).status_code == 200
        started = running.simulator.truth.episodes_started
        tick = running.simulator.world.tick
        await running.until(lambda: running.simulator.world.tick > tick + 150)
        assert running.simulator.truth.episodes_started == started
        assert running.simulator.world.active == {}


async def test_detector_on_the_wire_finds_every_episode_and_nothing_else(tmp_path: Path) -> None:
    """Two venues' best prices, compared by a few lines of arithmetic, score perfectly against the truth file."""
    path = tmp_path / "truth.jsonl"
    found: list[Detected] = []
    settings = SETTINGS | {"assets": 2, "venues": ["binance", "okx"], "truth_file": path}
    async with (
        bench(**settings) as running,
        running.socket("/binance/public/ws/btcusdt@bookTicker") as binance,
        running.socket("/binance/public/ws/ethusdt@bookTicker") as binance_eth,
        running.socket("/okx/ws/v5/public") as okx,
    ):
        args = [{"channel": "bbo-tbt", "instId": f"{asset}-USDT-SWAP"} for asset in ("BTC", "ETH")]
        await okx.send(json.dumps({"op": "subscribe", "args": args}))
        tops: dict[tuple[str, str], tuple[float, float]] = {}
        readers = [asyncio.create_task(_read(socket, tops, found)) for socket in (binance, binance_eth, okx)]
        await running.until(lambda: running.simulator.truth.episodes_ended >= 4)
        for reader in readers:
            reader.cancel()
        await asyncio.wait(readers)
    result = score(read_truth(path), found, min_seconds=0.4)
    assert (result.missed, result.false) == ([], [])
    assert result.planted == result.detected >= 4


async def _read(
    socket: ClientConnection, tops: dict[tuple[str, str], tuple[float, float]], found: list[Detected]
) -> None:
    """Notes every moment at which a pair pays 0.1 % after the fees of a round trip, 0.2 % between these venues."""
    while True:
        frame = await receive(socket)
        if "data" in frame:
            asset = frame["arg"]["instId"].split("-")[0]
            book = frame["data"][0]
            tops[asset, "okx"] = float(book["bids"][0][0]), float(book["asks"][0][0])
        elif frame.get("e") == "bookTicker":
            asset = frame["s"].removesuffix("USDT")
            tops[asset, "binance"] = float(frame["b"]), float(frame["a"])
        else:
            continue
        for buy, sell in (("binance", "okx"), ("okx", "binance")):
            bid, ask = tops.get((asset, sell), (0.0, 0.0))[0], tops.get((asset, buy), (0.0, math.inf))[1]
            if (bid / ask - 1) * 100 - 0.2 >= 0.1:
                found.append(Detected(asset, buy, sell, time.time_ns()))


async def test_service_runs_until_told_to_stop() -> None:
    """app.run serves and ends by itself when the lifetime does."""
    lifetime = Lifetime()
    service = asyncio.create_task(run(load_settings(simulator={"port": 0, "assets": 1}), lifetime))
    await asyncio.sleep(0)
    assert not service.done()
    lifetime.stop()
    await asyncio.wait_for(service, 30)


async def test_taken_port_is_a_clear_error() -> None:
    """A second simulator on the same port says so."""
    async with bench() as running:
        with pytest.raises(PortTakenError, match=str(running.port)):
            await run(load_settings(simulator={"port": running.port, "assets": 1}), Lifetime())
