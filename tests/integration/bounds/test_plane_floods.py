"""Floods on the plane's port: whoever floods is slowed down, answered or hung up on, and costs a bounded amount;
another client is served meanwhile, and as ever afterwards.

A flood goes on until somebody else has been served; no test says how fast that is.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import count

import grpc
import pytest

from crossbook.plumbing.grpc.channel import MAX_MESSAGE_BYTES, open_channel
from crossbook.plumbing.grpc.server import MAX_CALLS_OF_CONNECTION
from tests.support.aggregator.aggregator_process import AggregatorProcess, get_stats
from tests.support.aggregator.flood import Flood
from tests.support.http2 import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    HEADERS,
    PING,
    PREFACE,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    Visitor,
    call,
    frame,
    settings,
)
from tests.support.memory import resident_bytes
from tests.support.waiting import eventually

MEBIBYTE = 1024 * 1024
SERVICE = "/crossbook.v1.AggregatorService"
INGEST, BATCHES = f"{SERVICE}/IngestQuotes", f"{SERVICE}/SubscribeQuoteBatches"
GREETING = PREFACE + settings()
FLOODING_CLIENTS = 4
CANCEL = (8).to_bytes(4)

Said = Iterator[bytes]


def odd_numbers() -> Iterator[int]:
    """Of a client's calls."""
    return iter(range(1, 2**31, 2))


def rapid_reset(path: str) -> Said:
    """Each call is taken back as soon as it is made (CVE-2023-44487)."""
    for stream in odd_numbers():
        yield call(stream, path) + frame(RST_STREAM, 0, stream, CANCEL)


def late_reset(path: str) -> Said:
    """The same some calls later, when they may have been looked at."""
    for stream in odd_numbers():
        yield call(stream, path) + (frame(RST_STREAM, 0, stream - 200, CANCEL) if stream > 200 else b"")


def pings() -> Said:
    return (frame(PING, 0, 0, number.to_bytes(8)) for number in count())


def many_settings() -> Said:
    """Each of which changes the window of some calls."""
    yield from (call(stream, BATCHES) for stream in range(1, 40, 2))
    yield from (frame(SETTINGS, 0, 0, b"\0\4" + (65_535 + number % 2).to_bytes(4)) for number in count())


def empty_frames() -> Said:
    """Of one call, without end."""
    yield call(1, INGEST)
    while True:
        yield frame(DATA, 0, 1)


def small_windows() -> Said:
    while True:
        yield frame(WINDOW_UPDATE, 0, 0, (1).to_bytes(4)) + frame(WINDOW_UPDATE, 0, 0, (1).to_bytes(4))


def continued_headers() -> Said:
    """That never end."""
    yield frame(HEADERS, 0, 1, b"\0\1a\1b")
    while True:
        yield frame(CONTINUATION, 0, 1, b"\0\1a\1b" * 3_000)


def empty_continuations() -> Said:
    yield frame(HEADERS, 0, 1)
    while True:
        yield frame(CONTINUATION, 0, 1)


def repeated_headers() -> Said:
    """4 KiB that stand in the table, and are meant 16,000 times a call by one byte each."""
    bomb = b"\x40\x01a\x7f\xa1\x1e" + b"x" * 4_000 + b"\xbe" * 12_000
    for stream in odd_numbers():
        yield frame(HEADERS, END_HEADERS, stream, bomb)


FLOODS: dict[str, Callable[[], Said]] = {
    "rapid reset": lambda: rapid_reset(INGEST),
    "rapid reset of what is forwarded": lambda: rapid_reset(f"{SERVICE}/GetAggregatorStats"),
    "late reset": lambda: late_reset(BATCHES),
    "pings": pings,
    "settings": many_settings,
    "empty frames": empty_frames,
    "windows": small_windows,
    "continued headers": continued_headers,
    "empty continuations": empty_continuations,
    "repeated headers": repeated_headers,
}


