"""One child process: started with a pipe that tells it when we die, its output appended to a log, stopped cleanly."""

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from crossbook.local.processes.guard import PARENT_PIPE
from crossbook.plumbing.private_files import open_private

STOP_SECONDS = 25.0
MAX_LOG_BYTES = 32 * 1024 * 1024
_TAIL_BYTES = 4096


class Child:
    """start() and stop() may alternate; every start is a new process under the same name."""

    def __init__(self, name: str, command: Sequence[str], log_path: Path, environment: Mapping[str, str] = {}) -> None:
        self.name = name
        self.log_path = log_path
        self._command = list(command)
        self._environment = dict(environment)
        self._process: asyncio.subprocess.Process | None = None
        self._pipe_writer = -1

    @property
    def pid(self) -> int:
        """0 before the first start."""
        return self._process.pid if self._process else 0

    @property
    def exit_code(self) -> int | None:
        """None while it runs and before the first start; minus the signal's number when a signal killed it."""
        return self._process.returncode if self._process else None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        reader, writer = os.pipe()
        try:
            with os.fdopen(open_private(self.log_path, os.O_WRONLY | os.O_APPEND), "ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env={**os.environ, **self._environment, PARENT_PIPE: str(reader)},
                    pass_fds=[reader],
                    start_new_session=True,  # Ctrl-C reaches us alone; we stop the children in order
                )
        except BaseException:
            os.close(writer)
            raise
        finally:
            os.close(reader)
        self._close_pipe()
        self._pipe_writer = writer

    async def wait(self) -> int:
        """Waits for the end of the current process; the caller has started it."""
        assert self._process is not None
        return await self._process.wait()

    async def stop(self, grace_seconds: float = STOP_SECONDS) -> int | None:
        """Asks it to stop, insists after the grace, and returns its exit code."""
        if self._process is None:
            return None
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), grace_seconds)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        self._close_pipe()
        return self._process.returncode

    def last_words(self) -> str:
        """The last line of its log: what it said went wrong."""
        with self.log_path.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - _TAIL_BYTES))
            lines = log.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def trim_log(self, max_bytes: int = MAX_LOG_BYTES) -> None:
        """Moves what a log too long holds to `<log>.1`, over what was there.

        The child appends to the same file all the time: a line written between the copy and the cut is lost.
        """
        with contextlib.suppress(FileNotFoundError):  # somebody removed it
            if self.log_path.stat().st_size > max_bytes:
                with contextlib.suppress(OSError):  # a full disk is one reason more to cut it
                    shutil.copyfile(self.log_path, self.log_path.with_name(f"{self.log_path.name}.1"))
                os.truncate(self.log_path, 0)

    def _close_pipe(self) -> None:
        if self._pipe_writer >= 0:
            os.close(self._pipe_writer)
            self._pipe_writer = -1
