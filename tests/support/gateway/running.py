"""A gateway in this process, on ports of its own, before whatever is listed; nothing where nothing is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from crossbook.gateway.app import run
from crossbook.local.processes.addresses import free_port
from crossbook.plumbing.process import Lifetime
from crossbook.plumbing.settings import load_settings
from tests.support.waiting import eventually


@dataclass(frozen=True)
class Gateway:
    """`web` speaks to its pages and REST."""

    web: httpx.AsyncClient
    http_port: int
    port: int

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.http_port}/ws"


@asynccontextmanager
async def gateway(settings: dict[str, Any] | None = None, **own: Any) -> AsyncIterator[Gateway]:
    """`own` are of the gateway's section, `settings` of all others."""
    nowhere = f"127.0.0.1:{free_port()}"
    listed = {"tracker_targets": [nowhere], "arbitrage_targets": [nowhere], "alerts_targets": [nowhere]}
    ports = {"port": free_port(), "http_port": free_port(), "metrics_port": 0}
    section = {"shards": {"main": nowhere}, **listed, **ports, **own}
    lifetime = Lifetime()
    running = asyncio.create_task(run(load_settings(gateway=section, **(settings or {})), lifetime))
    scheme = "https" if "certificate_file" in own else "http"
    address = f"{scheme}://127.0.0.1:{section['http_port']}"
    async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=30, verify=False) as web:
        try:
            await eventually(lambda: _answers(web, running))
            yield Gateway(web, int(section["http_port"]), int(section["port"]))
        finally:
            lifetime.stop()
            await asyncio.wait([running])
    running.result()


async def _answers(web: httpx.AsyncClient, running: asyncio.Task[None]) -> bool:
    if running.done():
        running.result()
    try:
        return (await web.get("/healthz")).status_code == 200
    except httpx.HTTPError:
        return False
