"""Notices a cancellation that a library swallowed, without which a loop around its calls would never end.

Before Python 3.12 `asyncio.wait_for` returns its result and forgets the cancellation when both come in the same moment
(python/cpython#86296). The Redis client sends, and the Postgres pool waits for a connection, through it.
"""

import asyncio


class Cancellations:
    """Of the running task, from the moment this is made."""

    def __init__(self) -> None:
        self._task = asyncio.current_task()
        self._before = self._task.cancelling() if self._task else 0

    def check(self) -> None:
        """Raises CancelledError when there was one: to be called after a block that ended otherwise."""
        if self._task is not None and self._task.cancelling() > self._before:
            raise asyncio.CancelledError
