"""Keeps the processes of one machine running: ordered start, restart with backoff, ordered stop, and their figures.

A process that ends although nobody asked it to is started again, at once the first time and then after a growing pause;
one that is not ready within its time ends the run. Exit code 2 means that a setting is wrong: that too ends the run,
for a restart cannot help. An address that somebody has taken while its process was away is waited for, and said.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crossbook.local.processes.addresses import Address, first_taken
from crossbook.local.processes.child import Child
from crossbook.local.processes.usage import Usage, tree_usage
from crossbook.plumbing.errors import CrossbookError, PortTakenError
from crossbook.plumbing.private_files import open_private, private_folder
from crossbook.plumbing.retry import Redial

READY_SECONDS = 60.0
_SETTINGS_EXIT_CODE = 2
_HOPELESS_STARTS = 3  # so many ends before it was ready once, and it will not help to try again
_STEADY_SECONDS = 30.0
_BACKOFF_BASE_SECONDS = 0.25
_BACKOFF_CAP_SECONDS = 10.0
_POLL_SECONDS = 0.05
_ADDRESS_POLL_SECONDS = 0.25
_ECHO_SECONDS = 0.2


class ChildFailedError(CrossbookError):
    """A process of the run cannot start: its last words say why; its log says more."""


Probe = Callable[[], Awaitable[bool]]


@dataclass(slots=True)
class Supervised:
    """One process, whichever child embodies it now."""

    child: Child
    is_ready: Probe
    addresses: Sequence[Address] = ()  # that it listens on
    restarts: int = 0
    failed_starts: int = 0  # restarts that were no matter of a taken address
    is_stopping: bool = False
    final_exit_code: int | None = None
    usage: Usage = field(default_factory=lambda: Usage(0.0, 0.0))  # the highest rss_mb seen
    spent_cpu_s: float = 0.0  # by earlier incarnations
    task: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        return self.child.name


class Supervisor:
    """Owns its children between __aenter__ and __aexit__.

    on_notice is told, in words, what it does by itself; on_change is called when there is a new process.
    """

    def __init__(
        self,
        log_dir: Path,
        *,
        is_echoing: bool = False,
        on_notice: Callable[[str], None] = lambda _: None,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._log_dir = log_dir
        self._is_echoing = is_echoing
        self._on_notice = on_notice
        self._on_change = on_change
        self._group = asyncio.TaskGroup()
        self._background: list[asyncio.Task[None]] = []
        self.processes: dict[str, Supervised] = {}
        self.failed = asyncio.Event()
        self.failure: ChildFailedError | None = None

    async def __aenter__(self) -> "Supervisor":
        private_folder(self._log_dir)
        await self._group.__aenter__()
        self._background.append(self._group.create_task(self._look_after()))
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.stop_all()
        for task in self._background:
            task.cancel()
        await self._group.__aexit__(None, None, None)

    async def start(
        self,
        name: str,
        command: Sequence[str],
        is_ready: Probe,
        environment: Mapping[str, str] = {},
        addresses: Sequence[Address] = (),
    ) -> Supervised:
        """Starts a process that will listen on the addresses; wait_ready says when it can be used."""
        child = Child(name, command, self._log_dir / f"{name}.log", environment)
        os.close(open_private(child.log_path, os.O_WRONLY))
        process = Supervised(child, is_ready, addresses)
        self.processes[name] = process
        if self._is_echoing:
            self._background.append(self._group.create_task(_echo(child, child.log_path.stat().st_size)))
        await child.start()
        self._on_change()
        process.task = self._group.create_task(self._keep_running(process))
        return process

    async def wait_ready(self, *names: str) -> None:
        """Waits until the processes answer; raises ChildFailedError when one cannot start or takes too long."""
        deadline = time.monotonic() + READY_SECONDS
        for process in (self.processes[name] for name in names):
            while not await process.is_ready():
                if self.failure:
                    raise self.failure
                if process.failed_starts >= _HOPELESS_STARTS:
                    raise ChildFailedError(
                        f"{process.name} does not start: {process.child.last_words()} (see {process.child.log_path})"
                    )
                if time.monotonic() > deadline:
                    raise ChildFailedError(
                        f"{process.name} is not ready after {READY_SECONDS:.0f} s: {process.child.last_words()}"
                    )
                await asyncio.sleep(_POLL_SECONDS)

    async def stop_all(self) -> None:
        """Stops every process, the last started first."""
        for name in reversed(self.processes):
            await self.stop(name)

    async def stop(self, name: str) -> None:
        process = self.processes[name]
        if process.is_stopping:
            return
        process.is_stopping = True
        self._sample()
        if process.task:  # first of all, for it may be about to start the process again
            process.task.cancel()
            await asyncio.wait((process.task,))
        exit_code = await process.child.stop()
        if exit_code == -signal.SIGTERM:  # it was still loading: from its first work on it handles the signal
            exit_code = 0
        if process.final_exit_code is None:
            process.final_exit_code = exit_code

    async def _keep_running(self, process: Supervised) -> None:
        redial = Redial(_BACKOFF_BASE_SECONDS, _BACKOFF_CAP_SECONDS, stable_seconds=_STEADY_SECONDS, at_once=1)
        while not process.is_stopping:
            redial.opened()
            code = await process.child.wait()
            if process.is_stopping:
                return
            if code == _SETTINGS_EXIT_CODE:
                self.failure = ChildFailedError(process.child.last_words().removeprefix("crossbook: "))
                process.final_exit_code = code
                self.failed.set()
                return
            if code == PortTakenError.exit_code:
                await asyncio.sleep(_ADDRESS_POLL_SECONDS)
            else:
                process.failed_starts += 1
                self._on_notice(f"{process.name} ended with exit code {code}; starting it again")
            await asyncio.sleep(redial.wait_seconds())
            await self._until_free(process)
            await self._start_again(process)

    async def _until_free(self, process: Supervised) -> None:
        """However long another program has the address: a run that waits and says so is better than none."""
        told: Address | None = None
        while (taken := await asyncio.to_thread(first_taken, process.addresses)) is not None:
            if taken != told:
                self._on_notice(f"{process.name} waits: another program has taken {taken[0]}:{taken[1]}")
                told = taken
            await asyncio.sleep(_ADDRESS_POLL_SECONDS)
        if told is not None:
            self._on_notice(f"{told[0]}:{told[1]} is free again; starting {process.name}")

    async def _start_again(self, process: Supervised) -> None:
        process.spent_cpu_s += process.usage.cpu_s
        process.usage = Usage(process.usage.rss_mb, 0.0)
        process.restarts += 1
        await process.child.start()
        self._on_change()

    async def _look_after(self) -> None:
        while True:
            self._sample()
            for process in self.processes.values():
                process.child.trim_log()
            await asyncio.sleep(1.0)

    def _sample(self) -> None:
        running = {process.child.pid: process for process in self.processes.values() if process.child.is_running}
        for pid, usage in tree_usage(list(running)).items():
            peak_mb = max(running[pid].usage.rss_mb, usage.rss_mb)
            running[pid].usage = Usage(peak_mb, usage.cpu_s)


async def _echo(child: Child, position: int) -> None:
    """Repeats the log, which the child writes itself, on stderr: a slow terminal never holds a service up."""
    with child.log_path.open("rb") as log:
        while True:
            if position > log.seek(0, os.SEEK_END):  # it was trimmed
                position = 0
            log.seek(position)
            for line in log:
                if not line.endswith(b"\n"):
                    break
                position += len(line)
                sys.stderr.write(f"{child.name:<12} | {line.decode(errors='replace')}")
            await asyncio.sleep(_ECHO_SECONDS)
