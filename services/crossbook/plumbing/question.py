"""A question to a server that may never answer: whoever asks waits so long and no longer, and the question goes on.

Breaking a query off means asking the server once more, so through a connection from which nothing comes a cancelled
query holds its caller up for another while. This one is left alone until it ends by itself; there is one at a time.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Question:
    """Many may ask at once: they share the answer."""

    def __init__(self, put: Callable[[], Coroutine[Any, Any, None]], seconds: float) -> None:
        self._put = put
        self._seconds = seconds
        self._pending: asyncio.Task[None] | None = None

    async def ask(self) -> None:
        """Raises TimeoutError when there is no answer in time, and whatever the question itself raises."""
        if self._pending is None or self._pending.done():
            self._pending = asyncio.create_task(self._put())
            self._pending.add_done_callback(_note)
        pending = self._pending
        await asyncio.wait((pending,), timeout=self._seconds)
        if not pending.done():
            raise TimeoutError(f"no answer within {self._seconds:g} s")
        pending.result()

    def close(self) -> None:
        """Nobody waits for the answer any more."""
        if self._pending is not None:
            self._pending.cancel()


def _note(task: asyncio.Task[None]) -> None:
    """An answer that came too late for all who asked is no forgotten exception."""
    if not task.cancelled():
        task.exception()
