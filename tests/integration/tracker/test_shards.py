"""A tracker whose instruments are spread over several shards, and the list of them changing while it runs."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from crossbook.pb.v1.tracker_pb2 import VenueStats
from crossbook.plumbing import clock
from crossbook.plumbing.timestamps import MINUTE_NS, SECOND_NS
from tests.support.tracker.ingest_server import IngestServer, IngestStream, ingest_server
from tests.support.tracker.tracking import World, tracking
from tests.support.waiting import eventually

VENUES = ("binance", "okx")
ASSETS = 8
MOVE_SECONDS = 120.0
CLOCK_RATE = 6  # so many times as fast as the real one: a test has no time for minutes


@dataclass
class Shards:
    """A running tracker and the servers that stand where its shards stand."""

    world: World
    servers: dict[str, IngestServer]
    file: Path

    def list(self, *shards: str) -> None:
        """Another list, and the signal that has it read."""
        self.file.write_text(json.dumps({name: f"127.0.0.1:{self.servers[name].port}" for name in shards}))
        os.kill(os.getpid(), signal.SIGHUP)

    def owned(self, venue: str) -> dict[str, set[str]]:
        """By shard, the instruments that are its at the end of what it was sent."""
        streams = {name: server.streams.get(venue, IngestStream()) for name, server in self.servers.items()}
        return {name: owned_at_end(stream) for name, stream in streams.items()}

    def is_spread_over(self, *shards: str) -> bool:
        """Whether exactly these have instruments, each of which is one's alone."""
        for venue in VENUES:
            owned = {name: symbols for name, symbols in self.owned(venue).items() if symbols}
            symbols = sorted(symbol for of_shard in owned.values() for symbol in of_shard)
            if (
                owned.keys() != set(shards)
                or len(symbols) != self.instruments(venue)
                or len(set(symbols)) < len(symbols)
            ):
                return False
        return True

    def have_moved(self, venue: str, *shards: str) -> bool:
        """Whether any of these shards has been handed instruments."""
        return any(carried_at(self.servers[name].streams[venue]) for name in shards)

    def instruments(self, venue: str) -> int:
        return len(self.world.simulator.faces[venue].instruments)


