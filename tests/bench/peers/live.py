"""Frame to opportunity, live: the same recorded frames through a local WebSocket into Crossbook and into each peer.

Crossbook is three processes and a native client; a peer is one process that compares in its callback. Each frame is
sent when it is due and shows another price, and each has an age (tests/bench/ages.py).
"""

import asyncio
import json
import math
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.bench.ages import Shown, ages_us, percentile
from tests.bench.alone import running_alone
from tests.bench.cpu import cpu_ns
from tests.bench.fed import GRACE_SECONDS, Fed, Load, Played, counted, dues_of, fed, order_of
from tests.bench.knee import knee, noted, p99_of
from tests.bench.native_tools import Tool, tool
from tests.bench.peers.played import recorded_topic
from tests.bench.peers.venue import Venue, listening
from tests.bench.processes import bench_process
from tests.bench.readers import native_reader
from tests.support.waiting import eventually

HERE = Path(__file__).parent
VENUE, ASSET = "binance", "BTC"
LOADS = {"1k": Load(1_000), "20k": Load(20_000, 10)}
SECONDS, TRY_SECONDS = 2.5, 1.5
ROUNDS = 3
DRAIN_SECONDS = 120.0
FIRST_RATE, TRIES = 1_000.0, 7
BURSTS_PER_SECOND = 1_000.0
SEQUENCE = 9_000_000_000_000  # later than any recorded


class Side(Protocol):
    """Crossbook, or a peer."""

    async def play(self, load: Load, seconds: float) -> Played: ...

    async def drained(self) -> None:
        """What was too much is worked off."""
        ...


@dataclass(frozen=True, slots=True)
class Crossbook:
    """Its three processes."""

    system: Fed

    async def play(self, load: Load, seconds: float) -> Played:
        return await self.system.play(load, native_reader, seconds)

    async def drained(self) -> None:
        await self.system.drained()


@dataclass(frozen=True, slots=True)
class Peer:
    """One process, fed by a source of its own."""

    side: Tool
    source: Tool
    script: Path
    topic: dict[str, Any]

    async def play(self, load: Load, seconds: float) -> Played:
        await self.side.ask()
        order = order_of(self.script, load, seconds, math.inf)
        told, cpu = await counted(self.source, order, lambda: {"all": cpu_ns(self.side.pid)})
        await asyncio.sleep(GRACE_SECONDS)
        until_ns, found = time.time_ns(), await self.side.ask()
        place = (VENUE, ASSET)
        shown = (Shown(place, bid, True, at_ns, at_ns) for at_ns, bid, _ in found if at_ns <= until_ns)
        dues = dues_of(told["moves"], [self.topic], told["counted_from_ns"])
        return Played(ages_us(dues, shown, until_ns), cpu, told["late_p99_ns"] / 1000)

    async def drained(self) -> None:
        await eventually(self._has_nothing_left, DRAIN_SECONDS)

    async def _has_nothing_left(self) -> bool:
        await asyncio.sleep(0.5)
        return not await self.side.ask()


@asynccontextmanager
async def crossbook(texts: Sequence[str]) -> AsyncIterator[Side]:
    """Of the simulated venues one instrument's top is played, with the recorded frames in the place of its own."""

    def recorded(topics: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        (topic,) = (one for one in topics if (one["venue"], one["asset"]) == (VENUE, ASSET))
        return [recorded_topic(texts, port=topic["port"], venue=VENUE, asset=ASSET, sequence=topic["sequence"])]

    any_mids = {
        "CROSSBOOK_ARBITRAGE__MAX_MID_DIFFERENCE_PERCENT": "1000000",
        "CROSSBOOK_ARBITRAGE__MAX_AGE_SECONDS": "100000",
        "CROSSBOOK_ARBITRAGE__MAX_SKEW_SECONDS": "100000",
    }
    async with fed(
        lambda settings: running_alone({**settings, **any_mids}, sys.executable), recorded, most_moves=math.inf
    ) as system:
        yield Crossbook(system)


@asynccontextmanager
async def peer(python: Path, name: str, texts: Sequence[str]) -> AsyncIterator[Side]:
    """Connected and subscribed."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crossbook-peers-")))
        venue = Venue()
        upstream = await stack.enter_async_context(listening(venue))
        source = await stack.enter_async_context(tool("source", f"127.0.0.1:{upstream}"))
        url = f"ws://127.0.0.1:{await source.told()}"
        command = (str(python), str(HERE / f"{name}_live.py"), url)
        side = Tool(await stack.enter_async_context(bench_process(*command)))
        await side.told()
        await eventually(lambda: venue.ports)
        await asyncio.sleep(1)  # its subscription
        topic = recorded_topic(texts, port=venue.ports[0], venue=VENUE, asset=ASSET, sequence=SEQUENCE)
        script = folder / "script.json"
        script.write_text(json.dumps({"topics": [topic]}))
        yield Peer(side, source, script, topic)


async def measured(name: str, opened: AbstractAsyncContextManager[Side]) -> dict[str, Any]:
    """p50 and p99 in microseconds, processor time a frame, by load; and the largest rate with p99 under 10 ms."""
    async with opened as side:
        found: dict[str, Any] = {"side": name}
        for load_name, load in LOADS.items():
            rounds = []
            for _ in range(ROUNDS):
                rounds.append(await side.play(load, SECONDS))
                await side.drained()
            found[load_name] = summary(rounds)
        found["largest_rate"] = await knee(noted(name, trying(side)), FIRST_RATE, TRIES)
    return found


def trying(side: Side) -> Callable[[float], Any]:
    """The p99 at a rate, the frames of a millisecond at once."""

    async def p99_us(rate: float) -> float:
        played = await side.play(Load(rate, max(1, round(rate / BURSTS_PER_SECOND))), TRY_SECONDS)
        await side.drained()
        return p99_of(played.ages_us)

    return p99_us


def summary(rounds: Sequence[Played]) -> dict[str, float]:
    """Medians of the rounds. Raises ValueError when one has seen nothing."""
    if not all(one.ages_us for one in rounds):
        raise ValueError("no frame was due in a round")
    columns = {
        "p50_us": [percentile(one.ages_us, 50) for one in rounds],
        "p99_us": [percentile(one.ages_us, 99) for one in rounds],
        "cpu_us_per_frame": [sum(one.cpu_us_per_frame.values()) for one in rounds],
    }
    return {key: percentile(values, 50) for key, values in columns.items()}


def print_sides(found: Sequence[dict[str, Any]]) -> None:
    """A line a side."""
    print(f"{'live':<12}{'frames/s':>9}{'p50 us':>12}{'p99 us':>12}{'CPU us/frame':>14}{'largest rate':>14}")
    for one in found:
        for load in LOADS:
            row, largest = one[load], f"{one['largest_rate']:,.0f}"
            figures = f"{row['p50_us']:>12,.0f}{row['p99_us']:>12,.0f}{row['cpu_us_per_frame']:>14.1f}"
            print(f"{one['side']:<12}{load:>9}{figures}{largest:>14}", flush=True)
