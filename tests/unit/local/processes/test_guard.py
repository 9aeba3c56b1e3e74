"""The guard ends its server when it is told to, and when whoever started it is gone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from crossbook.local.processes.guard import PARENT_PIPE
from tests.support.waiting import eventually

SERVER = """
import pathlib, signal, sys
def end(number, _):
    pathlib.Path(sys.argv[1]).write_text(signal.Signals(number).name)
    sys.exit(int(sys.argv[2]))
signal.signal(signal.SIGTERM, end)
signal.signal(signal.SIGINT, end)
pathlib.Path(sys.argv[1] + ".pid").write_text(str(__import__("os").getpid()))
while True:
    signal.pause()
"""


class Guarded:
    """A guard over a server that notes how it was ended."""

    def __init__(self, tmp_path: Path, exit_code: int = 0, stop_signal: str = "TERM") -> None:
        self.note = tmp_path / "note"
        self.pid_file = tmp_path / "note.pid"
        reader, self.pipe = os.pipe()
        server = [sys.executable, "-c", SERVER, str(self.note), str(exit_code)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "crossbook.local.processes.guard", "--stop-signal", stop_signal, "--", *server],
            env={**os.environ, PARENT_PIPE: str(reader)},
            pass_fds=[reader],
        )
        os.close(reader)

    async def ready(self) -> None:
        await eventually(lambda: self.pid_file.exists() and self.pid_file.read_text())


async def test_sigterm_becomes_the_servers_own_stop_signal(tmp_path: Path) -> None:
    """And the guard exits as the server does."""
    guarded = Guarded(tmp_path, exit_code=5, stop_signal="INT")
    await guarded.ready()
    guarded.process.terminate()
    assert guarded.process.wait(60) == 5
    assert guarded.note.read_text() == "SIGINT"
    os.close(guarded.pipe)


async def test_the_end_of_the_pipe_stops_the_server(tmp_path: Path) -> None:
    """The kernel closes it for a parent that was killed."""
    guarded = Guarded(tmp_path)
    await guarded.ready()
    os.close(guarded.pipe)
    assert guarded.process.wait(60) == 0
    assert guarded.note.read_text() == "SIGTERM"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a server whose guard was killed")
async def test_a_killed_guard_takes_its_server_along(tmp_path: Path) -> None:
    """With the server's own stop signal."""
    guarded = Guarded(tmp_path)
    await guarded.ready()
    guarded.process.kill()
    guarded.process.wait()
    await eventually(guarded.note.exists)
    os.close(guarded.pipe)


def test_a_server_that_fails_ends_the_guard(tmp_path: Path) -> None:
    """With the same exit code, and 128 more than the signal for one that was killed."""
    for program, code in (("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 9)", 137)):
        guard = [sys.executable, "-m", "crossbook.local.processes.guard", "--", sys.executable, "-c", program]
        assert subprocess.run(guard).returncode == code
