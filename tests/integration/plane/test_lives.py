"""The plane's thread beside Python's: a fork, an interpreter that is busy. Its panic is tested in its crate."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from crossbook.pb.v1 import aggregator_pb2 as messages
from crossbook.pb.v1.aggregator_pb2_grpc import AggregatorServiceStub
from crossbook.plumbing.grpc.channel import open_channel
from tests.support.aggregator import aggregator_process
from tests.support.aggregator.aggregator_process import AggregatorProcess, get_stats
from tests.support.aggregator.flood import Flood
from tests.support.waiting import eventually

UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
FORKING = """
import os, socket, sys
from pathlib import Path
from crossbook._core import Plane, PlaneServer

plane = Plane()
server = PlaneServer(
    plane, "127.0.0.1", 0, Path("/nonexistent"), methods=[], max_connections=4, max_calls_of_connection=4,
    patience_seconds=60.0, keepalive_seconds=5.0, keepalive_timeout_seconds=2.0, max_header_bytes=1_000,
)
child = os.fork()
if child == 0:
    plane.close()
    sys.exit(0)
_, status = os.waitpid(child, 0)
assert status == 0, status
with socket.create_connection(("127.0.0.1", server.port)) as client:
    client.sendall(b"PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
    assert client.recv(1)
server.stop()
plane.close()
"""

# Holds the GIL from the signal on until the test opens the gate: what is called through PyDLL does not let go of it.
BUSY = """
import ctypes, os, signal
from pathlib import Path

def hold(number, frame):
    Path(os.environ["HELD"]).touch()
    ctypes.PyDLL(None).open(os.environ["GATE"].encode(), os.O_RDONLY)

signal.signal(signal.SIGUSR1, hold)
"""


async def test_a_child_of_fork_neither_hangs_nor_harms_its_parent() -> None:
    """It may close what it holds of the plane, and end as a process should; the parent serves on."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", FORKING)
    async with asyncio.timeout(60):
        assert await process.wait() == 0


@pytest.fixture
async def busy(
    postgres_dsn: str, free_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[AggregatorProcess]:
    """An aggregator whose Python can be stopped."""
    monkeypatch.setenv("HELD", str(tmp_path / "held"))
    monkeypatch.setenv("GATE", str(tmp_path / "gate"))
    monkeypatch.setattr(aggregator_process, "PROGRAM", BUSY + aggregator_process.PROGRAM)
    os.mkfifo(tmp_path / "gate")
    async with AggregatorProcess(postgres_dsn, free_port, tmp_path / "log") as process:
        yield process


async def test_streams_go_on_while_python_is_busy(busy: AggregatorProcess, tmp_path: Path) -> None:
    """What a tracker sends reaches a subscriber though nobody answers a health check: no message needs the GIL."""
    channel, other = open_channel(busy.target), open_channel(busy.target)
    async with channel, other, Flood(channel, "alpha", instruments=5, rounds=1) as flood:
        follower = AggregatorServiceStub(other).SubscribeQuoteBatches(messages.SubscribeQuoteBatchesRequest())
        await flood.send(1)
        await _sees(follower, 1.0)
        os.kill(busy.pid, signal.SIGUSR1)
        await eventually((tmp_path / "held").exists)
        asked = asyncio.create_task(get_stats(other))
        for bid in (2.0, 3.0, 4.0):
            await flood.send(1)
            await _sees(follower, bid)
        assert not asked.done()
        os.close(os.open(tmp_path / "gate", os.O_WRONLY))
        assert (await asked).quotes_ingested == flood.quotes
        follower.cancel()


async def _sees(follower: Any, bid: float) -> None:
    async with asyncio.timeout(60):
        while bid not in (await follower.read()).batch.bid:
            pass


async def test_a_service_that_is_told_to_stop_ends_every_stream_with_a_word(
    postgres_dsn: str, free_port: int, tmp_path: Path
) -> None:
    """Its clients hear that they should come again; it ends well, though one never reads and one has never spoken."""
    async with (
        AggregatorProcess(postgres_dsn, free_port, tmp_path / "log") as aggregator,
        open_channel(aggregator.target) as channel,
    ):
        stub = AggregatorServiceStub(channel)
        follower, stalled = (stub.WatchQuotes(messages.WatchQuotesRequest()) for _ in range(2))
        silent = channel.stream_stream("/crossbook.v1.AggregatorService/IngestQuotes")()
        await follower.initial_metadata()
        await stalled.initial_metadata()
        assert await aggregator.end(signal.SIGTERM) == 0
        for call in (follower, stalled):
            assert (await call.code(), await call.details()) == (UNAVAILABLE, "the aggregator is stopping")
        assert await silent.code() == UNAVAILABLE
