"""An event loop whose time passes only when nobody has anything left to do, and processes within it that can be paused.

Timers fire in their order without a wait. While a real server is asked (`under_way`) no time passes at all: so a
history takes the time of its calls, and is the same however fast the machine is.
"""

import asyncio
import math
import selectors
from collections.abc import Callable
from contextvars import Context, ContextVar
from typing import Any

ANSWER_SECONDS = 30.0  # of the real clock, within which a real server answers
AFTER = 1e-6  # what a timer is passed by, so that rounding never leaves it behind

Events = list[tuple[selectors.SelectorKey, int]]


class Pausable:
    """A process: what it would do while it is paused waits."""

    def __init__(self) -> None:
        self.is_paused = False
        self.went_on_at = -math.inf  # after its last pause
        self.held: list[tuple[Callable[..., Any], tuple[Any, ...], Context]] = []


PROCESS: ContextVar[Pausable | None] = ContextVar("process", default=None)


class _Selector(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.wait: Callable[[Callable[[float | None], Events], float | None], Events] | None = None

    def select(self, timeout: float | None = None) -> Events:
        return self.wait(super().select, timeout) if self.wait else super().select(timeout)


class VirtualLoop(asyncio.SelectorEventLoop):
    """`seconds` is its time."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.under_way = 0
        selector = _Selector()
        super().__init__(selector)
        selector.wait = self._wait

    def time(self) -> float:
        """Starts at 0."""
        return self.seconds

    def call_soon(self, callback: Callable[..., Any], *args: Any, context: Context | None = None) -> asyncio.Handle:  # type: ignore[override]
        """At once, unless it is a paused process that would do it."""
        process = context.get(PROCESS) if context is not None else None
        if process is None or not process.is_paused:
            return super().call_soon(callback, *args, context=context)
        assert context is not None
        process.held.append((callback, args, context))
        return asyncio.Handle(callback, args, self, context)

    def resume(self, process: Pausable) -> None:
        """It goes on where it was."""
        if process.is_paused:
            process.went_on_at = self.time()
        process.is_paused = False
        held, process.held = process.held, []
        for callback, args, context in held:
            self.call_soon(callback, *args, context=context)

    def _wait(self, select: Callable[[float | None], Events], timeout: float | None) -> Events:
        if self.under_way or timeout is None:
            events = select(0 if timeout == 0 else ANSWER_SECONDS)
            if not events and timeout != 0:
                raise TimeoutError("nothing happens, and nothing ever will")
            return events
        events = select(0)
        if not events and timeout > 0:
            self.seconds += timeout + AFTER
        return events
