"""Starts every process of one machine in the order of their dependence, downstream first: nothing is missed.

Stopping goes the other way: trackers first, so that what they saw is still taken in, the servers last.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from crossbook.local.options import UpOptions
from crossbook.local.processes.probes import answers_grpc, in_thread, listens
from crossbook.local.processes.supervisor import Supervisor
from crossbook.local.run.environments import Environments, Places
from crossbook.local.run.ports import Endpoint, Ports
from crossbook.local.servers.embedded import EmbeddedServer, free_port
from crossbook.local.servers.postgres import prepare_postgres
from crossbook.local.servers.redis import prepare_redis
from crossbook.plumbing.data.migrate import migrate
from crossbook.plumbing.settings import Settings


class Launch:
    """One run's processes."""

    def __init__(
        self, options: UpOptions, settings: Settings, ports: Ports, places: Places, supervisor: Supervisor
    ) -> None:
        self._options = options
        self._settings = settings
        self._ports = ports
        self._places = places
        self._supervisor = supervisor
        self._environments: Environments
        self.postgres_dsn = ""  # once the servers run

    async def servers(self) -> None:
        """Postgres and Redis, our own unless others are given, and the tables."""
        dsn, url = self._settings.postgres_dsn, self._settings.redis_url
        self.postgres_dsn = dsn.get_secret_value() if dsn else await self._serve(prepare_postgres, "postgres")
        redis_url = url.get_secret_value() if url else await self._serve(prepare_redis, "redis")
        self._environments = Environments(
            self._options, self._settings.host, self._ports, self._places, self.postgres_dsn, redis_url
        )
        await migrate(self.postgres_dsn)

    async def services(self) -> None:
        """What takes the quotes, before anything sends some."""
        ports, environments = self._ports, self._environments
        downstream = (*ports.aggregators.values(), ports.arbitrage, ports.alerts)
        for shard, endpoint in ports.aggregators.items():
            await self._start(endpoint, "aggregator", environments.aggregator(shard))
        await self._start(ports.arbitrage, "arbitrage", environments.arbitrage())
        await self._start(ports.alerts, "alerts", environments.alerts())
        await self._supervisor.wait_ready(*(endpoint.name for endpoint in downstream))

    async def simulator(self) -> None:
        """The venues, unless they are the real ones."""
        if self._options.is_live:
            return
        host, port = self._settings.host, self._ports.simulator.port
        command = _command("simulator")
        await self._supervisor.start("simulator", command, listens(host, port), self._environments.simulator())
        await self._supervisor.wait_ready("simulator")

    async def trackers(self) -> None:
        """Venues are dealt out in turn."""
        trackers = self._ports.trackers
        for number, endpoint in enumerate(trackers):
            venues = self._options.venues[number :: len(trackers)]
            await self._start(endpoint, "tracker", self._environments.tracker(endpoint, venues))
        await self._supervisor.wait_ready(*(endpoint.name for endpoint in trackers))

    async def _serve(self, prepare: Callable[[Path, int], EmbeddedServer], name: str) -> str:
        server = prepare(self._options.data_dir / name, free_port())
        await self._supervisor.start(name, server.command, in_thread(server.is_ready))
        await self._supervisor.wait_ready(name)
        return server.url

    async def _start(self, endpoint: Endpoint, service: str, environment: dict[str, str]) -> None:
        probe = answers_grpc(endpoint.target(self._settings.host))
        await self._supervisor.start(endpoint.name, _command(service), probe, environment)


def _command(service: str) -> list[str]:
    return [sys.executable, "-m", "crossbook", service]
