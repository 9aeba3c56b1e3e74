"""A call as its handler has it: what came first, what is written, and a client that is slow or gone."""

import asyncio
from collections.abc import Awaitable, Callable

import grpc
import pytest

from crossbook._core import IngestRules, QuoteHub, VenueWindows, WallClock
from crossbook.pb.v1.aggregator_pb2 import WatchQuotesRequest
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.plane.calls import MAX_WAITING, Stream, StreamCall
from tests.support.plane import Call, carried, refusal
from tests.support.waiting import eventually

METHOD = "/crossbook.v1.Test/Stream"
MEBIBYTE = 1024 * 1024


async def _serving(serve: Callable[[StreamCall], Awaitable[None]], *said: bytes) -> tuple[Call, grpc.aio.AioRpcError]:
    async with carried({METHOD: Stream(serve)}) as plane:
        call = Call(plane.channel, METHOD)
        await call.say(*said)
        return call, await refusal(call)


async def test_the_only_message_is_read_as_the_methods_request() -> None:
    """Its bytes are at hand as they came; what is no such message is refused."""
    wanted = WatchQuotesRequest()
    wanted.filter.venues.append("alpha")
    seen: list[object] = []

    async def serve(call: StreamCall) -> None:
        seen.append(call.first)
        seen.append(call.request(WatchQuotesRequest))
        raise UnavailableError("enough")

    _, error = await _serving(serve, wanted.SerializeToString())
    assert (seen, error.code()) == ([wanted.SerializeToString(), wanted], grpc.StatusCode.UNAVAILABLE)
    _, error = await _serving(serve, b"\xff")
    assert (error.code(), error.details()) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "request: is not a message of the method's type",
    )


async def test_a_client_is_told_that_it_is_served_before_it_is_sent_anything() -> None:
    """And what was written comes in order, before the end."""
    go = asyncio.Event()

    async def serve(call: StreamCall) -> None:
        call.begin()
        await go.wait()
        for number in range(3 * MAX_WAITING):
            await call.write(bytes([number]))

    async with carried({METHOD: Stream(serve)}) as plane:
        call = Call(plane.channel, METHOD)
        await call.say(b"")
        await call.call.initial_metadata()
        assert call.told == []
        go.set()
        await call.end()
        assert call.told == [bytes([number]) for number in range(3 * MAX_WAITING)]


async def test_a_writer_waits_for_a_client_that_is_behind() -> None:
    """It holds few messages, whatever there is to say; once the client reads, it gets all."""
    written = 0

    async def serve(call: StreamCall) -> None:
        nonlocal written
        for _ in range(64):
            await call.write(bytes(MEBIBYTE))
            written += 1

    async with carried({METHOD: Stream(serve)}) as plane:
        call = plane.channel.stream_stream(METHOD)()
        await call.write(b"")
        with pytest.raises(TimeoutError):  # it never gets far, however long one waits
            await eventually(lambda: written == 64, deadline=0.5)
        assert await _count(call) == 64


async def _count(call: grpc.aio.StreamStreamCall) -> int:
    count = 0
    while await call.read() is not grpc.aio.EOF:
        count += 1
    return count


async def test_who_waits_for_a_client_that_goes_is_told() -> None:
    """Also in the middle of a write; what is written to it afterwards is nothing."""
    ended = asyncio.Event()

    async def serve(call: StreamCall) -> None:
        writing = asyncio.create_task(_write(call, 64))
        try:
            await call.gone()
        finally:
            await writing
            await call.write(b"more")
            ended.set()

    async with carried({METHOD: Stream(serve)}) as plane:
        call = plane.channel.stream_stream(METHOD)()
        await call.write(b"")
        await call.read()
        call.cancel()
        await asyncio.wait_for(ended.wait(), 60)


async def _write(call: StreamCall, mebibytes: int) -> None:
    for _ in range(mebibytes):
        await call.write(bytes(MEBIBYTE))


async def test_a_client_that_is_gone_feeds_no_windows() -> None:
    """That is no fault of the handler's, which hears it as any outage; nor can a call be fed twice."""
    heard: asyncio.Queue[Exception] = asyncio.Queue()
    hub = QuoteHub()
    rules = IngestRules(hub, WallClock(), max_waiting_windows=1, max_ahead_seconds=1.0)
    begun = asyncio.Event()

    async def serve(call: StreamCall) -> None:
        windows = VenueWindows("alpha", 15, hub)
        if call.first == b"twice":
            call.feed(windows, rules)
        else:
            begun.set()
            try:
                await call.gone()
            finally:
                _note(heard, lambda: call.feed(windows, rules))
        _note(heard, lambda: call.feed(windows, rules))

    async with carried({METHOD: Stream(serve)}) as plane:
        leaver = Call(plane.channel, METHOD)
        await leaver.say(b"once")
        await begun.wait()
        leaver.cancel()
        assert isinstance(await heard.get(), UnavailableError)
        await Call(plane.channel, METHOD).say(b"twice")
        while isinstance(error := await heard.get(), UnavailableError):
            pass
        assert isinstance(error, RuntimeError)


def _note(heard: "asyncio.Queue[Exception]", act: Callable[[], object]) -> None:
    try:
        act()
    except Exception as error:
        heard.put_nowait(error)
