"""How to tell that a process can be used."""

import asyncio
from collections.abc import Awaitable, Callable

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from crossbook.plumbing.grpc.channel import open_channel

_DEADLINE_SECONDS = 1.0

Probe = Callable[[], Awaitable[bool]]


def answers_grpc(target: str) -> Probe:
    """Whether the process's health service answers at all: it may still wait for others."""

    async def probe() -> bool:
        async with open_channel(target) as channel:
            stub = health_pb2_grpc.HealthStub(channel)
            try:
                await stub.Check(health_pb2.HealthCheckRequest(), timeout=_DEADLINE_SECONDS)
            except grpc.aio.AioRpcError:
                return False
            return True

    return probe


def listens(host: str, port: int) -> Probe:
    """Whether anything accepts connections there."""

    async def probe() -> bool:
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), _DEADLINE_SECONDS)
        except (OSError, TimeoutError):
            return False
        writer.close()
        return True

    return probe


def in_thread(check: Callable[[], bool]) -> Probe:
    """A probe that blocks, off the event loop."""
    return lambda: asyncio.to_thread(check)
