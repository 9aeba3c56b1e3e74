"""The whole system where every port asks for a key: processes know each other, and strangers get nowhere."""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
import websockets
from google.protobuf.message import Message

from crossbook.pb.v1 import aggregator_pb2, alerts_pb2, arbitrage_pb2, gateway_pb2, tracker_pb2
from crossbook.pb.v1.aggregator_pb2_grpc import AggregatorServiceStub
from crossbook.plumbing.access.folder import key_file
from tests.support.local.system import System
from tests.support.waiting import eventually

REQUIRED = {"CROSSBOOK_ACCESS__IS_REQUIRED": "true"}
OPTIONS = ("--duration", "75s", "--window-seconds", "5", "--tracker-processes", "2")
UNAUTHENTICATED, FORBIDDEN = grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED
ASKED: dict[str, tuple[str, Message]] = {
    "tracker": ("TrackerService/GetTrackerStats", tracker_pb2.GetTrackerStatsRequest()),
    "aggregator": ("AggregatorService/GetAggregatorStats", aggregator_pb2.GetAggregatorStatsRequest()),
    "arbitrage": ("ArbitrageService/GetArbitrageStats", arbitrage_pb2.GetArbitrageStatsRequest()),
    "alerts": ("AlertService/GetAlertStats", alerts_pb2.GetAlertStatsRequest()),
    "gateway": ("GatewayService/GetSummary", gateway_pb2.GetSummaryRequest()),
}
STREAMS: dict[str, tuple[str, Message]] = {
    "aggregator": ("AggregatorService/WatchQuotes", aggregator_pb2.WatchQuotesRequest()),
    "arbitrage": ("ArbitrageService/WatchOpportunities", arbitrage_pb2.WatchOpportunitiesRequest()),
    "alerts": ("AlertService/WatchAlerts", alerts_pb2.WatchAlertsRequest()),
}


async def test_every_port_asks_for_a_key_and_the_system_runs(tmp_path: Path) -> None:
    """Quotes come to windows, opportunities and alerts; a stranger is refused by gRPC, REST and WebSocket; a viewer
    reads until the key is revoked, and a tracker feeds its own venues alone.
    """
    async with System(tmp_path / ".crossbook", *OPTIONS, **REQUIRED) as system:
        await system.until(lambda: "open http://127.0.0.1" in system.output(), deadline=180)
        processes = [name for name in system.processes() if name.partition("-")[0] in ASKED]
        assert {name.partition("-")[0] for name in processes} == set(ASKED)
        await _assert_strangers_refused(system, processes)
        await _assert_trackers_feed_their_own(system)
        secret = (await _crossbook(tmp_path, "accounts", "key", "create", "--name", "desk"))[0]
        await _assert_viewer_reads(system, processes, secret)
        assert len(await _crossbook(tmp_path, "watch", "quotes", "--limit", "3", "--json")) == 3
        for name, seconds in (await _until_revoked(tmp_path, system, processes, secret)).items():
            print(f"{name} refuses a revoked key after {seconds:.2f} s")
        assert await system.ended(150) == 0
    report = system.summary()
    assert {venue["state"] for venue in report["venues"].values()} == {"LIVE"}
    assert report["windows"]["snapshots_written"] > 0
    assert report["windows"]["incomplete"] == 0
    assert report["ground_truth"]["detected"] == report["ground_truth"]["planted"] > 0
    assert report["alerts"]["fired"] > 0
    assert sum(process["restarts"] for process in report["processes"].values()) == 0


async def _assert_strangers_refused(system: System, processes: list[str]) -> None:
    for name in processes:
        code, said = await _code(system, name)
        assert (code, "show a token or key" in said) == (UNAUTHENTICATED, True), (name, said)
        assert (await _code(system, name, "cbk_00000000_nobody"))[0] is UNAUTHENTICATED
    for name in STREAMS:
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            async with _streaming(system, name) as call:
                await call.read()
        assert ended.value.code() is UNAUTHENTICATED
    async with _web(system) as web:
        answer = await web.get("/api/prices")
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
        assert "show a token or key" in answer.json()["detail"]
        assert (await web.get("/healthz")).status_code == 200
    with pytest.raises(websockets.InvalidStatus) as refused:
        await _socket(system)
    assert refused.value.response.status_code == 401


async def _assert_trackers_feed_their_own(system: System) -> None:
    """With the key of one, the venue of the other."""
    own = key_file(system.data_dir / "access", "tracker-1").read_text().strip()
    quotes = aggregator_pb2.IngestQuotesRequest(hello=aggregator_pb2.IngestHello(venue="lighter", stream_id="s"))
    facts = aggregator_pb2.IngestFactsRequest(venue="lighter")
    async with grpc.aio.insecure_channel(system.address("aggregator")) as channel:
        stub = AggregatorServiceStub(channel)
        for call, first in ((stub.IngestQuotes, quotes), (stub.IngestFacts, facts)):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await call(iter([first]), metadata=_shown(own)).read()
            assert (refused.value.code(), "may not feed" in (refused.value.details() or "")) == (FORBIDDEN, True)
    assert (await _code(system, "aggregator", own))[0] is FORBIDDEN  # and it reads nothing


