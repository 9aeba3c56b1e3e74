"""Errors as statuses: the code that a caller can act on, the details, and that all of it fits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from google.rpc import code_pb2, error_details_pb2
from grpc_status import rpc_status

from crossbook.plumbing.errors import (
    AlreadyExistsError,
    ConflictError,
    CrossbookError,
    FieldViolation,
    InvalidRequestError,
    MisdirectedError,
    NotFoundError,
    OverloadedError,
    SettingsError,
    UnavailableError,
)
from crossbook.plumbing.grpc.call_limits import CallLimits
from crossbook.plumbing.grpc.status import (
    MAX_MESSAGE_BYTES,
    MAX_VIOLATIONS_BYTES,
    StatusInterceptor,
    to_status,
)

TRAILER_BYTES = 8 * 1024


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidRequestError.of("limit", "must be positive"), code_pb2.INVALID_ARGUMENT),
        (NotFoundError("alertRules/a"), code_pb2.NOT_FOUND),
        (AlreadyExistsError("alertRules/a"), code_pb2.ALREADY_EXISTS),
        (ConflictError("read again"), code_pb2.ABORTED),
        (MisdirectedError("another shard's"), code_pb2.FAILED_PRECONDITION),
        (UnavailableError("away"), code_pb2.UNAVAILABLE),
        (OverloadedError("too many"), code_pb2.RESOURCE_EXHAUSTED),
        (SettingsError("wrong"), code_pb2.FAILED_PRECONDITION),
    ],
)
def test_each_error_has_its_code_and_keeps_its_text(error: CrossbookError, code: int) -> None:
    """What to do is in the code, what is wrong in the words."""
    status = to_status(error)
    assert (status.code, status.message) == (code, str(error))


def test_details_say_it_for_machines() -> None:
    """The fields that are wrong, the resource, how long to wait."""
    request, info, retry = (
        error_details_pb2.BadRequest(),
        error_details_pb2.ResourceInfo(),
        error_details_pb2.RetryInfo(),
    )
    wrong = InvalidRequestError([FieldViolation("a", "is missing"), FieldViolation("b", "is long")])
    assert to_status(wrong).details[0].Unpack(request)
    assert [(one.field, one.description) for one in request.field_violations] == [("a", "is missing"), ("b", "is long")]
    assert to_status(NotFoundError("alerts/x")).details[0].Unpack(info)
    assert (info.resource_name, info.description) == ("alerts/x", "alerts/x is not found")
    assert to_status(UnavailableError("away", retry_after_seconds=1.5)).details[0].Unpack(retry)
    assert retry.retry_delay.ToMilliseconds() == 1500
    assert list(to_status(ConflictError("x")).details) == []


@pytest.mark.parametrize("letter", ["x", "ü", "\U0001f600", "\ud800"])
def test_a_status_fits_into_the_trailers_whatever_a_caller_sent(letter: str) -> None:
    """Of a text that is too long the middle goes: what is wrong stands at its end. At least one field is named."""
    violations = [FieldViolation(letter * 1000, f"{letter * 5000} is wrong") for _ in range(1000)]
    status = to_status(InvalidRequestError(violations))
    request = error_details_pb2.BadRequest()
    assert status.details[0].Unpack(request)
    assert 1 <= len(request.field_violations) < 1000
    assert request.field_violations[0].description.endswith(" is wrong")
    assert " ... " in request.field_violations[0].description
    assert len(status.message.encode()) <= MAX_MESSAGE_BYTES
    assert request.ByteSize() <= MAX_VIOLATIONS_BYTES + 8 * len(request.field_violations)
    assert 3 * len(status.message.encode()) + 4 * status.ByteSize() // 3 < TRAILER_BYTES


class Served:
    """A server whose methods do what the test gives them, without any proto."""

    def __init__(self) -> None:
        self.unary: Any = None
        self.stream: Any = None

    async def on_unary(self, request: bytes, context: Any) -> bytes:
        return await self.unary(request, context)  # type: ignore[no-any-return]

    def on_stream(self, request: bytes, context: Any) -> Any:
        return self.stream(request, context)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[grpc.aio.Channel]:
        server = grpc.aio.server(interceptors=[StatusInterceptor(CallLimits(unary_calls=1, streams=1))])
        handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
            "Get": grpc.unary_unary_rpc_method_handler(self.on_unary, request_deserializer=_decoded),
            "Watch": grpc.unary_stream_rpc_method_handler(self.on_stream),
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("s", handlers),))
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield channel
        finally:
            await server.stop(None)


def _decoded(payload: bytes) -> bytes:
    error_details_pb2.RetryInfo.FromString(payload)
    return payload


async def code_of(call: Any) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    return raised.value.code()


async def test_a_handler_may_simply_raise() -> None:
    """The caller gets the status with its details."""
    served = Served()

    async def away(request: bytes, context: Any) -> bytes:
        raise UnavailableError("Postgres cannot be reached", retry_after_seconds=2.0)

    served.unary = away
    async with served.running() as channel:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await channel.unary_unary("/s/Get")(b"")
        status = rpc_status.from_call(raised.value)
        assert status is not None
        assert (status.code, status.message) == (code_pb2.UNAVAILABLE, "Postgres cannot be reached")
        assert len(status.details) == 1


async def test_what_nobody_foresaw_is_hidden_from_the_caller() -> None:
    """INTERNAL without its text, which may quote a secret; a method that failed has its place free again."""
    served = Served()

    async def broken(request: bytes, context: Any) -> bytes:
        raise KeyError("secret")

    served.unary = broken
    async with served.running() as channel:
        for _ in range(2):
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await channel.unary_unary("/s/Get")(b"")
            assert raised.value.code() == grpc.StatusCode.INTERNAL
            assert "secret" not in str(raised.value.details())


async def test_a_request_that_does_not_decode_is_the_callers_error() -> None:
    """Not UNKNOWN, as grpc would have it."""
    served = Served()
    async with served.running() as channel:
        assert await code_of(channel.unary_unary("/s/Get")(b"\xff")) == grpc.StatusCode.INVALID_ARGUMENT


async def test_a_stream_ends_with_the_status_after_what_it_had_told() -> None:
    """Whether its handler is a generator or writes to the context."""
    served = Served()

    async def generator(request: bytes, context: Any) -> AsyncIterator[bytes]:
        yield b"first"
        raise ConflictError("taken over")

    async def writer(request: bytes, context: Any) -> None:
        await context.write(b"first")
        raise ConflictError("taken over")

    async with served.running() as channel:
        for served.stream in (generator, writer):
            call = channel.unary_stream("/s/Watch")(b"")
            assert await call.read() == b"first"
            assert await code_of(call.read()) == grpc.StatusCode.ABORTED
