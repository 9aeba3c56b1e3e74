"""A system whose venues' clients are fed by the native source, each frame when it is due, and what comes of it.

The simulated venues (sender.py) answer and send snapshots through the source; while it plays, their world is still.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.ages import Due, Place, ages_us, shown_in
from tests.bench.cpu import cpu_ns
from tests.bench.native_tools import Tool, tool
from tests.bench.processes import answer, port_of, python_process, tell
from tests.bench.readers import Opens
from tests.bench.rig import PAIR, START_DEADLINE_SECONDS, SUBSCRIBED_SECONDS, settings_of
from tests.bench.system import Addresses, are_all_live, frames
from tests.support.waiting import eventually

SERVICES = ("tracker", "aggregator", "arbitrage")
WATCHED_ASSETS = 4  # of the twenty: a client that looks at all would be what is measured
MOST_MOVES = 1_000.0  # a second: so many frames show another price, the others another size
SETTLE_SECONDS, GRACE_SECONDS = 0.5, 0.3
QUIET_FRAMES = 500  # in a pause of a second: the world's own are some dozens

Rewrite = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]
Starts = Callable[[Mapping[str, str]], AbstractAsyncContextManager[Addresses]]


@dataclass(frozen=True, slots=True)
class Load:
    """Frames a second of all venues together, so many due at once."""

    rate: float
    burst: int = 1


@dataclass(frozen=True, slots=True)
class Played:
    """What a load came to. `late_p99_us`: how late the source itself was, which is in the ages."""

    ages_us: list[float]
    cpu_us_per_frame: dict[str, float]
    late_p99_us: float


class Fed:
    """Between two loads the world goes on at its own slow pace."""

    def __init__(
        self,
        addresses: Addresses,
        sender: asyncio.subprocess.Process,
        source: Tool,
        script: Path,
        rewrite: Rewrite,
        most_moves: float,
    ) -> None:
        self._addresses = addresses
        self._rewrite = rewrite
        self._most_moves = most_moves
        self._sender = sender
        self._source = source
        self._script = script

    async def play(self, load: Load, opens: Opens, seconds: float) -> Played:
        """One load to one client of arbitrage."""
        topics = await self._write_script()
        assets = sorted({topic["asset"] for topic in topics})[:WATCHED_ASSETS]
        async with opens(self._addresses.of("arbitrage")[0], assets) as reader:
            await asyncio.sleep(GRACE_SECONDS)  # what was open before is told
            await reader.take()
            order = order_of(self._script, load, seconds, self._most_moves)
            told, cpu = await counted(self._source, order, self._cpu_ns)
            await asyncio.sleep(GRACE_SECONDS)
            messages, until_ns = await reader.take(), time.time_ns()
        await self._tell_sender("0 0")
        dues = dues_of(told["moves"], topics, told["counted_from_ns"])
        shown = (one for at_ns, payload in messages for one in shown_in(payload, at_ns))
        return Played(
            ages_us([due for due in dues if due.place[1] in assets], shown, until_ns), cpu, told["late_p99_ns"] / 1000
        )

    async def drained(self) -> None:
        """What a load that was too much has left behind is worked off."""
        await worked_off(lambda: frames(self._addresses))

    def _cpu_ns(self) -> dict[str, float]:
        pids = self._addresses.pids()
        return {
            service: sum(cpu_ns(pid) for name, pid in pids.items() if name.startswith(service)) for service in SERVICES
        }

    async def _write_script(self) -> list[dict[str, Any]]:
        await self._tell_sender(f"script {self._script}")
        topics = self._rewrite(json.loads(self._script.read_text())["topics"])
        self._script.write_text(json.dumps({"topics": topics}))
        return topics

    async def _tell_sender(self, line: str) -> None:
        await tell(self._sender, line)
        await answer(self._sender)


async def worked_off(count: Callable[[], Awaitable[int]], pause_s: float = 1.0) -> None:
    """Until the trackers take no more than the world's own frames, which never end."""
    before = await count()
    await asyncio.sleep(pause_s)
    while (now := await count()) - before >= QUIET_FRAMES:
        before = now
        await asyncio.sleep(pause_s)


def order_of(script: Path, load: Load, seconds: float, most_moves: float) -> dict[str, Any]:
    """To a source; so many frames a second at most show another price."""
    return {
        "script": str(script),
        "rate": load.rate,
        "burst": load.burst,
        "moves": min(load.rate, most_moves),
        "settle_s": SETTLE_SECONDS,
        "seconds": seconds,
    }


async def counted(
    source: Tool, order: Mapping[str, Any], cpu_ns_now: Callable[[], Mapping[str, float]]
) -> tuple[Any, dict[str, float]]:
    """What the source says that it played, and the microseconds that a frame cost each process meanwhile."""
    playing = asyncio.create_task(source.ask(order))
    await asyncio.sleep(SETTLE_SECONDS)
    before = cpu_ns_now()
    await asyncio.sleep(order["seconds"])
    after = cpu_ns_now()
    due = order["rate"] * order["seconds"]
    return await playing, {name: (after[name] - before[name]) / 1000 / due for name in after}


def dues_of(moves: Iterable[tuple[int, int, int]], topics: list[dict[str, Any]], from_ns: int) -> list[Due]:
    """Of the moves of a source (due when, topic, state), those that count and show a price that was not shown."""
    shown: dict[Place, list[float]] = {}
    found = []
    for at_ns, number, state in moves:
        topic = topics[number]
        place, top = (topic["venue"], topic["asset"]), topic["tops"][state]
        if at_ns >= from_ns and shown.get(place) != top:
            found.append(Due(at_ns, place, *top))
        shown[place] = top
    return found


@asynccontextmanager
async def fed(
    starts: Starts, rewrite: Rewrite = lambda topics: topics, most_moves: float = MOST_MOVES
) -> AsyncIterator[Fed]:
    """Started and LIVE; `rewrite` may play something else to the clients that the script names."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crossbook-bench-")))
        sender = await stack.enter_async_context(python_process("tests.bench.sender", ",".join(PAIR)))
        source = await stack.enter_async_context(tool("source", f"127.0.0.1:{await port_of(sender)}"))
        addresses = await stack.enter_async_context(starts(settings_of(await source.told())))
        await eventually(lambda: are_all_live(addresses), START_DEADLINE_SECONDS)
        await asyncio.sleep(SUBSCRIBED_SECONDS)
        yield Fed(addresses, sender, source, folder / "script.json", rewrite, most_moves)
