"""Dialling our own services."""

import socket

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from crossbook.plumbing.grpc.channel import open_channel
from crossbook.plumbing.grpc.health import SERVING, ServiceHealth
from crossbook.plumbing.grpc.server import grpc_server
from crossbook.plumbing.targets import target_of


async def status_at(target: str) -> int:
    async with open_channel(target) as channel:
        answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=30)
        return int(answer.status)


@pytest.mark.parametrize("variable", ["http_proxy", "https_proxy", "grpc_proxy"])
async def test_a_proxy_in_the_environment_is_not_for_our_services(
    monkeypatch: pytest.MonkeyPatch, free_port: int, variable: str
) -> None:
    """Nobody listens where it says."""
    monkeypatch.setenv(variable, f"http://127.0.0.1:{free_port}")
    for no_proxy in ("no_proxy", "no_grpc_proxy"):
        monkeypatch.delenv(no_proxy, raising=False)
    async with grpc_server("127.0.0.1", 0, lambda _: None, ServiceHealth()) as server:
        assert await status_at(f"127.0.0.1:{server.port}") == SERVING


async def test_a_server_on_an_ipv6_address_is_reached_by_its_target() -> None:
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6 loopback")
    async with grpc_server("::1", 0, lambda _: None, ServiceHealth()) as server:
        assert await status_at(target_of("::1", server.port)) == SERVING
