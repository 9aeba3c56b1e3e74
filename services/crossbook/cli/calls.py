"""Calls to running services from the command line: one channel, streams ended by Ctrl-C, errors in one line."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc

from crossbook.plumbing.errors import CrossbookError
from crossbook.plumbing.grpc_channel import open_channel
from crossbook.plumbing.settings import Settings, load_settings


class CallFailedError(CrossbookError):
    """A service refused or did not answer: the message says which and why."""


def default_target(service: str, given: str | None) -> str:
    """Where a service listens: as given, or as this shell's settings say."""
    settings: Settings = load_settings()
    return given or f"{settings.host}:{getattr(settings, service).port}"


def call(target: str, use: Callable[[grpc.aio.Channel], Awaitable[None]]) -> None:
    """Runs one conversation to its end; Ctrl-C is a normal end."""
    try:
        asyncio.run(_call(target, use))
    except KeyboardInterrupt:
        return


async def each(stream: Any) -> AsyncIterator[Any]:
    """A server's messages; the call is cancelled however the reading ends."""
    try:
        async for message in stream:
            yield message
    finally:
        stream.cancel()


async def _call(target: str, use: Callable[[grpc.aio.Channel], Awaitable[None]]) -> None:
    async with open_channel(target) as channel:
        try:
            await use(channel)
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.UNAVAILABLE and "connect" in (error.details() or "").lower():
                raise CallFailedError(
                    f"nothing answers at {target}: start it with `crossbook up`, or say --target"
                ) from None
            raise CallFailedError(f"{target} answered {error.code().name}: {error.details()}") from None