async def _assert_viewer_reads(system: System, processes: list[str], secret: str) -> None:
    for name in processes:
        await eventually(lambda name=name: _is(system, name, secret, grpc.StatusCode.OK))  # type: ignore[misc]
    async with _web(system, secret) as web:
        assert (await web.get("/api/prices", params={"symbol": "BTC"})).json()["count"] > 0
        assert (await web.post("/api/reload")).status_code == 403


async def _until_revoked(folder: Path, system: System, processes: list[str], secret: str) -> dict[str, float]:
    """Seconds from the command's end until each process refuses it, and each stream and socket has ended."""
    identifier = secret.split("_")[1]
    async with _web(system, secret) as web:
        socket = await _socket(system, f"crossbook.bearer.{secret}")
        streams = [_streaming(system, name, secret) for name in STREAMS]
        calls = [await stream.__aenter__() for stream in streams]
        await calls[0].read()
        await _crossbook(folder, "accounts", "key", "revoke", identifier)
        began = time.monotonic()

        async def after(refused: Callable[[], Awaitable[bool]]) -> float:
            await eventually(refused)
            return time.monotonic() - began

        async def of(name: str) -> float:
            return await after(lambda: _is(system, name, secret, UNAUTHENTICATED))

        async def of_web() -> float:
            return await after(lambda: _is_unauthorized(web))

        async def to_end(waiting: Awaitable[object]) -> float:
            await asyncio.wait_for(waiting, 60)
            return time.monotonic() - began

        seconds = await asyncio.gather(
            *(of(name) for name in processes),
            of_web(),
            to_end(socket.wait_closed()),
            *(to_end(_drained(call)) for call in calls),
        )
        assert socket.close_code == 4401
        assert {await call.code() for call in calls} == {UNAUTHENTICATED}
        for stream in streams:
            await stream.__aexit__(None, None, None)
    return dict(zip([*processes, "rest", "socket", *(f"{name} stream" for name in STREAMS)], seconds, strict=True))


async def _is(system: System, name: str, secret: str, wanted: grpc.StatusCode) -> bool:
    return (await _code(system, name, secret))[0] is wanted


async def _is_unauthorized(web: httpx.AsyncClient) -> bool:
    return (await web.get("/api/summary")).status_code == 401


async def _drained(call: Any) -> None:
    with contextlib.suppress(grpc.aio.AioRpcError):
        while await call.read() is not grpc.aio.EOF:
            pass


def _shown(secret: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {secret}"),) if secret else ()


async def _code(system: System, name: str, secret: str = "") -> tuple[grpc.StatusCode, str]:
    """What a process answers to whoever shows that."""
    method, request = ASKED[name.partition("-")[0]]
    async with grpc.aio.insecure_channel(system.address(name)) as channel:
        call: Any = channel.unary_unary(f"/crossbook.v1.{method}")
        try:
            await call(request.SerializeToString(), metadata=_shown(secret), timeout=10)
        except grpc.aio.AioRpcError as error:
            return error.code(), error.details() or ""
    return grpc.StatusCode.OK, ""


@asynccontextmanager
async def _streaming(system: System, name: str, secret: str = "") -> AsyncIterator[Any]:
    method, request = STREAMS[name]
    async with grpc.aio.insecure_channel(system.address(name)) as channel:
        stream: Any = channel.unary_stream(f"/crossbook.v1.{method}")
        yield stream(request.SerializeToString(), metadata=_shown(secret))


def _web(system: System, secret: str = "") -> httpx.AsyncClient:
    headers = dict(_shown(secret))
    return httpx.AsyncClient(base_url=_pages(system), headers=headers, trust_env=False, timeout=30)


def _pages(system: System) -> str:
    return str(system.processes()["gateway"]["pages"])


async def _socket(system: System, *more: str) -> websockets.ClientConnection:
    address = _pages(system).replace("http", "ws", 1) + "/ws"
    return await websockets.connect(address, subprotocols=["crossbook.v1", *more], proxy=None)  # type: ignore[arg-type]


async def _crossbook(folder: Path, *command: str) -> list[str]:
    """The lines of a command that is given in the folder of the run."""
    shards = [*json.loads((folder / ".crossbook" / "shards.json").read_text()).values()]
    target = ["--target", ",".join(shards)] if command[0] == "watch" else []
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "crossbook", *command, *target),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=folder,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, output.decode()
    return output.decode().splitlines()
