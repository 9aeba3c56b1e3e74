"""The life of a service process: signals, the supervisor's pipe, exit codes."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest
from structlog.testing import capture_logs

from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.process import Lifetime
from tests.support.waiting import eventually

SERVICE = """
from crossbook.plumbing.process import run_service
async def main(lifetime):
    print("ready", flush=True)
    await lifetime.stopping.wait()
    print("stopped", flush=True)
run_service(main)
"""


def start(code: str, **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_service_cleanly(signal_number: signal.Signals) -> None:
    with start(SERVICE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal_number)
        output, _ = process.communicate(timeout=60)
    assert (output.splitlines()[-1], process.returncode) == ("stopped", 0)


def test_the_end_of_the_supervisors_pipe_ends_the_service_cleanly() -> None:
    reader, writer = os.pipe()
    with start(SERVICE, pass_fds=[reader], env={**os.environ, "CROSSBOOK_PARENT_PIPE": str(reader)}) as process:
        os.close(reader)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        os.close(writer)
        output, _ = process.communicate(timeout=60)
    assert (output.splitlines()[-1], process.returncode) == ("stopped", 0)


def test_a_log_that_nobody_reads_any_more_holds_up_no_stop() -> None:
    """The terminal or the collector behind stderr may go first."""
    code = SERVICE.replace("async def", "from crossbook.plumbing.logs import configure_logging\nasync def", 1)
    code = code.replace("run_service(main)", 'configure_logging("test")\nrun_service(main)')
    with start(code) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "ready\n"
        process.stderr.close()
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read() == "stopped\n"
        assert process.wait(60) == 0


@pytest.mark.parametrize(
    "raising", ["await fail()", "async with asyncio.TaskGroup() as group: group.create_task(fail())"]
)
def test_an_expected_error_is_one_line_and_code_two(raising: str) -> None:
    code = f"""
import asyncio
from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.process import run_service
async def fail(): raise SettingsError("setting x is wrong")
async def main(lifetime):
    {raising}
run_service(main)
"""
    with start(code) as process:
        _, errors = process.communicate(timeout=60)
    assert (errors, process.returncode) == ("crossbook: setting x is wrong\n", 2)


def test_a_bug_shows_its_traceback() -> None:
    with start(
        "from crossbook.plumbing.process import run_service\nasync def main(_): 1/0\nrun_service(main)"
    ) as process:
        _, errors = process.communicate(timeout=60)
    assert "ZeroDivisionError" in errors
    assert process.returncode == 1


async def test_wait_or_stop_gives_the_result_of_what_ends_first() -> None:
    lifetime = Lifetime()
    assert await lifetime.wait_or_stop(asyncio.sleep(0, "done")) == "done"


async def test_wait_or_stop_cancels_the_work_when_stopped() -> None:
    lifetime = Lifetime()
    work = asyncio.ensure_future(asyncio.Event().wait())
    lifetime.stop()
    assert await lifetime.wait_or_stop(work) is None
    assert work.cancelled()


async def test_wait_or_stop_hands_the_works_error_on() -> None:
    async def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        await Lifetime().wait_or_stop(fail())


async def test_a_cancelled_wait_cancels_the_work() -> None:
    work = asyncio.ensure_future(asyncio.Event().wait())
    waiting = asyncio.create_task(Lifetime().wait_or_stop(work))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert work.cancelled()


async def test_sleep_ends_early_when_stopped() -> None:
    lifetime = Lifetime()
    assert not await lifetime.sleep(0)
    lifetime.stop()
    assert await lifetime.sleep(3600)


async def test_a_hangup_has_what_was_read_again_taken_and_what_cannot_be_read_changes_nothing() -> None:
    """An operator who mends a file sends the signal again, to the same process."""
    readable, taken = ["one", "two"], list[str]()

    def read() -> str:
        if not readable:
            raise SettingsError("the file is gone")
        return readable.pop(0)

    Lifetime().on_hangup(read, taken.append)
    try:
        with capture_logs() as logs:
            for _ in range(3):
                os.kill(os.getpid(), signal.SIGHUP)
                await asyncio.sleep(0.01)
            await eventually(lambda: bool(logs))
    finally:
        asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)
    assert taken == ["one", "two"]
    assert [(entry["event"], entry["error"]) for entry in logs] == [("reload_refused", "the file is gone")]
