"""One run of the whole system under load and with faults, and what Prometheus found of it."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import websockets
from websockets.typing import Subprotocol

from crossbook.local.options import UpOptions
from crossbook.local.run.ports import choose_ports
from crossbook.pb.v1 import gateway_pb2 as pb
from crossbook.plumbing.settings import load_settings
from tests.scraped.queries import RULES, of_boards, of_rules
from tests.scraped.server import Prometheus
from tests.support.dashboard.system import EPISODES, free_base
from tests.support.local.system import ALL_VENUES, System

START_SECONDS = 240.0
CHANNELS = (pb.CHANNEL_RANK, pb.CHANNEL_OPPORTUNITIES, pb.CHANNEL_ALERTS)
SERVICES = ("tracker", "aggregator", "arbitrage", "alerts", "gateway")
# Each kind of trouble once, early enough that its rates are still to be seen at the end.
FAULTS = "binance:corrupt@20s+10s,okx:cut@30s,kucoin/BTC:freeze@30s+20s,bybit:refuse@40s+30s,bybit:cut@40s"


@dataclass
class Found:
    """`empty` are queries that found nothing, `failed` rules that Prometheus could not evaluate."""

    asked: int = 0
    empty: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    firing: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """For people."""
        return [
            f"{self.asked} queries, of which {len(self.empty)} found nothing",
            *(f"  -> nothing: {one}" for one in self.empty),
            *(f"  -> failed: {one}" for one in self.failed),
            f"firing or waiting to fire: {', '.join(self.firing) or 'none'}",
        ]


async def run(binary: Path, seconds: float, folder: Path) -> Found:
    """Raises AssertionError when the run ends before it is asked."""
    base = free_base()
    options = UpOptions(port_base=base, venues=list(ALL_VENUES), tracker_processes=2)
    ports = choose_ports(load_settings(), options)
    targets = {name: [f"127.0.0.1:{one.metrics_port}" for one in ports.of(name)] for name in SERVICES}
    command = ("--venues", ",".join(ALL_VENUES), "--tracker-processes", "2", "--port-base", str(base))
    async with System(folder / "system", *command, "--faults", FAULTS, **EPISODES) as system:
        await system.until(lambda: "gateway" in system.processes(), START_SECONDS)
        async with Prometheus(binary, folder / "prometheus", RULES, targets) as prometheus:
            watching = asyncio.create_task(_look_on(ports.one("gateway").http_port))
            await asyncio.sleep(seconds)
            found = await _asked(prometheus)
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
            await system.until(lambda: True)
    return found


async def _look_on(port: int) -> None:
    """As a page does: every quote and every event by the socket, dialled again where it ends, and REST now and then."""
    url, frames = f"ws://127.0.0.1:{port}/ws", 0
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as web:
        async for socket in websockets.connect(url, subprotocols=[Subprotocol("crossbook.v1")], proxy=None):
            with suppress(websockets.ConnectionClosed, httpx.HTTPError):
                for channel in CHANNELS:
                    asked = pb.Subscribe(id=channel, channel=channel)
                    await socket.send(pb.ClientFrame(subscribe=asked).SerializeToString())
                async for _ in socket:
                    frames += 1
                    if frames % 20 == 0:
                        await web.get("/api/summary")


async def _asked(prometheus: Prometheus) -> Found:
    found = Found()
    for where, query in (*of_boards(), *of_rules()):
        found.asked += 1
        if not await prometheus.ask(query):
            found.empty.append(f"{where}: {query}")
    for rule in await prometheus.rules():
        if rule["health"] != "ok":
            found.failed.append(f"{rule['name']}: {rule.get('lastError', rule['health'])}")
        if rule.get("state", "inactive") != "inactive":
            found.firing.append(rule["name"])
    return found
