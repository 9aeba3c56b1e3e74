"""The life of one service process: uvloop, signals, and an end that follows the supervisor's.

A service is `async def main(lifetime)`. It ends by itself soon after `lifetime.stopping` is set, which SIGINT and
SIGTERM do, and so does the end of the pipe whose descriptor CROSSBOOK_PARENT_PIPE names: the supervisor holds its other
end, so its death, however it comes, closes it. Exit code 0 after a clean stop; for a CrossbookError one line on stderr
and the error's own, which is 3 for a taken port and 2 else.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
import uvloop

from crossbook.plumbing.errors import CrossbookError, SettingsError
from crossbook.plumbing.private_files import UMASK
from crossbook.plumbing.settings import PARENT_PIPE_VARIABLE
from crossbook.plumbing.tasks import call_off, set_within

T = TypeVar("T")
log = structlog.get_logger()


class Lifetime:
    """What a service is told about its end."""

    def __init__(self) -> None:
        self.stopping = asyncio.Event()
        self._reloads: list[tuple[str, Callable[[], None]]] = []

    def stop(self) -> None:
        """Asks the service to end."""
        self.stopping.set()

    def on_hangup(self, read: Callable[[], T], take: Callable[[T], None], what: str = "files") -> None:
        """At each SIGHUP from now on, which otherwise ends a process, reads again what may change while it runs and
        has it taken. A SettingsError of `read` is logged, and changes nothing.
        """
        self._reloads.append((what, lambda: take(read())))
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._on_hangup)

    def reload(self) -> list[str]:
        """Does what SIGHUP does, and says what was read again. Raises SettingsError."""
        for _, again in self._reloads:
            again()
        return [what for what, _ in self._reloads]

    def _on_hangup(self) -> None:
        try:
            self.reload()
        except SettingsError as error:
            log.error("reload_refused", error=str(error))

    async def wait_or_stop(self, awaitable: Awaitable[T]) -> T | None:
        """The awaitable's result; None, with the awaitable cancelled, when the service is told to stop first."""
        work = asyncio.ensure_future(awaitable)
        stop = asyncio.ensure_future(self.stopping.wait())
        try:
            await asyncio.wait((work, stop), return_when=asyncio.FIRST_COMPLETED)
            return work.result() if work.done() else None
        finally:
            stop.cancel()
            if not work.done():
                await call_off(work)

    async def sleep(self, seconds: float) -> bool:
        """Sleeps; True as soon as the service is told to stop."""
        return await set_within(self.stopping, seconds)


def run_service(main: Callable[[Lifetime], Awaitable[None]]) -> None:
    """Runs a service to its end; one that fails ends the process, with its own exit code and one line. What it writes,
    others on this machine cannot read.
    """
    os.umask(UMASK)
    try:
        uvloop.run(_live(main))
    except CrossbookError as error:
        sys.exit(_tell(error))
    except BaseExceptionGroup as group:
        sys.exit(_tell(_expected(group)))


async def _live(main: Callable[[Lifetime], Awaitable[None]]) -> None:
    lifetime = Lifetime()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, _on_signal, lifetime, signal_number)
    pipe = os.environ.get(PARENT_PIPE_VARIABLE)
    if pipe is not None:
        loop.add_reader(int(pipe), _on_parent_pipe, lifetime, int(pipe))
    await main(lifetime)


def _on_signal(lifetime: Lifetime, signal_number: signal.Signals) -> None:
    lifetime.stop()  # first: a log that nobody reads any more may raise
    log.info("stopping", cause=signal_number.name)


def _on_parent_pipe(lifetime: Lifetime, pipe: int) -> None:
    if os.read(pipe, 4096):
        return
    asyncio.get_running_loop().remove_reader(pipe)
    lifetime.stop()
    log.warning("stopping", cause="supervisor_gone")


def _expected(group: BaseExceptionGroup[BaseException]) -> CrossbookError:
    """The one CrossbookError that a task group died of; anything else in the group is a bug and goes up."""
    expected, rest = group.split(CrossbookError)
    if rest is not None or expected is None:
        raise group
    error: BaseException = expected
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, CrossbookError)
    return error


def _tell(error: CrossbookError) -> int:
    print(f"crossbook: {error}", file=sys.stderr)
    return error.exit_code
