"""A running system with its pages: few venues and assets, many episodes, so that something happens on every page."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from crossbook.local.options import UpOptions
from crossbook.local.run.ports import choose_ports
from crossbook.plumbing.settings import load_settings
from tests.support.local.system import System
from tests.support.waiting import eventually

START_SECONDS = 240.0
SPAN = 140  # ports that a run takes from its base on
OPTIONS = ("--venues", "binance,okx,kucoin", "--assets", "BTC,ETH,PEPE", "--tracker-processes", "1", "--seed", "7")
EPISODES = {"CROSSBOOK_SIMULATOR__EPISODE_INTERVAL_SECONDS": "1", "CROSSBOOK_SIMULATOR__QUIET_SECONDS": "2"}


@asynccontextmanager
async def system_with_pages(folder: Path, *options: str, **environment: str) -> AsyncIterator[tuple[System, str]]:
    """The system, and the address of its pages, once quotes come through."""
    base = free_base()
    ports = choose_ports(load_settings(), UpOptions(port_base=base))
    address = f"http://127.0.0.1:{ports.one('gateway').http_port}"
    given = (*OPTIONS, *options, "--port-base", str(base))
    async with System(folder, *given, **{**EPISODES, **environment}) as system:
        async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=5) as web:
            await system.until(lambda: "gateway" in system.processes(), START_SECONDS)
            await eventually(lambda: _has_quotes(web), START_SECONDS)
        yield system, address


async def _has_quotes(web: httpx.AsyncClient) -> bool:
    try:
        answer = await web.get("/api/summary")
    except httpx.HTTPError:
        return False
    return answer.status_code == 200 and answer.json()["liveInstruments"] >= 9


def free_base() -> int:
    """A port from which on a run's are free, as far as can be known."""
    for base in range(30_000, 60_000, SPAN):
        if all(_is_free(base + port) for port in range(40)):
            return base
    raise OSError("no ports are free")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
