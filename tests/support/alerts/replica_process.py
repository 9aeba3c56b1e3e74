"""Replicas of services as processes of their own, which can be killed, stopped and continued."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path


class ServiceProcess:
    """One `crossbook` service with settings of its own; any number of lives."""

    def __init__(self, service: str, log_path: Path, environment: dict[str, str]) -> None:
        self.port = free_port()
        self._service = service
        self._log_path = log_path
        section = f"CROSSBOOK_{service.upper()}__"
        self._environment = {
            **os.environ,
            f"{section}PORT": str(self.port),
            f"{section}METRICS_PORT": "0",
            **environment,
        }
        self._process: asyncio.subprocess.Process | None = None

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Does not wait until it serves."""
        with self._log_path.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "crossbook", self._service, env=self._environment, stdout=log, stderr=log
            )

    def send(self, number: signal.Signals) -> None:
        """SIGSTOP and SIGCONT, say."""
        assert self._process is not None
        self._process.send_signal(number)

    async def end(self, number: signal.Signals) -> int:
        """Sends the signal, unless it has ended; the exit code."""
        if self._process is None:
            return 0
        if self._process.returncode is None:
            self._process.send_signal(number)
        async with asyncio.timeout(60):
            return await self._process.wait()

    def log(self) -> str:
        return self._log_path.read_text()


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
