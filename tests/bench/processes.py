"""Bench processes: started as modules, they print a port first and live until their standard input ends."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import structlog

LINE_BYTES = 256 * 1024 * 1024  # longest answer of a bench process


def python_process(module: str, *arguments: str) -> AbstractAsyncContextManager[asyncio.subprocess.Process]:
    """A module as a bench process."""
    return bench_process(sys.executable, "-m", module, *arguments)


@asynccontextmanager
async def bench_process(*command: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A bench process that lives until its standard input ends."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LINE_BYTES
    )
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def port_of(process: asyncio.subprocess.Process) -> int:
    """The port that a bench process prints first."""
    return int(await answer(process))


async def tell(process: asyncio.subprocess.Process, line: str) -> None:
    """One line to its standard input."""
    assert process.stdin is not None
    process.stdin.write(f"{line}\n".encode())
    await process.stdin.drain()


async def answer(process: asyncio.subprocess.Process) -> str:
    """The next line of its standard output; raises RuntimeError when it has ended."""
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        raise RuntimeError("a bench process ended; its standard error says why")
    return line.decode()


def log_to_stderr(level: int = logging.WARNING) -> None:
    """Of a bench process, and only what is wrong: its standard output is for answers."""
    structlog.configure(
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
