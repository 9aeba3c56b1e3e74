"""A refusal is heard: a client that still writes when its call is ended learns code and text, however the race goes.

The client is grpc's with threads. That of grpc.aio forgets what it has heard when a write of its own fails at the same
moment (INTERNAL, "Internal error from Core"), whoever serves it, grpcio too: what it says of a race proves nothing.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator

import grpc
import pytest
from grpc import StatusCode

from crossbook.plumbing.errors import InvalidRequestError, UnavailableError
from crossbook.plumbing.grpc.call_limits import overloaded
from crossbook.plumbing.grpc.channel import MAX_MESSAGE_BYTES
from crossbook.plumbing.plane import streams as module
from crossbook.plumbing.plane.calls import Stream, StreamCall
from tests.support.plane import Carried, carried
from tests.support.waiting import DEADLINE_SECONDS

METHOD = "/crossbook.v1.Test/Stream"
CALLS = 200
PATIENCE_SECONDS = 0.2
UNLIMITED = [("grpc.max_send_message_length", -1)]
REASON = UnavailableError("the batch is 70 s ahead of the clock")
LATE = InvalidRequestError.of("request", f"must come within {PATIENCE_SECONDS:g} s of the call")
BATCH = b"x" * 20_000
TOO_LARGE = bytes(MAX_MESSAGE_BYTES + 1)


async def refuse(call: StreamCall) -> None:
    """At once, or when the client has been told that it is served."""
    if call.first == b"begun":
        await call.write(b"something")
    raise REASON


async def until_gone(call: StreamCall) -> None:
    """Serves until the client leaves."""
    call.begin()
    await call.gone()


async def just_late(call: StreamCall) -> None:
    """Says the same as the plane to those that were late."""
    raise LATE


async def ends(
    plane: Carried, first: bytes, *, calls: int = CALLS, silence: float = 0.0
) -> Counter[tuple[object, str]]:
    """How so many calls end whose client says nothing for a while and then writes without end."""

    def say() -> Iterator[bytes]:
        time.sleep(silence)
        yield first
        while True:
            yield BATCH

    def end(channel: grpc.Channel) -> tuple[object, str]:
        call = channel.stream_stream(METHOD)(say(), timeout=DEADLINE_SECONDS, wait_for_ready=True)
        with pytest.raises(grpc.RpcError):
            list(call)
        return call.code(), call.details()

    with grpc.insecure_channel(plane.target, options=UNLIMITED) as channel:
        return await asyncio.to_thread(lambda: Counter(end(channel) for _ in range(calls)))


@pytest.mark.parametrize("first", [b"hello", b"begun"])
async def test_a_client_that_writes_on_hears_why_its_call_was_ended(first: bytes) -> None:
    """Whether or not it had been told that it is served."""
    async with carried({METHOD: Stream(refuse)}) as plane:
        assert await ends(plane, first) == {(StatusCode.UNAVAILABLE, str(REASON)): CALLS}


async def test_a_client_that_writes_on_hears_that_all_places_are_taken() -> None:
    """It never came to a handler."""
    async with carried({METHOD: Stream(until_gone)}, places=0) as plane:
        assert await ends(plane, BATCH) == {(StatusCode.RESOURCE_EXHAUSTED, str(overloaded(METHOD, 0))): CALLS}


async def test_a_client_that_speaks_just_when_it_is_too_late_hears_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first word meets the refusal on the way; in time or not, it hears the same here."""
    monkeypatch.setattr(module, "PATIENCE_SECONDS", PATIENCE_SECONDS)
    async with carried({METHOD: Stream(just_late)}) as plane:
        told = await ends(plane, BATCH, calls=20, silence=PATIENCE_SECONDS)
        assert told == {(StatusCode.INVALID_ARGUMENT, str(LATE)): 20}


async def test_a_client_hears_that_its_message_is_too_large_while_it_still_sends_it() -> None:
    """Of which it had sent no more than the window when the call ended."""
    async with carried({METHOD: Stream(until_gone)}) as plane:
        told = await ends(plane, TOO_LARGE, calls=20)
    assert {(code, "too large" in text) for code, text in told} == {(StatusCode.RESOURCE_EXHAUSTED, True)}
