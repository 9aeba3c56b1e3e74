"""Replicas of services as processes of their own, which can be killed, stopped and continued."""

import asyncio
import json
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


def quick_environment(dsn: str, redis_url: str, shard_port: int, delivery_lease_seconds: int) -> dict[str, str]:
    """Of arbitrage and alerts that a test may kill: what pays opens at once, and a claim ends soon."""
    return {
        "CROSSBOOK_POSTGRES_DSN": dsn,
        "CROSSBOOK_REDIS_URL": redis_url,
        "CROSSBOOK_ARBITRAGE__SHARDS": json.dumps({"main": f"127.0.0.1:{shard_port}"}),
        "CROSSBOOK_ARBITRAGE__MIN_LIFE_MS": "0",
        "CROSSBOOK_ALERTS__ALLOW_PRIVATE_TARGETS": "true",
        "CROSSBOOK_ALERTS__CLAIM_LEASE_SECONDS": "1",
        "CROSSBOOK_ALERTS__DELIVERY_LEASE_SECONDS": str(delivery_lease_seconds),
    }


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
