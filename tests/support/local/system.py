"""The whole system as a user runs it: `crossbook up` as a process, looked at from outside."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from crossbook.local.options import choose_venues
from crossbook.plumbing.settings import SimulatorSettings
from crossbook.simulator.registry import TRAITS
from tests.support.waiting import DEADLINE_SECONDS, eventually

ALL_VENUES = tuple(choose_venues([], is_live=False))
VENUES = ("binance", "lighter", "okx", "paradex")  # enough where a test is not about venues
STOP_SECONDS = 60.0


def instruments_of(venue: str) -> int:
    """How many a simulated venue lists: each asset, and its stablecoins."""
    return SimulatorSettings().assets + len(TRAITS[venue].stablecoins)


class System:
    """`crossbook up` with the given options, which may name other venues; stopped, and its output kept, however the
    block ends.
    """

    def __init__(self, data_dir: Path, *options: str, **environment: str) -> None:
        self.data_dir = data_dir
        self.summary_path = data_dir / "summary.json"
        self.log_path = data_dir / "up.log"
        self._options = options
        self._environment = environment
        self._process: asyncio.subprocess.Process

    async def __aenter__(self) -> "System":
        self.data_dir.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "crossbook", "up", "--no-view", "--port-base", "0"]
        command += ["--venues", ",".join(VENUES)]
        command += ["--data-dir", str(self.data_dir), "--summary", str(self.summary_path), *self._options]
        with self.log_path.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *command, stdout=log, stderr=log, env={**os.environ, **self._environment}
            )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        if error is not None:
            error.add_note(f"the run's output:\n{self.output()[-6000:]}")

    @property
    def supervisor_pid(self) -> int:
        return self._process.pid

    async def interrupt(self) -> int:
        """Ctrl-C; gives the exit code."""
        self._process.send_signal(signal.SIGINT)
        return await self.ended(STOP_SECONDS)

    async def ended(self, seconds: float) -> int:
        """The exit code, once the run has ended by itself."""
        return await asyncio.wait_for(self._process.wait(), seconds)

    def output(self) -> str:
        return self.log_path.read_text(errors="replace")

    def summary(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.summary_path.read_text())
        return loaded

    def processes(self) -> dict[str, dict[str, Any]]:
        """Name to pid and address, as run.json has them now; empty before there is one."""
        try:
            entries: dict[str, dict[str, Any]] = json.loads((self.data_dir / "run.json").read_text())["processes"]
        except FileNotFoundError:
            return {}
        return entries

    def pid(self, name: str) -> int:
        pid: int = self.processes()[name]["pid"]
        return pid

    def address(self, name: str) -> str:
        address: str = self.processes()[name]["address"]
        return address

    async def until(self, condition: Callable[[], object], deadline: float = DEADLINE_SECONDS) -> None:
        """Waits for the condition; fails at once when the run has ended."""

        def holds() -> object:
            assert self._process.returncode is None, f"the run has ended:\n{self.output()[-6000:]}"
            return condition()

        await eventually(holds, deadline)
