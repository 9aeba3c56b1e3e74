"""A Prometheus of our own, with our rules, over the metrics ports of one run."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
import yaml

from crossbook.local.processes.addresses import free_port
from tests.support.waiting import eventually

SCRAPE_SECONDS = 2


class Prometheus:
    """Runs until the end of the block; its log is in the folder."""

    def __init__(self, binary: Path, folder: Path, rules: Path, targets: Mapping[str, Sequence[str]]) -> None:
        """targets: metrics addresses by service, which is their job."""
        self._binary, self._folder, self._port = binary, folder, free_port()
        self._config = {
            "global": {"scrape_interval": f"{SCRAPE_SECONDS}s", "evaluation_interval": f"{SCRAPE_SECONDS}s"},
            "rule_files": [str(rules)],
            "scrape_configs": [
                {"job_name": job, "static_configs": [{"targets": list(listed)}]} for job, listed in targets.items()
            ],
        }
        self._process: asyncio.subprocess.Process
        self._web = httpx.AsyncClient(base_url=f"http://127.0.0.1:{self._port}", trust_env=False, timeout=30)

    async def __aenter__(self) -> "Prometheus":
        self._folder.mkdir()
        (self._folder / "prometheus.yml").write_text(yaml.safe_dump(self._config))
        command = [
            self._binary,
            f"--config.file={self._folder}/prometheus.yml",
            f"--storage.tsdb.path={self._folder}/data",
            f"--web.listen-address=127.0.0.1:{self._port}",
        ]
        with (self._folder / "prometheus.log").open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log, env=dict(os.environ))
        await eventually(self._is_ready)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        await self._process.wait()
        await self._web.aclose()

    async def ask(self, query: str) -> list[Any]:
        """What a query finds now. Raises HTTPStatusError for one that cannot be read."""
        answer = await self._web.get("/api/v1/query", params={"query": query})
        answer.raise_for_status()
        found: list[Any] = answer.json()["data"]["result"]
        return found

    async def rules(self) -> list[dict[str, Any]]:
        """Each with its health, and of alerts the state."""
        groups = (await self._web.get("/api/v1/rules")).json()["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    async def _is_ready(self) -> bool:
        assert self._process.returncode is None, (self._folder / "prometheus.log").read_text()[-2000:]
        try:
            return (await self._web.get("/-/ready")).is_success
        except httpx.HTTPError:
            return False
