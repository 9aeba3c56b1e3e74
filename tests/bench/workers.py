"""The bench's end of a probe: the process of a product's interpreter that measures when it is asked to."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from tests.bench.product import ROOT, Product, UnsupportedError
from tests.bench.rows import Figures

ANSWER_BYTES = 1024 * 1024


class WorkerError(Exception):
    """The probe's process ended: its standard error says why."""


class Worker:
    """One probe, ready."""

    def __init__(self, process: asyncio.subprocess.Process, parts: Sequence[str]) -> None:
        self.parts = parts
        self._process = process

    async def ours(self, part: str) -> Figures:
        """Measures once."""
        return await self._ask(f"ours {part}")

    async def beside(self, part: str) -> Figures:
        """Measures once."""
        return await self._ask(f"beside {part}")

    async def _ask(self, line: str) -> Figures:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        await self._process.stdin.drain()
        return await self.answer()

    async def answer(self) -> Figures:
        """The next line. Raises UnsupportedError, WorkerError."""
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise WorkerError("a probe's process ended")
        told = json.loads(line)
        if "unsupported" in told:
            raise UnsupportedError(told["unsupported"])
        figures: Figures = told["figures"]
        return figures


@asynccontextmanager
async def worker(
    product: Product, probe: str, parts: Sequence[str], arguments: Mapping[str, Any]
) -> AsyncIterator[Worker]:
    """Started in this checkout, whose probes it runs, with the product's interpreter, whose services it imports."""
    process = await asyncio.create_subprocess_exec(
        *(product.python, "-m", "tests.bench.probes", probe, json.dumps(arguments)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        limit=ANSWER_BYTES,
    )
    try:
        started = Worker(process, parts)
        await started.answer()
        yield started
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
