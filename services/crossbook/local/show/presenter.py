"""Shows a run for as long as it lasts; nothing that goes wrong in showing ends it.

A view that fails gives way to lines, and where lines cannot be printed either, the run goes on unseen: its log and its
summary still tell of it.
"""

import asyncio
import contextlib
from collections.abc import Coroutine, Sequence
from typing import Any

import structlog

log = structlog.get_logger()


def say(text: str) -> None:
    """Prints one line; a terminal or pipe that is gone is nothing to end a run for."""
    with contextlib.suppress(OSError, ValueError):  # ValueError: stdout is closed
        print(text, flush=True)


async def present(presenters: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Runs the first until cancelled; one that fails gives way to the next."""
    waiting = list(presenters)
    try:
        while waiting:
            try:
                await waiting.pop(0)
            except Exception as error:
                log.warning("view_failed", error=f"{type(error).__name__}: {error}")
        await asyncio.Event().wait()  # somebody else ends the run
    finally:
        for presenter in waiting:
            presenter.close()
