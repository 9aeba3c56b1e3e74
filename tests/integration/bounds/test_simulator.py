"""What clients and operators can make the simulator hold is bounded."""

import json
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from crossbook.simulator.play import injector
from crossbook.simulator.serve import server
from crossbook.simulator.wire import session
from crossbook.simulator.world import truth
from crossbook.simulator.world.score import read_truth
from crossbook.simulator.world.truth import TruthFile
from tests.support.simulator.simulators import bench, receive

OKX = "/okx/ws/v5/public"
SUBSCRIBE = json.dumps({"op": "subscribe", "args": [{"channel": "books", "instId": "BTC-USDT-SWAP"}]})


async def test_clients_beyond_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """With 503; a client that leaves makes room, and REST is answered all the time."""
    monkeypatch.setattr(server, "MAX_SESSIONS", 2)
    async with bench() as running, AsyncExitStack() as stack:
        first = await stack.enter_async_context(running.socket(OKX))
        await stack.enter_async_context(running.socket("/binance/public/ws"))
        with pytest.raises(InvalidStatus) as refusal:
            await stack.enter_async_context(running.socket(OKX))
        assert refusal.value.response.status_code == 503
        assert (await running.http.get("/control/state")).status_code == 200
        await first.close()
        await running.until(lambda: not running.simulator.faces["okx"].sessions)
        await stack.enter_async_context(running.socket(OKX))


async def test_a_slow_line_holds_only_so_much_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client for whom more than the limit waits is cut off, as one that does not read."""
    monkeypatch.setattr(session, "MAX_WAITING_BYTES", 20_000)
    async with bench(rate=50) as running, running.socket(OKX) as socket:
        await running.order("okx:slow@0s+60m=60m")
        await socket.send(SUBSCRIBE)
        with pytest.raises(ConnectionClosed):
            await _read_for_ever(socket)


async def _read_for_ever(socket: ClientConnection) -> None:
    while True:
        await receive(socket)


async def test_faults_beyond_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole, with a message; those that end make room."""
    monkeypatch.setattr(injector, "MAX_ORDERS", 2)
    async with bench() as running:
        answer = await running.http.post("/control/faults", content="okx:cut@60m,okx:cut@60m,okx:cut@60m")
        assert answer.status_code == 400
        assert "at most 2 faults" in answer.text
        await running.order("okx:cut@0s,okx:cut@60m")
        await running.until(lambda: len(running.simulator.injector.state()) == 1)
        await running.order("okx:cut@60m")


def test_the_truth_ends_at_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a whole line; what comes after is left out."""
    monkeypatch.setattr(truth, "MAX_LINES", 3)
    written = TruthFile(tmp_path / "truth.jsonl")
    for number in range(10):
        written.fault_ended(str(number), number)
    written.close()
    assert [record["id"] for record in read_truth(tmp_path / "truth.jsonl")] == ["0", "1", "2"]
