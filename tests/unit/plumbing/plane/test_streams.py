"""Methods that the plane carries, as a client sees them: statuses, places, silence, sizes, the end of the service."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc import StatusCode
from grpc_status import rpc_status
from prometheus_client import REGISTRY

from crossbook.plumbing.errors import (
    AlreadyExistsError,
    ConflictError,
    FieldViolation,
    InvalidRequestError,
    MisdirectedError,
    NotFoundError,
    OverloadedError,
    PortTakenError,
    UnavailableError,
)
from crossbook.plumbing.grpc.channel import MAX_MESSAGE_BYTES
from crossbook.plumbing.plane import streams as module
from crossbook.plumbing.plane.calls import Stream, StreamCall
from crossbook.plumbing.plane.streams import StreamServer
from tests.support.http2 import PREFACE, Visitor, settings
from tests.support.plane import NOBODY, Call, Carried, carried, refusal
from tests.support.waiting import eventually

METHOD = "/crossbook.v1.Test/Stream"
GREETING = PREFACE + settings()
UNLIMITED = [("grpc.max_send_message_length", -1)]


def raising(error: Exception) -> Stream:
    """A method that is refused."""

    async def serve(call: StreamCall) -> None:
        if call.first == b"begun":
            await call.write(b"something")
        raise error

    return Stream(serve)


async def until_gone(call: StreamCall) -> None:
    """Serves until the client leaves."""
    call.begin()
    await call.gone()


async def greet(plane: Carried, *, channel: grpc.aio.Channel | None = None) -> Call:
    """A call that has said something."""
    call = Call(channel or plane.channel, METHOD)
    await call.say(b"hello")
    return call


@pytest.mark.parametrize("said", [b"hello", b"begun"])
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidRequestError.of("asset", "is empty"), StatusCode.INVALID_ARGUMENT),
        (NotFoundError("alertRules/x"), StatusCode.NOT_FOUND),
        (AlreadyExistsError("alertRules/x"), StatusCode.ALREADY_EXISTS),
        (ConflictError("changed meanwhile"), StatusCode.ABORTED),
        (MisdirectedError("meant for another shard"), StatusCode.FAILED_PRECONDITION),
        (UnavailableError("Redis is down"), StatusCode.UNAVAILABLE),
        (OverloadedError("too much"), StatusCode.RESOURCE_EXHAUSTED),
    ],
)
async def test_what_a_handler_raises_the_client_is_told(error: Exception, code: StatusCode, said: bytes) -> None:
    """Begun or not; what was sent before is not lost."""
    async with carried({METHOD: raising(error)}) as plane:
        call = Call(plane.channel, METHOD)
        await call.say(said)
        told = await refusal(call)
    assert (told.code(), told.details()) == (code, str(error))
    assert call.told == ([b"something"] if said == b"begun" else [])


async def test_a_status_has_its_details_however_many() -> None:
    """As from any other method: cut to what a client takes."""
    violations = [FieldViolation(f"symbols[{index}]", "is unknown " + "\N{PILE OF POO}") for index in range(5_000)]
    async with carried({METHOD: raising(InvalidRequestError(violations))}) as plane:
        error = await refusal(await greet(plane))
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    details = error_details_pb2.BadRequest()
    assert status.details[0].Unpack(details)
    assert details.field_violations[0].field == "symbols[0]"
    assert error.code() == StatusCode.INVALID_ARGUMENT


async def test_a_bug_is_hidden_from_the_client_and_costs_only_its_call() -> None:
    """The next one is served."""
    async with carried({METHOD: raising(KeyError("secret detail"))}) as plane:
        for _ in range(2):
            error = await refusal(await greet(plane))
            assert (error.code(), "secret" in (error.details() or "")) == (StatusCode.INTERNAL, False)


async def test_calls_beyond_the_places_of_their_method_are_refused_and_counted() -> None:
    """Those that run go on, and a place that is left can be taken, however the call ended."""
    labels = {"method": METHOD}
    before = REGISTRY.get_sample_value("crossbook_grpc_refused_calls_total", labels) or 0.0
    async with carried({METHOD: Stream(until_gone)}, places=2) as plane:
        running = [await greet(plane) for _ in range(2)]
        for call in running:
            await call.call.initial_metadata()
        for _ in range(5):
            error = await refusal(await greet(plane))
            assert (error.code(), METHOD in (error.details() or "")) == (StatusCode.RESOURCE_EXHAUSTED, True)
        await eventually(lambda: REGISTRY.get_sample_value("crossbook_grpc_refused_calls_total", labels) == before + 5)
        assert not any(call.is_over for call in running)
        running[0].cancel()
        await eventually(lambda: _is_served(plane))


async def _is_served(plane: Carried) -> bool:
    call = await greet(plane)
    try:
        await call.call.initial_metadata()
        return not call.call.done() or await call.call.code() == StatusCode.OK
    finally:
        call.cancel()


async def test_a_call_whose_deadline_has_passed_leaves_its_place() -> None:
    """And its handler."""
    async with carried({METHOD: Stream(until_gone)}, places=1) as plane:
        call = Call(plane.channel, METHOD, timeout=0.2)
        await call.say(b"hello")
        assert (await refusal(call)).code() == StatusCode.DEADLINE_EXCEEDED
        await eventually(lambda: _is_served(plane))


async def test_silence_is_borne_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the call ends with what should have come, by the name that the method gives it."""
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.05)
    async with carried({METHOD: Stream(until_gone, opening="hello")}) as plane:
        error = await refusal(Call(plane.channel, METHOD))
    assert (error.code(), error.details()) == (
        StatusCode.INVALID_ARGUMENT,
        "hello: must come within 0.05 s of the call",
    )


