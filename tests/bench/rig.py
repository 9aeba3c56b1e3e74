"""The whole system of one product, fed by the sender, and slices of time in which everything about it is counted."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import grpc

from crossbook._core import venue_profiles
from crossbook.pb.v1 import aggregator_pb2, aggregator_pb2_grpc, arbitrage_pb2
from tests.bench.processes import answer, port_of, python_process, tell
from tests.bench.product import Product
from tests.bench.stamps import Event, Move, Stamps, events_of, joined
from tests.bench.system import Addresses, are_all_live, running_up, venue_stats
from tests.support.waiting import eventually

# Latency is of a pair of venues: every quote then makes at most two events, not a dozen that queue behind each other.
PAIR = [profile.id for profile in venue_profiles() if profile.unavailable_reason is None][:2]
START_DEADLINE_SECONDS = 120.0
SUBSCRIBED_SECONDS = 2.0  # the last subscriptions follow the first books
SETTLE_SECONDS = 0.7
WATCH = "/crossbook.v1.ArbitrageService/WatchOpportunities"
OURS = ("tracker", "aggregator", "arbitrage", "alerts")
# Everything is an opportunity, and every change of its profit an event.
OPEN_TO_ALL = {
    "CROSSBOOK_ARBITRAGE__OPEN_NET_PERCENT": "-20",
    "CROSSBOOK_ARBITRAGE__CLOSE_NET_PERCENT": "-30",
    "CROSSBOOK_ARBITRAGE__UPDATE_STEP_PERCENT": "0.0000001",
    "CROSSBOOK_ARBITRAGE__MIN_LIFE_MS": "0",
    "CROSSBOOK_ARBITRAGE__MIN_NOTIONAL": "0",
}


@dataclass(frozen=True, slots=True)
class Counted:
    """What the system says of itself at a moment."""

    at: float
    frames: int
    quotes: int
    batches: int
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Slice:
    """What happened in a slice of time at one rate."""

    seconds: float
    frames: int
    quotes: int
    batches: int
    cpu_s: float
    stamps: list[Stamps]
    tracker_us: float  # median from a frame to its batch, as the trackers sampled it


class Rig:
    """Between two slices the sender is quiet but for the world's own slow pace."""

    def __init__(self, addresses: Addresses, sender: asyncio.subprocess.Process) -> None:
        self._addresses = addresses
        self._sender = sender
        self._messages: list[tuple[int, bytes]] | None = None  # while a slice lasts

    async def slice(self, frames: float, moves: float, seconds: float) -> Slice:
        """So many frames a second, of which some move a price."""
        await self._set_rate(frames, moves)
        await asyncio.sleep(SETTLE_SECONDS)
        told = await self._set_rate(frames, moves)
        self._messages, before = [], await self._count()
        await asyncio.sleep(seconds)
        after, messages, self._messages = await self._count(), self._messages, None
        tracker_us = await self._tracker_us()
        late = told["moves"]  # of the settling time: some of them arrive in ours
        told = await self._set_rate(0, 0)
        moves_made = [Move(*move) for move in (*late, *told["moves"])]
        return Slice(
            seconds=after.at - before.at,
            frames=after.frames - before.frames,
            quotes=after.quotes - before.quotes,
            batches=after.batches - before.batches,
            cpu_s=after.cpu_s - before.cpu_s,
            stamps=joined(moves_made, _events(messages)),
            tracker_us=tracker_us,
        )

    async def read_alone(self, frames: float, seconds: float) -> float:
        """Frames a second that the sender feeds to a reader that does nothing with them, while the system is quiet."""
        urls = (await self._set_rate(0, 0))["urls"].values()
        async with python_process("tests.bench.reader", *urls) as reader:
            await answer(reader)
            await self._set_rate(frames, 0, "readers")
            await asyncio.sleep(SETTLE_SECONDS)
            before, began = await _count_of(reader), time.monotonic()
            await asyncio.sleep(seconds)
            rate = (await _count_of(reader) - before) / (time.monotonic() - began)
            await self._set_rate(0, 0)
        return rate

    async def listen(self, target: str) -> None:
        """Reads the events as any client would; until cancelled."""
        async with grpc.aio.insecure_channel(target) as channel:
            call = channel.unary_stream(WATCH)(arbitrage_pb2.WatchOpportunitiesRequest().SerializeToString())
            async for message in call:
                if self._messages is not None:
                    self._messages.append((time.time_ns(), message))

    async def _set_rate(self, frames: float, moves: float, to: str = "clients") -> Mapping[str, Any]:
        await tell(self._sender, f"{frames} {moves} {to}")
        told: Mapping[str, Any] = json.loads(await answer(self._sender))
        return told

    async def _count(self) -> Counted:
        venues = await venue_stats(self._addresses)
        async with grpc.aio.insecure_channel(self._addresses.of("aggregator")[0]) as channel:
            stub = aggregator_pb2_grpc.AggregatorServiceStub(channel)
            told = await stub.GetAggregatorStats(aggregator_pb2.GetAggregatorStatsRequest(), timeout=30)
        usages = self._addresses.usages()
        return Counted(
            at=time.monotonic(),
            frames=sum(venue.messages_received for venue in venues),
            quotes=told.quotes_ingested,
            batches=sum(stream.received_sequence for stream in told.streams),
            cpu_s=sum(usage.cpu_s for name, usage in usages.items() if name.startswith(OURS)),
        )

    async def _tracker_us(self) -> float:
        venues = await venue_stats(self._addresses)
        return sum(venue.frame_to_quote_p50_us for venue in venues) / len(venues)


def settings_of(port: int) -> dict[str, str]:
    """Of a system whose venues are all at that port."""
    target = f"127.0.0.1:{port}"
    endpoints = {
        venue: {"websocket_url": f"ws://{target}/{venue}", "rest_url": f"http://{target}/{venue}"} for venue in PAIR
    }
    return {
        **OPEN_TO_ALL,
        "CROSSBOOK_TRACKER__VENUES": ",".join(PAIR),
        "CROSSBOOK_TRACKER__ENDPOINTS": json.dumps(endpoints),
    }


async def _count_of(reader: asyncio.subprocess.Process) -> int:
    await tell(reader, "")
    return int(await answer(reader))


def _events(messages: list[tuple[int, bytes]] | None) -> list[Event]:
    return [event for arrived_ns, payload in messages or () for event in events_of(payload, arrived_ns)]


@asynccontextmanager
async def rig(product: Product) -> AsyncIterator[Rig]:
    """Started and LIVE; the sender is always this checkout's."""
    async with python_process("tests.bench.sender", ",".join(PAIR)) as sender:
        settings = settings_of(await port_of(sender))
        async with running_up(settings, ["--live", "--venues", ",".join(PAIR)], product.python) as addresses:
            await eventually(lambda: are_all_live(addresses), START_DEADLINE_SECONDS)
            await asyncio.sleep(SUBSCRIBED_SECONDS)
            ready = Rig(addresses, sender)
            listening = asyncio.create_task(ready.listen(addresses.of("arbitrage")[0]))
            try:
                yield ready
            finally:
                listening.cancel()
                with suppress(asyncio.CancelledError):
                    await listening
