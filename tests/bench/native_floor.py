"""The floor under three services, by name: records of 200 bytes over three tonic hops, four processes and a source."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from tests.bench.cpu import cpu_ns
from tests.bench.fed import SETTLE_SECONDS, Load
from tests.bench.native_tools import Tool, tool

FLOOR = "three tonic hops of 200-byte records, a floor that cannot be beaten"


@dataclass(frozen=True, slots=True)
class Carried:
    """What a load came to at the last reader. `cpu_us`: of the middle hop, which receives and sends each message."""

    sent: int
    arrived: int
    p50_us: float
    p99_us: float
    cpu_us: float


class NativeFloor:
    """Silent between two loads."""

    def __init__(self, source: Tool, middle: Tool, sink: Tool) -> None:
        self._source = source
        self._middle = middle
        self._sink = sink

    async def play(self, load: Load, seconds: float, settle_s: float = SETTLE_SECONDS) -> Carried:
        """Each record when it is due; those of the settling are carried and not counted, but for what they cost."""
        before = cpu_ns(self._middle.pid)
        order = {"rate": load.rate, "burst": load.burst, "settle_s": settle_s, "seconds": seconds}
        sent = (await self._source.ask(order))["counted"]
        told = await self._sink.ask(sent)
        cpu_us = (cpu_ns(self._middle.pid) - before) / 1000
        return Carried(sent, told["counted"], told["p50_ns"] / 1000, told["p99_ns"] / 1000, cpu_us)


@asynccontextmanager
async def native_floor(records_a_message: int = 0) -> AsyncIterator[NativeFloor]:
    """So many records a message at most; 0: all that wait."""
    async with AsyncExitStack() as stack:
        limit = str(records_a_message)
        intake = await stack.enter_async_context(tool("intake", limit))
        port, socket_port = await intake.told()
        source = await stack.enter_async_context(tool("records", f"127.0.0.1:{socket_port}"))
        await source.told()
        hops = []
        for _ in range(2):
            hops.append(await stack.enter_async_context(tool("hop", f"127.0.0.1:{port}", limit)))
            port = await hops[-1].told()
        sink = await stack.enter_async_context(tool("sink", f"127.0.0.1:{port}"))
        await sink.told()
        yield NativeFloor(source, hops[0], sink)