async def test_silent_calls_never_keep_out_one_that_speaks() -> None:
    """When all places are taken the one that has been silent for longest goes, and only it; nor do they take the places
    of those that run."""
    async with carried({METHOD: Stream(until_gone, max_silent=2)}, places=2) as plane:
        await plane.channel.channel_ready()  # calls that wait for it come in any order
        silent = [Call(plane.channel, METHOD) for _ in range(2)]
        speaker = await greet(plane)
        await speaker.call.initial_metadata()
        error = await refusal(silent[0])
        assert error.code() == StatusCode.RESOURCE_EXHAUSTED
        assert "2 calls have said no request, and this one was the oldest" in (error.details() or "")
        await silent[1].say(b"at last")
        await silent[1].call.initial_metadata()
        assert not speaker.is_over


async def test_a_client_that_leaves_without_a_word_is_no_error() -> None:
    """Nothing is asked of anybody about it."""
    asked: list[StreamCall] = []

    async def serve(call: StreamCall) -> None:
        asked.append(call)

    async with carried({METHOD: Stream(serve)}) as plane:
        call = Call(plane.channel, METHOD)
        await call.leave()
        await call.end()
        assert (call.told, asked) == ([], [])


async def test_a_message_up_to_the_limit_comes_and_one_beyond_does_not() -> None:
    """It is RESOURCE_EXHAUSTED for its sender; other calls of the connection are served."""
    async with (
        carried({METHOD: Stream(_say_length)}) as plane,
        grpc.aio.insecure_channel(plane.target, options=UNLIMITED) as channel,
    ):
        assert await _heard(channel, bytes(MAX_MESSAGE_BYTES)) == str(MAX_MESSAGE_BYTES).encode()
        assert await _heard(channel, bytes(MAX_MESSAGE_BYTES + 1)) == StatusCode.RESOURCE_EXHAUSTED
        assert await _heard(channel, b"hello") == b"5"


async def _heard(channel: grpc.aio.Channel, message: bytes) -> bytes | StatusCode:
    """The first answer to a single message, or the status in its place."""
    try:
        answer: bytes = await channel.unary_stream(METHOD)(message, wait_for_ready=True).read()
    except grpc.aio.AioRpcError as error:
        return error.code()
    return answer


async def _say_length(call: StreamCall) -> None:
    await call.write(str(len(call.first)).encode())


@pytest.mark.parametrize("compression", [grpc.Compression.Gzip, grpc.Compression.Deflate])
async def test_a_compressed_message_is_read_up_to_the_same_limit(compression: grpc.Compression) -> None:
    """What counts is how large it is in truth: a bomb of a few kilobytes is RESOURCE_EXHAUSTED."""
    async with (
        carried({METHOD: Stream(_say_length)}) as plane,
        grpc.aio.insecure_channel(plane.target, options=UNLIMITED, compression=compression) as channel,
    ):
        assert await _heard(channel, bytes(MAX_MESSAGE_BYTES)) == str(MAX_MESSAGE_BYTES).encode()
        assert await _heard(channel, bytes(8 * MAX_MESSAGE_BYTES)) == StatusCode.RESOURCE_EXHAUSTED


