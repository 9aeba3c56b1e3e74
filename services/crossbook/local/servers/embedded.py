"""What embedded Postgres and embedded Redis share: one owner per data folder, start, readiness, leftovers."""

import asyncio
import fcntl
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from crossbook.local.processes.child import Child
from crossbook.local.processes.privileges import server_user
from crossbook.plumbing.errors import CrossbookError
from crossbook.plumbing.private_files import open_private, private_folder, write_whole

READY_SECONDS = 60.0
_LEFTOVER_SECONDS = 15.0
_ATTEMPTS = 3


class ServerError(CrossbookError):
    """An embedded server cannot run: do what the message says, or give the DSN of a server of your own."""


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A server that is set up and can be started any number of times, always at the same address."""

    name: str
    command: list[str]
    url: str = field(repr=False)  # with its password
    is_ready: Callable[[], bool]


@contextmanager
def owned(data_dir: Path) -> Iterator[None]:
    """Holds data_dir for this process; the lock dies with us, so whatever still runs there afterwards is a leftover."""
    with _lock_file(data_dir) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ServerError(
                f"{data_dir} is in use by another Crossbook: stop it, or choose another --data-dir"
            ) from None
        yield


def _lock_file(data_dir: Path) -> IO[str]:
    """As root the servers are somebody else, who must walk through the folder: it cannot be listed all the same."""
    try:
        private_folder(data_dir, 0o711 if server_user() else 0o700)
        return os.fdopen(open_private(data_dir / "lock", os.O_WRONLY), "w")
    except OSError as error:
        raise ServerError(
            f"cannot write to {data_dir} ({error.strerror}): make it writable, or choose another --data-dir"
        ) from None


@asynccontextmanager
async def running(prepare: Callable[[Path], EmbeddedServer], data_dir: Path) -> AsyncIterator[EmbeddedServer]:
    """Runs one server from data_dir; a port that was snatched between choosing and binding is chosen again."""
    with owned(data_dir):
        for attempt in range(1, _ATTEMPTS + 1):
            server = await asyncio.to_thread(prepare, data_dir)
            child = Child(server.name, server.command, data_dir / f"{server.name}.log")
            try:
                await child.start()
                if await is_up(server, child):
                    yield server
                    return
                if attempt == _ATTEMPTS or "in use" not in child.last_words():
                    raise ServerError(f"{server.name} did not start: {child.last_words()} (see {child.log_path})")
            finally:
                await child.stop()


async def is_up(server: EmbeddedServer, child: Child) -> bool:
    """Waits until the server answers; False when it exits or takes too long."""
    deadline = time.monotonic() + READY_SECONDS
    while child.is_running and time.monotonic() < deadline:
        if await asyncio.to_thread(server.is_ready):
            return True
        await asyncio.sleep(0.02)
    return False


def guarded(command: Sequence[str], stop_signal: str = "TERM") -> list[str]:
    """The command under the guard, so that the server ends when we do."""
    user = server_user()
    switch = ["--user", user] if user else []
    return [
        sys.executable,
        "-m",
        "crossbook.local.processes.guard",
        *switch,
        "--stop-signal",
        stop_signal,
        "--",
        *command,
    ]


def kept_password(path: Path) -> str:
    """The password in path, made on the first call."""
    if not path.exists():
        write_whole(path, secrets.token_urlsafe(24))
    return path.read_text()


def stop_leftover(pid_file: Path, named: Path) -> None:
    """Ends the server that a killed run left, whose command line names the path, and removes a pid file that nobody
    stands behind.
    """
    try:
        pid = int(pid_file.read_text().split()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return
    if str(named) in _command_line(pid):
        deadline = time.monotonic() + _LEFTOVER_SECONDS
        _signal(pid, signal.SIGINT)
        while str(named) in _command_line(pid):
            if time.monotonic() > deadline:
                _signal(pid, signal.SIGKILL)
            time.sleep(0.05)
    pid_file.unlink(missing_ok=True)


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _command_line(pid: int) -> str:
    """Empty when there is no such process."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    return subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True).stdout
