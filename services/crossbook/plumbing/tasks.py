"""Tasks side by side, and a service's long-lived ones, which outlive what nobody foresaw.

A long-lived one that dies is started again, sooner at first and later every half minute, and meanwhile it is counted
and told: the service says NOT_SERVING with the reason until the task has lived for a while. So a service ends by its
own decision only: by being told to stop, or by an error that no restart can mend (ENDINGS), as a setting or a taken
port.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import structlog
from prometheus_client import Counter

from crossbook.plumbing.errors import PortTakenError, SettingsError
from crossbook.plumbing.retry import STABLE_SECONDS, Redial

BASE_SECONDS = 0.1
CAP_SECONDS = 30.0
ENDINGS = (SettingsError, PortTakenError)

RESTARTS = Counter("crossbook_task_restarts", "Tasks that died of something unforeseen and were begun again.", ["task"])

Tell = Callable[[str, str], Awaitable[None]]
"""Takes a part and what is wrong with it, as ServiceHealth.tell does."""

Keep = Callable[[str, Callable[[], Awaitable[None]]], None]
"""Takes a long-lived task's name and what it does, and starts it."""

log = structlog.get_logger()


async def set_within(event: asyncio.Event, seconds: float | None) -> bool:
    """Waits until it is set, so long at most; none waits for ever. Whether it was."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


async def call_off(task: asyncio.Future[Any]) -> None:
    """Cancels it, and waits for its end. What it dies of meanwhile is looked at, or asyncio would complain of it when
    the task is collected, long afterwards and in the middle of something else.
    """
    task.cancel()
    await asyncio.wait((task,))
    _ = task.cancelled() or task.exception()


async def until_first(*coroutines: Coroutine[Any, Any, None]) -> None:
    """Runs all of them until one ends, cancels the others, and raises what the one raised."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(coroutine) for coroutine in coroutines]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None


class Keeper:
    """Keeps tasks alive; `tell` hears of those that are not."""

    def __init__(self, tell: Tell, *, stable_seconds: float = STABLE_SECONDS) -> None:
        self._tell = tell
        self._stable_seconds = stable_seconds

    async def keep(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Until it returns or is cancelled; `run` is called again after whatever it raises, except for ENDINGS."""
        redial, is_broken = Redial(BASE_SECONDS, CAP_SECONDS), False
        RESTARTS.labels(name)  # a rate is known of what begins with nothing
        while (error := await self._live(name, run, redial, is_broken)) is not None:
            if isinstance(error, ENDINGS):
                raise error
            is_broken = True
            RESTARTS.labels(name).inc()
            log.error("task_died", task=name, exc_info=error)
            await self._tell(name, f"died of {type(error).__name__} and is started again; the log has the details")
            await asyncio.sleep(redial.wait_seconds())
        if is_broken:
            await self._tell(name, "")

    async def _live(
        self, name: str, run: Callable[[], Awaitable[None]], redial: Redial, is_broken: bool
    ) -> BaseException | None:
        """One life, and what it died of.

        It is a task of its own: whether a task was cancelled, or a group in it died, cannot be told from within
        (python/cpython#116720).
        """
        life = asyncio.ensure_future(run())
        redial.opened()
        try:
            if is_broken:
                await asyncio.wait((life,), timeout=self._stable_seconds)
                if not life.done():
                    await self._tell(name, "")
            await asyncio.wait((life,))
        finally:
            if not life.done():
                await call_off(life)
        return asyncio.CancelledError() if life.cancelled() else life.exception()


@asynccontextmanager
async def keeping(keeper: Keeper) -> AsyncIterator[Keep]:
    """Gives what starts tasks, which are kept until the end of the block."""
    tasks: list[asyncio.Task[None]] = []
    async with asyncio.TaskGroup() as group:
        yield lambda name, run: tasks.append(group.create_task(keeper.keep(name, run)))
        for task in tasks:
            task.cancel()
