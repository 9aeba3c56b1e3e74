"""Restart, readiness, order and figures of supervised processes."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from crossbook.local.processes.addresses import free_port
from crossbook.local.processes.probes import in_thread
from crossbook.local.processes.supervisor import ChildFailedError, Supervisor
from tests.support.waiting import eventually

SERVICE = """
import os, pathlib, signal, sys
def end(*_):
    with open("order", "a") as order:
        order.write(sys.argv[1] + " ")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
pathlib.Path(sys.argv[1] + ".ready").touch()
while True:
    signal.pause()
"""

SPEAKER = """
import signal
signal.signal(signal.SIGUSR1, lambda *_: print("two", flush=True))
print("one" * 99, flush=True)
while True:
    signal.pause()
"""


@pytest.fixture(autouse=True)
def _in_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


async def never() -> bool:
    return False


async def start(supervisor: Supervisor, name: str, program: str = SERVICE) -> None:
    is_ready = in_thread(Path(f"{name}.ready").exists)
    await supervisor.start(name, [sys.executable, "-c", program, name], is_ready)


async def test_stopping_goes_the_other_way(tmp_path: Path) -> None:
    """The last started is the first stopped, and all of them end well."""
    supervisor = Supervisor(tmp_path / "logs")
    async with supervisor:
        for name in ("database", "aggregator", "tracker"):
            await start(supervisor, name)
        await supervisor.wait_ready("database", "aggregator", "tracker")
    assert (tmp_path / "order").read_text().split() == ["tracker", "aggregator", "database"]
    assert [process.final_exit_code for process in supervisor.processes.values()] == [0, 0, 0]


async def test_a_killed_process_is_started_again(tmp_path: Path) -> None:
    """It counts as a restart, and is told to whoever listens."""
    notices: list[str] = []
    changes: list[int] = []
    supervisor = Supervisor(tmp_path / "logs", on_notice=notices.append, on_change=lambda: changes.append(1))
    async with supervisor:
        await start(supervisor, "aggregator")
        await supervisor.wait_ready("aggregator")
        process = supervisor.processes["aggregator"]
        first = process.child.pid
        (tmp_path / "aggregator.ready").unlink()
        os.kill(first, signal.SIGKILL)
        await eventually((tmp_path / "aggregator.ready").exists)
        assert process.child.pid != first
    assert process.restarts == 1
    assert process.final_exit_code == 0
    assert notices == ["aggregator ended with exit code -9; starting it again"]
    assert len(changes) == 2


async def test_a_port_that_is_taken_during_a_restart_is_waited_for(tmp_path: Path) -> None:
    """The run goes on, says who waits for what, and the process is back once the port is free."""
    notices: list[str] = []
    supervisor = Supervisor(tmp_path / "logs", on_notice=notices.append)
    address = ("127.0.0.1", free_port())
    async with supervisor:
        is_ready = in_thread(Path("aggregator.ready").exists)
        command = [sys.executable, "-c", SERVICE, "aggregator"]
        process = await supervisor.start("aggregator", command, is_ready, addresses=[address])
        await supervisor.wait_ready("aggregator")
        (tmp_path / "aggregator.ready").unlink()
        with socket.create_server(address):
            os.kill(process.child.pid, signal.SIGKILL)
            await eventually(lambda: len(notices) == 2)
            assert process.restarts == 0
            assert supervisor.failure is None
        await eventually(Path("aggregator.ready").exists)
    waits = f"aggregator waits: another program has taken 127.0.0.1:{address[1]}"
    assert notices[1:] == [waits, f"127.0.0.1:{address[1]} is free again; starting aggregator"]
    assert process.final_exit_code == 0


async def test_a_process_that_finds_its_port_taken_is_no_hopeless_one(tmp_path: Path) -> None:
    """Somebody was quicker than its start: it is tried again, however often."""
    program = """
import pathlib, signal, sys
tries = pathlib.Path("tries")
tries.write_text(tries.read_text() + "x" if tries.exists() else "x")
if len(tries.read_text()) < 6:
    sys.exit(3)
pathlib.Path("ready").touch()
signal.pause()
"""
    async with Supervisor(tmp_path / "logs") as supervisor:
        await supervisor.start("alerts", [sys.executable, "-c", program], in_thread(Path("ready").exists))
        await supervisor.wait_ready("alerts")
    assert supervisor.processes["alerts"].restarts == 5


async def test_a_wrong_setting_ends_the_run_with_its_message(tmp_path: Path) -> None:
    """Exit code 2 is never retried."""
    supervisor = Supervisor(tmp_path / "logs")
    async with supervisor:
        program = "import sys; print('crossbook: setting x is wrong'); sys.exit(2)"
        await supervisor.start("alerts", [sys.executable, "-c", program], never)
        await asyncio.wait_for(supervisor.failed.wait(), 60)
        with pytest.raises(ChildFailedError, match=r"^setting x is wrong$"):
            await supervisor.wait_ready("alerts")
    assert supervisor.processes["alerts"].restarts == 0
    assert supervisor.processes["alerts"].final_exit_code == 2


async def test_a_process_that_never_starts_is_given_up(tmp_path: Path) -> None:
    """With its last words, after a few tries."""
    supervisor = Supervisor(tmp_path / "logs")
    async with supervisor:
        await supervisor.start("tracker", [sys.executable, "-c", "print('no disk'); raise SystemExit(1)"], never)
        with pytest.raises(ChildFailedError, match="tracker does not start: no disk"):
            await supervisor.wait_ready("tracker")


async def test_memory_and_processor_time_are_measured(tmp_path: Path) -> None:
    """At the latest when the process is stopped."""
    supervisor = Supervisor(tmp_path / "logs")
    async with supervisor:
        await start(supervisor, "tracker")
        await supervisor.wait_ready("tracker")
    assert supervisor.processes["tracker"].usage.rss_mb > 1


async def test_the_echo_goes_on_after_its_log_was_trimmed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What stands in the log from then on is repeated, from its beginning."""
    echoed = ""

    def is_echoed(text: str) -> bool:
        nonlocal echoed
        echoed += capsys.readouterr().err
        return text in echoed

    async with Supervisor(tmp_path / "logs", is_echoing=True) as supervisor:
        process = await supervisor.start("speaker", [sys.executable, "-c", SPEAKER], in_thread(lambda: True))
        await eventually(lambda: is_echoed("one"))
        process.child.trim_log(1)
        os.kill(process.child.pid, signal.SIGUSR1)
        await eventually(lambda: is_echoed("two"))
        os.kill(process.child.pid, signal.SIGKILL)


async def test_output_is_echoed_under_the_processs_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Line by line, while the log keeps everything."""
    printed = ""

    def is_echoed() -> bool:
        nonlocal printed
        printed += capsys.readouterr().err
        return "tracker      | hello\n" in printed

    supervisor = Supervisor(tmp_path / "logs", is_echoing=True)
    async with supervisor:
        await start(supervisor, "tracker", "print('hello', flush=True)\n" + SERVICE)
        await eventually(is_echoed)
    assert (tmp_path / "logs" / "tracker.log").read_text() == "hello\n"
