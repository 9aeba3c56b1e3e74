"""The first message of an ingest stream, and calls that say none."""

import asyncio
from typing import Any

import grpc
import pytest

from crossbook.aggregator import greeting
from crossbook.aggregator.greeting import MAX_SILENT_CALLS, Greeting
from crossbook.pb.v1.aggregator_pb2 import IngestHello, IngestQuotesRequest
from crossbook.pb.v1.market_pb2 import QuoteBatch
from crossbook.plumbing.errors import InvalidRequestError, OverloadedError


class Caller:
    """A call whose first message is given later, or never."""

    def __init__(self) -> None:
        self._message: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def say(self, message: Any) -> None:
        self._message.set_result(message)

    async def read(self) -> Any:
        return await self._message


def hello(venue: str = "alpha", stream_id: str = "s-1") -> bytes:
    return IngestQuotesRequest(hello=IngestHello(venue=venue, stream_id=stream_id)).SerializeToString()


def listen(greet: Greeting, caller: Caller) -> asyncio.Task[bytes | None]:
    return asyncio.create_task(greet.first_message(caller))  # type: ignore[arg-type]


async def test_the_first_message_is_handed_on_as_it_is() -> None:
    """Also one that is no hello: what is wrong with it is said by `parse`."""
    caller = Caller()
    waiting = listen(Greeting(["alpha"]), caller)
    caller.say(b"\xff")
    assert await waiting == b"\xff"


async def test_a_caller_that_leaves_without_a_word_is_no_error() -> None:
    """Nothing is said of it."""
    caller = Caller()
    waiting = listen(Greeting(["alpha"]), caller)
    caller.say(grpc.aio.EOF)
    assert await waiting is None


async def test_silence_is_borne_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the call ends with what should have come, and its place is free."""
    monkeypatch.setattr(greeting, "HELLO_SECONDS", 0.01)
    greet = Greeting(["alpha"])
    with pytest.raises(InvalidRequestError, match="hello: must come within"):
        await listen(greet, Caller())
    assert not greet._silent


async def test_silent_calls_never_keep_a_tracker_out() -> None:
    """When all places are taken the call that has been silent for longest goes, and only it."""
    greet = Greeting(["alpha"])
    callers = [Caller() for _ in range(MAX_SILENT_CALLS)]
    silent = [listen(greet, caller) for caller in callers]
    await asyncio.sleep(0)
    tracker = Caller()
    waiting = listen(greet, tracker)
    with pytest.raises(OverloadedError, match=f"{MAX_SILENT_CALLS} calls have said no hello"):
        await silent[0]
    tracker.say(hello())
    assert await waiting == hello()
    callers[1].say(hello())
    assert await silent[1] == hello()
    assert not any(call.done() for call in silent[2:])
    for call in silent[2:]:
        call.cancel()


def test_a_hello_is_read() -> None:
    """Of a venue of the list that the aggregator was given."""
    found = Greeting(["alpha", "my-own_1"]).parse(hello("my-own_1", "!~"))
    assert (found.venue, found.stream_id) == ("my-own_1", "!~")


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"\xff", "hello: does not decode"),
        (b"", "hello: must come before any batch"),
        (IngestQuotesRequest(batch=QuoteBatch(venue="alpha")).SerializeToString(), "hello: must come before any batch"),
        (hello(venue=""), "hello.venue: must be a venue id"),
        (hello(venue="ALPHA"), "hello.venue: must be a venue id"),
        (hello(venue="a" * 33), "hello.venue: must be a venue id"),
        (hello(venue="unheard-of"), "CROSSBOOK_AGGREGATOR__EXTRA_VENUES"),
        (hello(stream_id=""), "hello.stream_id: must be 1 to 200 visible"),
        (hello(stream_id="a b"), "hello.stream_id: must be 1 to 200 visible"),
        (hello(stream_id="s" * 201), "hello.stream_id: must be 1 to 200 visible"),
    ],
)
def test_a_hello_that_cannot_be_used_is_told_what_is_wrong(payload: bytes, words: str) -> None:
    """By the name of the field."""
    with pytest.raises(InvalidRequestError, match=words):
        Greeting(["alpha"]).parse(payload)
