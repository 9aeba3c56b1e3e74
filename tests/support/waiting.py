"""Waiting for a condition, never for a time: the deadline is generous, for machines under load."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable

DEADLINE_SECONDS = 60.0


async def eventually(condition: Callable[[], object | Awaitable[object]], deadline: float = DEADLINE_SECONDS) -> None:
    """Returns once the condition holds; raises TimeoutError when it never does."""
    async with asyncio.timeout(deadline):
        while True:
            holds = condition()
            if inspect.isawaitable(holds):
                holds = await holds
            if holds:
                return
            await asyncio.sleep(0.01)
