"""One child process: its life, its log, its end."""

import os
import sys
from pathlib import Path

from crossbook.local.processes.child import Child
from tests.support.waiting import eventually

# Like a service: SIGTERM is a clean end, and so is the end of the pipe that the parent holds.
SERVICE = """
import os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("ready", flush=True)
os.read(int(os.environ["CROSSBOOK_PARENT_PIPE"]), 1)
print("orphaned", flush=True)
"""
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"


def child(tmp_path: Path, program: str, **environment: str) -> Child:
    return Child("service", [sys.executable, "-c", program], tmp_path / "service.log", environment)


async def ready(started: Child) -> None:
    await started.start()
    await eventually(lambda: "ready" in started.log_path.read_text())


async def test_a_child_runs_until_it_is_stopped(tmp_path: Path) -> None:
    """SIGTERM is enough for one that listens."""
    service = child(tmp_path, SERVICE)
    await ready(service)
    assert service.is_running
    assert service.exit_code is None
    assert await service.stop() == 0
    assert not service.is_running


async def test_a_deaf_child_is_killed(tmp_path: Path) -> None:
    """After its grace."""
    service = child(tmp_path, DEAF)
    await ready(service)
    assert await service.stop(grace_seconds=0.1) == -9


async def test_every_start_is_a_new_process_and_the_log_goes_on(tmp_path: Path) -> None:
    """The name stays, the pid does not."""
    service = child(tmp_path, SERVICE)
    await ready(service)
    first = service.pid
    await service.stop()
    await service.start()
    await eventually(lambda: service.log_path.read_text().count("ready") == 2)
    assert service.pid != first
    await service.stop()


async def test_the_end_of_the_parents_pipe_reaches_the_child(tmp_path: Path) -> None:
    """However the parent died: here only its end of the pipe does."""
    service = child(tmp_path, SERVICE)
    await ready(service)
    os.close(service._pipe_writer)
    service._pipe_writer = -1
    assert await service.wait() == 0
    assert service.last_words() == "orphaned"


async def test_environment_and_last_words(tmp_path: Path) -> None:
    """What it is told, and what it said last."""
    service = child(tmp_path, "import os, sys; print(os.environ['GREETING']); sys.exit(3)", GREETING="hello")
    await service.start()
    assert await service.wait() == 3
    assert service.last_words() == "hello"


async def test_stopping_what_never_started_is_nothing(tmp_path: Path) -> None:
    """No process, no exit code."""
    assert await child(tmp_path, SERVICE).stop() is None


CHATTERBOX = """
import sys
print("first " + "x" * 5000, flush=True)
sys.stdin = open(sys.argv[1])
print(sys.stdin.readline(), flush=True)
"""


async def test_a_log_too_long_is_moved_aside_and_goes_on(tmp_path: Path) -> None:
    """At most two files of the limit's size, and what is written afterwards stands at the beginning of the new one."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    chatterbox = Child("chatterbox", [sys.executable, "-c", CHATTERBOX, str(pipe)], tmp_path / "chatterbox.log")
    await chatterbox.start()
    await eventually(lambda: "first" in chatterbox.log_path.read_text())
    chatterbox.trim_log(10_000)
    assert chatterbox.log_path.stat().st_size > 5_000
    chatterbox.trim_log(5_000)
    chatterbox.trim_log(5_000)
    assert chatterbox.log_path.stat().st_size == 0
    assert (tmp_path / "chatterbox.log.1").read_text().startswith("first")
    pipe.write_text("second\n")
    assert await chatterbox.wait() == 0
    assert chatterbox.log_path.read_text().strip() == "second"
