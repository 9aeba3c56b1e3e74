"""The bench's native tools (tests/bench/native): built when they are first needed, then spoken to in lines of JSON."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

from tests.bench.processes import answer, bench_process, tell

FOLDER = Path(__file__).parent / "native"


@cache
def built() -> str:
    """The program; minutes the first time, and on a change of it. Raises CalledProcessError."""
    subprocess.run(["cargo", "build", "--quiet", "--release", "--locked"], cwd=FOLDER, check=True)
    return str(FOLDER / "target" / "release" / "crossbook-bench")


class Tool:
    """One of its processes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """For what it costs."""
        return self._process.pid

    async def told(self) -> Any:
        """The next line that it says by itself. Raises RuntimeError when it has ended."""
        return json.loads(await answer(self._process))

    async def ask(self, order: Any = None) -> Any:
        """What it answers to an order. Raises RuntimeError when it has ended."""
        await tell(self._process, json.dumps(order))
        return await self.told()


@asynccontextmanager
async def tool(*arguments: str) -> AsyncIterator[Tool]:
    """Runs until the end of the block; it has yet to say that it is ready."""
    async with bench_process(await asyncio.to_thread(built), *arguments) as process:
        yield Tool(process)
