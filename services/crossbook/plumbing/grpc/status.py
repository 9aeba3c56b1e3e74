"""Errors to gRPC statuses with google.rpc details, in one place: an interceptor around every handler.

What Crossbook raises on purpose keeps its text; anything else is logged whole and hidden from the caller as INTERNAL.
A status travels in HTTP/2 trailers, of which clients take 8 KiB: texts that repeat what a caller sent are cut to fit.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import grpc
import structlog
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import DecodeError, Message
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from crossbook.plumbing.access.roles import Caller
from crossbook.plumbing.errors import (
    AlreadyExistsError,
    ConflictError,
    CrossbookError,
    ForbiddenError,
    InvalidRequestError,
    MisdirectedError,
    NotFoundError,
    OverloadedError,
    UnauthenticatedError,
    UnavailableError,
)
from crossbook.plumbing.grpc.access import OPEN, AccessCheck, caller_now
from crossbook.plumbing.grpc.call_limits import CallLimits
from crossbook.plumbing.tasks import call_off

CODES: dict[type[CrossbookError], int] = {
    InvalidRequestError: code_pb2.INVALID_ARGUMENT,
    NotFoundError: code_pb2.NOT_FOUND,
    AlreadyExistsError: code_pb2.ALREADY_EXISTS,
    ConflictError: code_pb2.ABORTED,
    MisdirectedError: code_pb2.FAILED_PRECONDITION,
    UnavailableError: code_pb2.UNAVAILABLE,
    OverloadedError: code_pb2.RESOURCE_EXHAUSTED,
    UnauthenticatedError: code_pb2.UNAUTHENTICATED,
    ForbiddenError: code_pb2.PERMISSION_DENIED,
}

INTERNAL_MESSAGE = "internal error; the server's log has the details"
MAX_MESSAGE_BYTES = 500  # of UTF-8, which the trailer may have to write as %XX, three times as long
MAX_VIOLATIONS_BYTES = 2500  # as base64, a third more
MAX_FIELD_BYTES = 150
MAX_DESCRIPTION_BYTES = 300

log = structlog.get_logger()

if TYPE_CHECKING:  # grpc's classes are generic to the type checker only
    Handler = grpc.RpcMethodHandler[Any, Any]


def to_status(error: CrossbookError) -> status_pb2.Status:
    """The google.rpc.Status that says the same as the error."""
    code = next((code for kind, code in CODES.items() if isinstance(error, kind)), code_pb2.FAILED_PRECONDITION)
    status = status_pb2.Status(code=code, message=_cut(str(error), MAX_MESSAGE_BYTES))
    for details in _details(error):
        packed = any_pb2.Any()
        packed.Pack(details)
        status.details.append(packed)
    return status


def _details(error: CrossbookError) -> list[Message]:
    match error:
        case InvalidRequestError():
            return [error_details_pb2.BadRequest(field_violations=_violations(error))]
        case NotFoundError() | AlreadyExistsError():
            name, text = (_cut(text, MAX_DESCRIPTION_BYTES) for text in (error.resource, str(error)))
            return [error_details_pb2.ResourceInfo(resource_name=name, description=text)]
        case UnavailableError():
            delay = duration_pb2.Duration()
            delay.FromMilliseconds(int(error.retry_after_seconds * 1000))
            return [error_details_pb2.RetryInfo(retry_delay=delay)]
        case _:
            return []


def _violations(error: InvalidRequestError) -> list[error_details_pb2.BadRequest.FieldViolation]:
    """As many as fit; at least the first."""
    fitting: list[error_details_pb2.BadRequest.FieldViolation] = []
    room = MAX_VIOLATIONS_BYTES
    for violation in error.violations:
        field, description = _cut(violation.field, MAX_FIELD_BYTES), _cut(violation.description, MAX_DESCRIPTION_BYTES)
        packed = error_details_pb2.BadRequest.FieldViolation(field=field, description=description)
        room -= packed.ByteSize()
        if room < 0:
            break
        fitting.append(packed)
    return fitting


def _cut(text: str, limit: int) -> str:
    """The text, its middle left out when it is longer than `limit` bytes: what is wrong stands at the end."""
    encoded = text.encode(errors="replace")
    if len(encoded) <= limit:
        return text
    half = (limit - 5) // 2
    return f"{encoded[:half].decode(errors='ignore')} ... {encoded[-half:].decode(errors='ignore')}"


async def _abort(context: grpc.aio.ServicerContext[Any, Any], method: str, error: Exception) -> NoReturn:
    if isinstance(error, CrossbookError):
        await context.abort_with_status(rpc_status.to_status(to_status(error)))
    log.error("handler_failed", method=method, exc_info=error)
    await context.abort(grpc.StatusCode.INTERNAL, INTERNAL_MESSAGE)


class StatusInterceptor(grpc.aio.ServerInterceptor):
    """Wraps every handler so that it may simply raise, and keeps to the limits of calls."""

    def __init__(self, limits: CallLimits, access: AccessCheck = OPEN) -> None:
        self._limits = limits
        self._access = access

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """Called once per call, before its handler."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        method = str(handler_call_details.method)
        return _wrap(handler, _Call(method, self._limits, self._access, handler_call_details.invocation_metadata))


