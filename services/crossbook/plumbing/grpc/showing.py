"""Every call that this process makes shows who it is, unless the call says so itself (plumbing/access/identity.py)."""

from collections.abc import Callable
from typing import Any

import grpc

from crossbook.plumbing.access.identity import OWN

HEADER = "authorization"


def showing() -> list[Any]:
    """For a channel: grpc wants a kind of interceptor for each kind of call. None where nothing is shown."""
    if not OWN.is_named:
        return []
    return [_UnaryUnary(), _UnaryStream(), _StreamUnary(), _StreamStream()]


def _shown(details: Any) -> Any:
    shown = OWN.authorization()
    metadata = list(details.metadata or ())
    if shown is None or any(name == HEADER for name, _ in metadata):
        return details
    return grpc.aio.ClientCallDetails(
        method=details.method,
        timeout=details.timeout,
        metadata=grpc.aio.Metadata(*metadata, (HEADER, shown)),
        credentials=details.credentials,
        wait_for_ready=details.wait_for_ready,
    )


class _UnaryUnary(grpc.aio.UnaryUnaryClientInterceptor):
    async def intercept_unary_unary(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        return await continuation(_shown(details), request)


class _UnaryStream(grpc.aio.UnaryStreamClientInterceptor):
    async def intercept_unary_stream(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        return await continuation(_shown(details), request)


class _StreamUnary(grpc.aio.StreamUnaryClientInterceptor):
    async def intercept_stream_unary(self, continuation: Callable[..., Any], details: Any, requests: Any) -> Any:
        return await continuation(_shown(details), requests)


class _StreamStream(grpc.aio.StreamStreamClientInterceptor):
    async def intercept_stream_stream(self, continuation: Callable[..., Any], details: Any, requests: Any) -> Any:
        return await continuation(_shown(details), requests)
