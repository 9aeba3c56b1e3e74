"""Bench processes: started as modules, they print a port first and live until their standard input ends."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def python_process(module: str, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A bench process that lives until its standard input ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def port_of(process: asyncio.subprocess.Process) -> int:
    """The port that a bench process prints first."""
    assert process.stdout is not None
    return int(await process.stdout.readline())