@dataclass(frozen=True, slots=True)
class _Call:
    """One that has come: what it is of, and what is kept to."""

    method: str
    limits: CallLimits
    access: AccessCheck
    metadata: Any

    def admitted(self, context: grpc.aio.ServicerContext[Any, Any]) -> Caller:
        """Who makes it. Raises UnauthenticatedError and ForbiddenError."""
        caller = self.access.caller(self.method, self.metadata or (), context.peer())
        caller_now.set(caller)
        return caller


def _wrap(handler: Any, call: _Call) -> Handler:
    """A single request is decoded here and not by grpc, whose answer to one that does not decode is UNKNOWN."""
    decode, encode = handler.request_deserializer, handler.response_serializer
    if handler.unary_unary:
        answer = _answering(_decoding(handler.unary_unary, decode), call)
        return grpc.unary_unary_rpc_method_handler(answer, response_serializer=encode)
    if handler.unary_stream:
        stream = _streaming(_decoding(handler.unary_stream, decode), call)
        return grpc.unary_stream_rpc_method_handler(stream, response_serializer=encode)
    codecs = {"request_deserializer": decode, "response_serializer": encode}
    if handler.stream_unary:
        return grpc.stream_unary_rpc_method_handler(_answering(handler.stream_unary, call), **codecs)
    return grpc.stream_stream_rpc_method_handler(_streaming(handler.stream_stream, call), **codecs)


def _decoding(call: Callable[..., Any], decode: Callable[[bytes], Any] | None) -> Callable[..., Any]:
    def decoded(payload: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        try:
            request = decode(payload) if decode else payload
        except DecodeError:
            raise InvalidRequestError.of("request", "is not a message of the method's type") from None
        return call(request, context)

    return decoded


def _answering(handle: Callable[..., Any], call: _Call) -> Callable[..., Any]:
    async def answer(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        try:
            call.admitted(context)
            with call.limits.unary(call.method):
                return await handle(request, context)
        except grpc.aio.BaseError:
            raise
        except Exception as error:
            await _abort(context, call.method, error)

    return answer


def _streaming(handle: Callable[..., Any], call: _Call) -> Callable[..., Any]:
    """A handler may be an async generator, or a coroutine that writes to the context and returns nothing."""

    async def stream(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[Any]:
        try:
            caller = call.admitted(context)
            with call.limits.stream(call.method):
                result = handle(request, context)
                if not hasattr(result, "__aiter__"):
                    await result
                    return
                try:
                    async for response in _while_good(result, caller, call.access):
                        yield response
                finally:
                    if hasattr(result, "aclose"):
                        await result.aclose()
        except grpc.aio.BaseError:
            raise
        except Exception as error:
            await _abort(context, call.method, error)

    return stream


async def _while_good(responses: Any, caller: Caller, access: AccessCheck) -> AsyncIterator[Any]:
    """What a handler yields, until what its caller showed is no longer good: then UnauthenticatedError."""
    if not caller.credential:
        async for response in responses:
            yield response
        return
    watching = asyncio.ensure_future(access.until_bad(caller))
    following = aiter(responses)
    try:
        while True:
            coming = asyncio.ensure_future(anext(following))
            await asyncio.wait((coming, watching), return_when=asyncio.FIRST_COMPLETED)
            if watching.done():
                await call_off(coming)
                raise UnauthenticatedError
            try:
                yield coming.result()
            except StopAsyncIteration:
                return
    finally:
        watching.cancel()