async def pour(target: str, flood: Callable[[], Said]) -> None:
    """On one connection after the other, reading what comes."""
    while True:
        async with Visitor(target) as visitor, asyncio.TaskGroup() as tasks:
            hearing = tasks.create_task(visitor.heard())
            said = flood()
            await visitor.say(GREETING)
            while not hearing.done():
                await visitor.say(*(frames for _, frames in zip(range(200), said, strict=False)))
                await asyncio.sleep(0)


@asynccontextmanager
async def flooded(target: str, flood: Callable[[], Said]) -> AsyncIterator[None]:
    """By some clients at a time."""
    tasks = [asyncio.create_task(pour(target, flood)) for _ in range(FLOODING_CLIENTS)]
    try:
        yield
        assert not any(task.done() for task in tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS.keys())
async def test_another_client_is_served_during_a_flood(
    aggregator: AggregatorProcess, channel: grpc.aio.Channel, flood: Callable[[], Said]
) -> None:
    """One that was there, whose stream goes on, and one that comes; memory stays, and there is no trace afterwards."""
    async with Flood(channel, "alpha", instruments=5, rounds=1) as stream:
        await stream.send(1)
        before = resident_bytes(aggregator.pid)
        async with flooded(aggregator.target, flood):
            await _serves_others(aggregator, channel, stream)
            assert resident_bytes(aggregator.pid) - before < 96 * MEBIBYTE
        await stream.send(1)
        await eventually(lambda: _has_taken(channel, stream.quotes))


async def _serves_others(aggregator: AggregatorProcess, channel: grpc.aio.Channel, stream: Flood) -> None:
    """One that was there, and one that comes, several times."""
    for _ in range(3):
        await stream.send(1)
        await eventually(lambda: _has_taken(channel, stream.quotes))
        async with open_channel(aggregator.target) as other:
            await get_stats(other)
        await asyncio.sleep(0.2)


async def _has_taken(channel: grpc.aio.Channel, quotes: int) -> bool:
    return (await get_stats(channel)).quotes_ingested >= quotes


async def test_silent_calls_by_the_thousand_keep_no_new_client_out(
    aggregator: AggregatorProcess, channel: grpc.aio.Channel
) -> None:
    """Four clients have as many as they may, and make a new one for each that is ended."""
    async with Flood(channel, "alpha", instruments=5, rounds=1) as stream:
        before = resident_bytes(aggregator.pid)
        tasks = [asyncio.create_task(_stay_silent(aggregator.target)) for _ in range(FLOODING_CLIENTS)]
        await _serves_others(aggregator, channel, stream)
        assert resident_bytes(aggregator.pid) - before < 256 * MEBIBYTE
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _stay_silent(target: str) -> None:
    while True:
        async with Visitor(target) as visitor:
            numbers = odd_numbers()
            await visitor.say(GREETING, *(call(next(numbers), INGEST) for _ in range(MAX_CALLS_OF_CONNECTION - 96)))
            async for ended in visitor.ended():
                await visitor.say(*(call(next(numbers), INGEST) for _ in range(ended)))


async def test_first_words_that_are_never_finished_cost_a_bounded_amount(
    aggregator: AggregatorProcess, channel: grpc.aio.Channel
) -> None:
    """Twenty calls that have said all but the last byte of the largest message: there is room for four of them, and
    for the hello of a tracker."""
    unfinished = b"\0" + MAX_MESSAGE_BYTES.to_bytes(4) + bytes(MAX_MESSAGE_BYTES - 1)
    before = resident_bytes(aggregator.pid)
    async with Visitor(aggregator.target) as visitor, asyncio.TaskGroup() as tasks:
        await visitor.say(GREETING)
        pouring = tasks.create_task(visitor.pour(BATCHES, unfinished, 20))
        largest = 0
        while not pouring.done():
            largest = max(largest, resident_bytes(aggregator.pid) - before)
            await asyncio.sleep(0.01)
        assert largest < 8 * MAX_MESSAGE_BYTES
        async with Flood(channel, "alpha", instruments=5, rounds=1) as stream:
            await stream.send(1)
            await eventually(lambda: _has_taken(channel, stream.quotes))