async def test_a_method_that_nobody_has_is_asked_of_the_server_behind() -> None:
    """When there is none the client hears that, and may try again."""
    async with carried({METHOD: Stream(until_gone)}) as plane:
        with pytest.raises(grpc.aio.AioRpcError, match="the server behind this port does not answer") as raised:
            await plane.channel.unary_unary("/crossbook.v1.Test/Other")(b"")
    assert raised.value.code() == StatusCode.UNAVAILABLE


async def test_a_taken_port_is_a_clear_error() -> None:
    """With the port's number."""
    async with carried({}) as plane:
        with pytest.raises(PortTakenError, match=f"{plane.target} is taken"):
            StreamServer(
                plane.thread, {}, "127.0.0.1", plane.server.port, NOBODY, max_connections=1, max_calls_of_connection=1
            )


@pytest.mark.parametrize("does_end", [True, False])
async def test_a_stop_gives_calls_a_grace_and_tells_the_rest(does_end: bool) -> None:
    """Those that end by themselves have their own word; the others hear that the service stops. Nobody comes in."""
    stopping = asyncio.Event()

    async def serve(call: StreamCall) -> None:
        call.begin()
        await (stopping if does_end else asyncio.Event()).wait()
        raise ConflictError("its own word")

    async with carried({METHOD: Stream(serve)}) as plane:
        call = await greet(plane)
        await call.call.initial_metadata()
        stop = asyncio.create_task(plane.server.stop(60.0 if does_end else 0.05))
        await eventually(lambda: _is_closed(plane.target))
        stopping.set()
        error = await refusal(call)
        await stop
    words = (StatusCode.ABORTED, "its own word") if does_end else (StatusCode.UNAVAILABLE, "the service is stopping")
    assert (error.code(), error.details()) == words


async def _is_closed(target: str) -> bool:
    host, port = target.split(":")
    try:
        _, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return True
    writer.close()
    return False


async def test_connections_beyond_the_limit_are_closed_and_the_others_served() -> None:
    """A place is free again when its connection is closed."""
    async with carried({METHOD: Stream(_say_length)}, max_connections=2) as plane:
        async with Visitor(plane.target) as one, Visitor(plane.target) as other, Visitor(plane.target) as third:
            for visitor in (one, other, third):
                await visitor.say(GREETING)
            assert [await visitor.is_served() for visitor in (one, other, third)] == [True, True, False]
        assert await _heard(plane.channel, b"hello") == b"5"


@pytest.mark.parametrize("said", [b"", GREETING[:20], b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"])
async def test_a_connection_that_does_not_speak_http2_is_soon_closed(
    monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    """It keeps nobody out: its place is free then."""
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.1)
    limit = {"max_connections": 1}
    async with carried({METHOD: Stream(_say_length)}, **limit) as plane, Visitor(plane.target) as visitor:
        await visitor.say(said)
        assert not await asyncio.wait_for(visitor.is_served(), 60)
        async with Visitor(plane.target) as next_one:
            await next_one.say(GREETING)
            assert await next_one.is_served()


async def test_a_flood_of_calls_is_answered_each_and_leaves_no_trace() -> None:
    """Of 2,000 at once some run and the others are refused; then all is as before."""
    gate = asyncio.Event()

    async def serve(call: StreamCall) -> None:
        call.begin()
        await gate.wait()

    async with carried({METHOD: Stream(serve)}, places=8, max_calls_of_connection=4_096) as plane:
        calls = [await greet(plane) for _ in range(2_000)]
        await eventually(lambda: sum(call.is_over for call in calls) == 2_000 - 8)
        gate.set()
        codes = [await _code(call.end) for call in calls]
        assert (codes.count(StatusCode.OK), codes.count(StatusCode.RESOURCE_EXHAUSTED)) == (8, 1_992)
        assert await _is_served(plane)


async def _code(end: Callable[[], Awaitable[Any]]) -> StatusCode:
    try:
        await end()
    except grpc.aio.AioRpcError as error:
        return error.code()
    return StatusCode.OK