@pytest.fixture(autouse=True)
def minutes_pass_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tracker and simulator alike, which are both in this process; a hole is as long as ever, by the real clock."""
    real_ns, began_ns = time.time_ns, time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: began_ns + CLOCK_RATE * (real_ns() - began_ns))
    monkeypatch.setattr(clock, "_HOLE_NS", int(CLOCK_RATE * clock.HOLE_SECONDS * SECOND_NS))


@asynccontextmanager
async def sharded(directory: Path, *listed: str) -> AsyncIterator[Shards]:
    """Three servers, the tracker begun with those listed, every book LIVE."""
    async with AsyncExitStack() as stack:
        servers = {name: await stack.enter_async_context(ingest_server()) for name in ("a", "b", "c")}
        file = directory / "shards.json"
        file.write_text(json.dumps({name: f"127.0.0.1:{servers[name].port}" for name in listed}))
        world = await stack.enter_async_context(
            tracking(
                assets=ASSETS,
                venues=list(VENUES),
                clock=clock.Clock(time.time_ns, lambda: CLOCK_RATE * clock.monotonic_ns()),
                shards_file=file,
                stale_after_seconds=600,
            )
        )
        shards = Shards(world, servers, file)
        await world.until_live()
        await until(lambda: shards.is_spread_over(*listed))
        yield shards


def owned_at_end(stream: IngestStream) -> set[str]:
    """Native symbols that were told and have not left."""
    owned: set[str] = set()
    names = {index: entry.instrument.native_symbol for index, entry in stream.symbols.items()}
    for batch in stream.batches:
        owned |= {names[index] for index in batch.symbol_index}
        owned -= {names[index] for index in batch.left_symbols}
    return owned


def moved_at(stream: IngestStream) -> list[tuple[int, set[str]]]:
    """Boundaries at which instruments left the stream, and which."""
    names = {index: entry.instrument.native_symbol for index, entry in stream.symbols.items()}
    return [
        (batch.watermark_ns, {names[index] for index in batch.left_symbols})
        for batch in stream.batches
        if batch.left_symbols
    ]


def carried_at(stream: IngestStream) -> list[tuple[int, set[str]]]:
    """Boundaries at which instruments came to the stream, and which."""
    names = {index: entry.instrument.native_symbol for index, entry in stream.symbols.items()}
    return [
        (batch.watermark_ns, {names[index] for index in batch.symbol_index})
        for batch in stream.batches
        if batch.is_carried
    ]


async def until(condition: Callable[[], bool]) -> None:
    """Looks twice a second: every look reads all that was sent, in the loop of all that is tested."""
    async with asyncio.timeout(MOVE_SECONDS):
        while True:
            if condition():
                return
            await asyncio.sleep(0.5)


def has_lanes(stats: Mapping[str, VenueStats], *shards: str) -> bool:
    """Whether every venue has a lane to each of these, and no other."""
    return all([lane.shard for lane in one.lanes] == list(shards) for one in stats.values())


def assert_stream_is_whole(stream: IngestStream) -> None:
    """Nothing is missing in it, nothing came twice, and no watermark runs back."""
    assert stream.sequences == list(range(1, len(stream.sequences) + 1))
    watermarks = [batch.watermark_ns for batch in stream.batches]
    assert watermarks == sorted(watermarks)
    assert len({hello.stream_id for hello in stream.hellos}) == 1


async def test_instruments_move_at_a_boundary_and_only_those_that_must(tmp_path: Path) -> None:
    """To a shard that is added, and back when it goes: what one lane lets go the other takes at the same moment."""
    async with sharded(tmp_path, "a", "b") as shards:
        before = {venue: shards.owned(venue) for venue in VENUES}
        shards.list("a", "b", "c")
        await until(lambda: shards.is_spread_over("a", "b", "c"))
        for venue in VENUES:
            streams = {name: server.streams[venue] for name, server in shards.servers.items()}
            left = [one for name in ("a", "b") for one in moved_at(streams[name])]
            ((boundary_ns, came),) = carried_at(streams["c"])
            assert {moment for moment, _ in left} == {boundary_ns}
            assert boundary_ns % MINUTE_NS == 0
            assert set().union(*(symbols for _, symbols in left)) == came == shards.owned(venue)["c"]
            assert all(shards.owned(venue)[name] == before[venue][name] - came for name in ("a", "b"))
            assert_rows_are_on_their_side(streams, boundary_ns, came)
        shards.list("a", "b")
        await until(lambda: shards.is_spread_over("a", "b"))
        await shards.world.until(lambda stats: has_lanes(stats, "a", "b"))
        for venue in VENUES:
            assert shards.owned(venue) == before[venue] | {"c": set()}
            for server in shards.servers.values():
                assert_stream_is_whole(server.streams[venue])
        await eventually(lambda: not any(stream.is_connected for stream in shards.servers["c"].streams.values()))


def assert_rows_are_on_their_side(streams: dict[str, IngestStream], boundary_ns: int, moved: set[str]) -> None:
    """Quotes of moved instruments: before the boundary at the old shards, from it on at the new one."""
    for name, stream in streams.items():
        names = {index: entry.instrument.native_symbol for index, entry in stream.symbols.items()}
        for batch in stream.batches:
            for index, receive_ns in zip(batch.symbol_index, batch.receive_ns, strict=True):
                if names[index] in moved and not batch.is_carried:
                    assert (receive_ns >= boundary_ns) is (name == "c")


async def test_a_shard_that_left_can_come_back(tmp_path: Path) -> None:
    """Its aggregator knows the stream of before: what is new goes on after that."""
    async with sharded(tmp_path, "a", "b") as shards:
        for listed in (("a",), ("a", "b"), ("a",), ("a", "b")):
            shards.list(*listed)
            await until(lambda listed=listed: shards.is_spread_over(*listed))
            await shards.world.until(lambda stats, listed=listed: has_lanes(stats, *listed))
        for venue in VENUES:
            for name in ("a", "b"):
                assert_stream_is_whole(shards.servers[name].streams[venue])


async def test_a_move_while_a_shard_is_away_loses_nothing(tmp_path: Path) -> None:
    """What it has to let go, and all before, is sent when it is back; until then its lane stays."""
    async with sharded(tmp_path, "a", "b", "c") as shards:
        await shards.servers["c"].stop()
        shards.list("a", "b")
        await until(lambda: all(shards.have_moved(venue, "a", "b") for venue in VENUES))
        stats = await shards.world.stats()
        for venue in VENUES:
            (lane,) = [lane for lane in stats[venue].lanes if lane.shard == "c"]
            assert lane.is_leaving
            assert not lane.is_connected
            assert "uplink to shard c is broken" in stats[venue].reason
        await shards.servers["c"].start()
        await until(lambda: shards.is_spread_over("a", "b"))
        await shards.world.until(lambda stats: has_lanes(stats, "a", "b"))
        for venue in VENUES:
            for server in shards.servers.values():
                assert_stream_is_whole(server.streams[venue])


async def test_a_shard_at_another_address_is_dialled_there_at_once(tmp_path: Path) -> None:
    """It is the same shard: no instrument moves, and its stream goes on where it was."""
    async with sharded(tmp_path, "a", "b") as shards:
        server = shards.servers["b"]
        await server.stop()
        server.port = 0
        await server.start()
        shards.list("a", "b")
        await shards.world.until(lambda stats: all(lane.is_connected for one in stats.values() for lane in one.lanes))
        marks = {venue: len(server.streams[venue].batches) for venue in VENUES}
        await eventually(lambda: all(len(server.streams[venue].batches) > marks[venue] for venue in VENUES))
        for venue in VENUES:
            assert_stream_is_whole(server.streams[venue])
            assert moved_at(server.streams[venue]) == []


async def test_a_list_that_cannot_be_used_changes_nothing(tmp_path: Path) -> None:
    """It is refused as a whole, and the tracker goes on with the one before."""
    async with sharded(tmp_path, "a", "b") as shards:
        before = {venue: shards.owned(venue) for venue in VENUES}
        shards.file.write_text('{"a": "nowhere"}')
        os.kill(os.getpid(), signal.SIGHUP)
        marks = {venue: shards.servers["a"].streams[venue].batches[-1].watermark_ns for venue in VENUES}
        for venue in VENUES:
            stream = shards.servers["a"].streams[venue]
            await eventually(lambda s=stream, v=venue: s.batches[-1].watermark_ns > marks[v] + 2 * MINUTE_NS)
        assert {venue: shards.owned(venue) for venue in VENUES} == before
