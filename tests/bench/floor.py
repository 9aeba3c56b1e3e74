"""Runs the bare three-hop relay and measures how old its stamps are when they arrive."""

import time
from contextlib import AsyncExitStack

import grpc

from tests.bench.processes import port_of, python_process
from tests.bench.relay import METHOD, STAMP_BYTES


async def floor_latencies_us(rate: float, seconds: float) -> list[float]:
    """Ages of the stamps after three hops, in microseconds; the first second is warm-up."""
    async with AsyncExitStack() as stack:
        source = await stack.enter_async_context(python_process("tests.bench.relay", "source", str(rate)))
        port = await port_of(source)
        for _ in range(2):
            hop = await stack.enter_async_context(python_process("tests.bench.relay", "hop", f"127.0.0.1:{port}"))
            port = await port_of(hop)
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(f"127.0.0.1:{port}"))
        call = channel.unary_stream(METHOD)(b"")
        try:
            return await _collect(call, seconds)
        finally:
            call.cancel()


async def _collect(call: grpc.aio.UnaryStreamCall[bytes, bytes], seconds: float) -> list[float]:
    ages: list[float] = []
    warm = time.monotonic() + 1
    end = warm + seconds
    async for message in call:
        now_ns, now = time.time_ns(), time.monotonic()
        if now >= end:
            break
        if now >= warm:
            stamps = (message[start : start + STAMP_BYTES] for start in range(0, len(message), STAMP_BYTES))
            ages.extend((now_ns - int.from_bytes(stamp, "little")) / 1000 for stamp in stamps)
    return ages
