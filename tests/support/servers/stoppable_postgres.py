"""A Postgres of a test's own that can be stopped and started again at the same address."""

import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from crossbook.local.processes.child import Child
from crossbook.local.servers.embedded import EmbeddedServer, is_up, owned
from crossbook.local.servers.postgres import prepare_postgres
from crossbook.plumbing.data.migrate import migrate

START_TRIES = 20


class StoppablePostgres:
    """Started and migrated when the test gets it."""

    def __init__(self, server: EmbeddedServer, data_dir: Path) -> None:
        self.dsn = server.url
        self._server = server
        self._child = Child(server.name, server.command, data_dir / "postgres.log")

    @property
    def is_running(self) -> bool:
        """Whether the server has not ended by itself."""
        return self._child.is_running

    async def start(self) -> None:
        """Returns once it answers; after a kill the old backends may hold up the first tries."""
        for _ in range(START_TRIES):
            await self._child.start()
            if await is_up(self._server, self._child):
                return
        raise AssertionError(self._child.last_words())

    async def stop(self) -> None:
        """Its connections are cut."""
        await self._child.stop()

    async def kill(self) -> None:
        """kill -9 of the server under the guard; its backends end as they notice."""
        for pid in _children(self._child.pid):
            os.kill(pid, signal.SIGKILL)
        await self._child.wait()

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Its processes are stopped for as long as the block lasts: they keep their connections and say nothing."""
        processes = list(_descendants(self._child.pid))
        try:
            _signal(processes, signal.SIGSTOP)
            yield
        finally:
            _signal(processes, signal.SIGCONT)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _descendants(pid: int) -> Iterator[int]:
    for child in _children(pid):
        yield child
        yield from _descendants(child)


def _signal(processes: list[int], number: signal.Signals) -> None:
    for pid in processes:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


@asynccontextmanager
async def stoppable_postgres(data_dir: Path) -> AsyncIterator[StoppablePostgres]:
    """Stopped at the end of the block."""
    with owned(data_dir):
        postgres = StoppablePostgres(prepare_postgres(data_dir), data_dir)
        try:
            await postgres.start()
            await migrate(postgres.dsn)
            yield postgres
        finally:
            await postgres.stop()
