"""A client's deadline is kept by the plane as grpcio keeps it, also for a client that does nothing about it itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import unquote

import grpc
import pytest

from crossbook.plumbing.plane.calls import Stream, StreamCall
from tests.support.http2 import PREFACE, Visitor, call, message, no_window, settings
from tests.support.plane import Call, carried
from tests.support.waiting import DEADLINE_SECONDS, eventually

METHOD = "/crossbook.v1.Test/Stream"
BEYOND_ALL_TIME = "12345678901234567890H"
EXCEEDED = {"grpc-status": "4", "grpc-message": "Deadline Exceeded"}
MALFORMED = {"grpc-status": "13", "grpc-message": "Error parsing 'grpc-timeout' metadata"}


class Talker:
    """A method that says something and serves until the client leaves."""

    def __init__(self) -> None:
        self.running = 0

    async def serve(self, call: StreamCall) -> None:
        self.running += 1
        try:
            await call.write(b"something")
            await call.gone()
        finally:
            self.running -= 1


@asynccontextmanager
async def of_grpcio() -> AsyncIterator[str]:
    """A server of the same method that is grpcio's own."""

    async def serve(_: object, __: object) -> AsyncIterator[bytes]:
        yield b"something"
        await asyncio.Event().wait()

    server = grpc.aio.server()
    handlers = {"Stream": grpc.stream_stream_rpc_method_handler(serve)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("crossbook.v1.Test", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(0)


@asynccontextmanager
async def of_plane() -> AsyncIterator[str]:
    async with carried({METHOD: Stream(Talker().serve)}) as plane:
        yield plane.target


async def trailers(target: str, patience: str, *said: bytes) -> dict[str, str]:
    """How the call ends of a client that waits so long and then goes on waiting."""
    async with Visitor(target) as visitor:
        await visitor.say(PREFACE, settings(), call(1, METHOD, ("grpc-timeout", patience)), *said)
        async with asyncio.timeout(DEADLINE_SECONDS):
            told = await visitor.trailers(1)
    return {name: unquote(told[name]) for name in ("grpc-status", "grpc-message")}


@pytest.mark.parametrize("of", [of_plane, of_grpcio])
@pytest.mark.parametrize("patience", ["50m", "50000u", "50000000n", " 0050 m ", "0S"])
@pytest.mark.parametrize("said", [(), (message(1, b"hello"),)], ids=["silent", "served"])
async def test_a_call_ends_at_its_deadline(of: type, patience: str, said: tuple[bytes, ...]) -> None:
    """Whether or not it has said anything."""
    async with of() as target:
        assert await trailers(target, patience, *said) == EXCEEDED


@pytest.mark.parametrize("of", [of_plane, of_grpcio])
@pytest.mark.parametrize("patience", ["", "abc", "-1S", "100", "1x", "1.5S", "1SS"])
async def test_what_is_no_time_is_refused(of: type, patience: str) -> None:
    """In grpcio's words."""
    async with of() as target:
        assert await trailers(target, patience, message(1, b"hello")) == MALFORMED


async def test_a_client_that_reads_nothing_leaves_its_place_at_its_deadline() -> None:
    """And its handler ends, though the client is not there to be told; what it had before it was begun is free, too."""
    talker = Talker()
    async with carried({METHOD: Stream(talker.serve)}, places=1) as plane, Visitor(plane.target) as visitor:
        opening = call(1, METHOD, ("grpc-timeout", "300m"))
        await visitor.say(PREFACE, no_window(), opening, message(1, b"hello"))
        await eventually(lambda: talker.running == 1)
        await eventually(lambda: talker.running == 0)
        other = Call(plane.channel, METHOD)
        await other.say(b"hello")
        await eventually(lambda: other.told)
        other.cancel()


async def test_a_deadline_beyond_all_time_is_none() -> None:
    """Nor is one far away in the way of a call that ends before it."""
    async with carried({METHOD: Stream(Talker().serve)}) as plane, Visitor(plane.target) as visitor:
        opening = call(1, METHOD, ("grpc-timeout", BEYOND_ALL_TIME))
        await visitor.say(PREFACE, settings(), opening, message(1, b"hello"))
        assert b"something" in await visitor.data(1)
