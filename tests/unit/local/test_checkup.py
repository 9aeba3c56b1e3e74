"""What the doctor says about ports."""

import asyncio
import socket
from collections.abc import Iterator

import pytest

from crossbook.local.checkup import Finding, examine
from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.grpc.server import grpc_server
from crossbook.plumbing.settings import load_settings
from crossbook.simulator.app import running_simulator


@pytest.fixture
def stranger() -> Iterator[int]:
    """The port of a program that is not ours and answers nothing."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


async def _about(port: int) -> Finding:
    found = await asyncio.to_thread(lambda: list(examine()))
    return next(finding for finding in found if finding.subject == f"port {port}")


async def test_a_port_that_crossbook_itself_serves_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor may be asked while everything runs."""
    async with grpc_server("127.0.0.1", 0, lambda _: None, ServiceHealth()) as server:
        monkeypatch.setenv("CROSSBOOK_ALERTS__PORT", str(server.port))
        finding = await _about(server.port)
    assert (finding.is_ok, finding.detail) == (True, "alerts answers: Crossbook is running")


@pytest.mark.parametrize(("tracker", "is_ok"), [('{"a": "h:1", "b": "h:2"}', True), ('{"a": "h:1"}', False)])
def test_trackers_and_arbitrage_must_list_the_same_shards(
    monkeypatch: pytest.MonkeyPatch, tracker: str, is_ok: bool
) -> None:
    """Else a shard's quotes reach nobody, or an empty shard is waited for."""
    monkeypatch.setenv("CROSSBOOK_TRACKER__SHARDS", tracker)
    monkeypatch.setenv("CROSSBOOK_ARBITRAGE__SHARDS", '{"a": "h:1", "b": "h:2"}')
    finding = next(finding for finding in examine() if finding.subject == "shards")
    assert finding.is_ok is is_ok
    assert "a at h:1, b at h:2" in finding.detail


async def test_the_simulators_port_is_asked_over_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """It speaks no gRPC."""
    async with running_simulator(load_settings(simulator={"port": 0, "assets": 1})) as simulator:
        monkeypatch.setenv("CROSSBOOK_SIMULATOR__PORT", str(simulator.port))
        finding = await _about(simulator.port)
    assert (finding.is_ok, finding.detail) == (True, "simulator answers: Crossbook is running")


@pytest.mark.parametrize("service", ["alerts", "simulator"])
async def test_a_port_that_somebody_else_holds_is_not(
    monkeypatch: pytest.MonkeyPatch, stranger: int, service: str
) -> None:
    """With the setting that moves us away."""
    monkeypatch.setenv(f"CROSSBOOK_{service.upper()}__PORT", str(stranger))
    finding = await _about(stranger)
    assert not finding.is_ok
    assert f"CROSSBOOK_{service.upper()}__PORT" in finding.detail
