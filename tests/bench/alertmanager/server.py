"""A real Alertmanager as a process, which can be killed and comes back with what it has stored."""

import asyncio
import signal
from pathlib import Path
from types import TracebackType

import httpx

from tests.support.alerts.replica_process import free_port
from tests.support.waiting import eventually

CONFIG = """
route:
  receiver: hook
  group_by: [asset, dislocated_venue]
  group_wait: {wait_ms}ms
  group_interval: {interval_ms}ms
  repeat_interval: 4h
receivers:
  - name: hook
    webhook_configs: [{{url: '{url}', send_resolved: true}}]
"""


class Alertmanager:
    """One, not a cluster; what it says when goes to `log`."""

    def __init__(self, binary: Path, folder: Path, receiver: str, wait: float, interval: float) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        self._binary = binary
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        folder.mkdir(parents=True)
        times = {"wait_ms": round(wait * 1000), "interval_ms": round(interval * 1000)}
        (folder / "config.yml").write_text(CONFIG.format(url=receiver, **times))

    async def __aenter__(self) -> "Alertmanager":
        await self._start()
        await eventually(self._is_ready)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    async def kill(self) -> None:
        """-9, and starts it again."""
        await self._end()
        await self._start()

    async def _start(self) -> None:
        command = [str(self._binary), f"--config.file={self._folder / 'config.yml'}"]
        command += [f"--storage.path={self._folder / 'data'}", "--cluster.listen-address="]
        command += [f"--web.listen-address={self.url.removeprefix('http://')}"]
        with (self._folder / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)

    async def _end(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()

    async def _is_ready(self) -> bool:
        async with httpx.AsyncClient(trust_env=False) as client:
            try:
                return (await client.get(f"{self.url}/-/ready", timeout=2)).is_success
            except httpx.HTTPError:
                return False
