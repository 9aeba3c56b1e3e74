"""What a hostile client can do to the plane's port: nothing to others, and little to the memory of the process.

The aggregator is a process of its own, so that its memory can be told from the test's.
"""

import asyncio
import random
from contextlib import AsyncExitStack

import grpc
import pytest

from crossbook.plumbing.grpc.channel import open_channel
from crossbook.plumbing.grpc.server import MAX_CONNECTIONS
from tests.support.aggregator.aggregator_process import AggregatorProcess, get_stats
from tests.support.aggregator.flood import Flood
from tests.support.http2 import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    GOAWAY,
    HEADERS,
    PING,
    PREFACE,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    Visitor,
    call,
    frame,
    message,
    no_window,
    settings,
)
from tests.support.memory import resident_bytes
from tests.support.waiting import eventually

MEBIBYTE = 1024 * 1024
SERVICE = "/crossbook.v1.AggregatorService"
INGEST, BATCHES, ROWS = (f"{SERVICE}/{method}" for method in ("IngestQuotes", "SubscribeQuoteBatches", "WatchQuotes"))
STATS = f"{SERVICE}/GetAggregatorStats"
GREETING = PREFACE + settings()


def _noise(seed: int) -> bytes:
    return random.Random(seed).randbytes(100_000)


BROKEN = {
    "http1": b"GET / HTTP/1.1\r\nHost: here\r\n\r\n" + bytes(100),
    "noise": _noise(1),
    "noise after a greeting": GREETING + _noise(2),
    "noise in a call": GREETING + call(1, BATCHES) + _noise(3),
    "settings of a wrong length": PREFACE + frame(SETTINGS, 0, 0, b"12345"),
    "settings of a stream": PREFACE + frame(SETTINGS, 0, 1),
    "frame beyond the size": GREETING + frame(DATA, 0, 1, bytes(20_000)),
    "data of no call": GREETING + frame(DATA, 0, 1, b"x"),
    "an even stream": GREETING + call(2, BATCHES),
    "streams backwards": GREETING + call(3, BATCHES) + call(1, BATCHES),
    "headers that are none": GREETING + frame(HEADERS, END_HEADERS, 1, b"\xff" * 100),
    "continuation of nothing": GREETING + frame(CONTINUATION, END_HEADERS, 1, b""),
    "headers without end": GREETING + frame(HEADERS, 0, 1, b"\0\1a\1b") + frame(CONTINUATION, 0, 1, bytes(16_000)) * 50,
    "a window of nothing": GREETING + frame(WINDOW_UPDATE, 0, 0, bytes(4)),
    "a window beyond all": GREETING + frame(WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff") * 2,
    "reset of no call": GREETING + frame(RST_STREAM, 0, 1, bytes(4)),
    "ping of a wrong length": GREETING + frame(PING, 0, 0, b"1"),
}


@pytest.mark.parametrize("said", BROKEN.values(), ids=BROKEN.keys())
async def test_what_is_no_http2_is_hung_up_on(
    aggregator: AggregatorProcess, channel: grpc.aio.Channel, said: bytes
) -> None:
    """And only that: another client's stream goes on."""
    async with Flood(channel, "alpha", instruments=5, rounds=1) as flood, Visitor(aggregator.target) as visitor:
        await visitor.say(said)
        async with asyncio.timeout(60):
            await visitor.heard()
        await flood.send(1)
        await eventually(lambda: _has_taken(channel, flood.quotes))


async def _has_taken(channel: grpc.aio.Channel, quotes: int) -> bool:
    return (await get_stats(channel)).quotes_ingested >= quotes


@pytest.mark.parametrize("path", [BATCHES, INGEST])
@pytest.mark.parametrize("said", [b"\0\xff\xff\xff\xff", b"\1\0\0\0\1x", b"\7\0\0\0\1x", b"\0\0\0\0\5abc"])
async def test_what_is_no_message_ends_its_call_alone(aggregator: AggregatorProcess, path: str, said: bytes) -> None:
    """One that announces 4 GiB, one compressed by nothing, one with an unknown flag, one that breaks off."""
    async with Visitor(aggregator.target) as visitor:
        await visitor.say(GREETING, call(1, path), frame(DATA, 1, 1, said), call(3, STATS), message(3, b"", flags=1))
        await visitor.say(frame(GOAWAY, 0, 0, bytes(8)))
        async with asyncio.timeout(60):
            kinds = [kind for kind, _ in await visitor.heard()]
    assert kinds.count(HEADERS) >= 3  # the one's status, the other's headers and trailers
    assert kinds.count(DATA) == 1


async def test_of_a_thousand_connections_as_many_are_served_as_may_be(
    aggregator: AggregatorProcess, channel: grpc.aio.Channel
) -> None:
    """The others are closed at once, those who were there before are served, and then there is room again."""
    async with Flood(channel, "alpha", instruments=5, rounds=1) as flood:
        async with AsyncExitStack() as stack:
            visitors = [await stack.enter_async_context(Visitor(aggregator.target)) for _ in range(1_000)]
            for visitor in visitors:
                await visitor.say(GREETING)
            served = [await visitor.is_served() for visitor in visitors]
            assert served.count(True) == MAX_CONNECTIONS - 1
            await flood.send(1)
            await eventually(lambda: _has_taken(channel, flood.quotes))
        async with open_channel(aggregator.target) as other:
            assert (await get_stats(other)).quotes_ingested == flood.quotes


async def test_clients_that_give_no_window_cost_what_waits_for_them(
    aggregator: AggregatorProcess, channel: grpc.aio.Channel
) -> None:
    """A hundred of them, while forty megabytes of quotes go by."""
    async with (
        Flood(channel, "alpha", instruments=100, rounds=20) as flood,
        AsyncExitStack() as stack,
    ):
        await flood.send(20)
        for _ in range(50):
            visitor = await stack.enter_async_context(Visitor(aggregator.target))
            await visitor.say(PREFACE, no_window())
            for number, path in ((1, BATCHES), (3, ROWS)):
                await visitor.say(call(number, path), message(number, b"", flags=1))
        await eventually(lambda: _subscribers(channel, 100))
        before, sent = resident_bytes(aggregator.pid), flood.bytes_sent
        await flood.send(400)
        await eventually(lambda: _has_taken(channel, flood.quotes))
        assert flood.bytes_sent - sent > 40 * MEBIBYTE
        assert resident_bytes(aggregator.pid) - before < 32 * MEBIBYTE
    await eventually(lambda: _subscribers(channel, 0))


async def _subscribers(channel: grpc.aio.Channel, count: int) -> bool:
    return (await get_stats(channel)).subscribers == count
