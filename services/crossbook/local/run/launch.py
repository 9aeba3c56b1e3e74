"""Starts every process of one machine in the order of their dependence, downstream first: nothing is missed.

Stopping goes the other way: trackers first, so that what they saw is still taken in, the servers last.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from crossbook.local.processes.addresses import free_port
from crossbook.local.processes.probes import Probe, answers_grpc, in_thread, listens
from crossbook.local.processes.supervisor import Supervisor
from crossbook.local.run.environments import Setup, environment_of
from crossbook.local.run.plan import Plan
from crossbook.local.run.ports import Endpoint
from crossbook.local.servers.embedded import EmbeddedServer
from crossbook.local.servers.postgres import prepare_postgres
from crossbook.local.servers.redis import prepare_redis
from crossbook.local.servers.roles import make_service_role
from crossbook.local.services import Service, services_of, waves
from crossbook.plumbing.data.migrate import migrate


class Launch:
    """One run's processes."""

    def __init__(self, plan: Plan, supervisor: Supervisor) -> None:
        self._plan = plan
        self._supervisor = supervisor
        self._servers: dict[str, str] = {}
        ordered = waves(services_of(is_live=plan.options.is_live))
        first = next(number for number, wave in enumerate(ordered) if any(one.is_source for one in wave))
        self._receiving, self._sending = ordered[:first], ordered[first:]

    @property
    def postgres_dsn(self) -> str:
        """Once the receivers run."""
        return self._servers["postgres"]

    async def receivers(self) -> bool:
        """The servers, and whatever is to be there before anything sends; True when it is."""
        await self._start_servers()
        await self._start_waves(self._receiving)
        return True

    async def sources(self) -> None:
        """What sends, and what starts after it."""
        await self._start_waves(self._sending)

    async def _start_servers(self) -> None:
        """Postgres and Redis, our own unless others are given, and the tables."""
        dsn, url = self._plan.settings.postgres_dsn, self._plan.settings.redis_url
        owner_dsn = dsn.get_secret_value() if dsn else await self._serve(prepare_postgres, "postgres")
        self._servers["redis"] = url.get_secret_value() if url else await self._serve(prepare_redis, "redis")
        await migrate(owner_dsn)
        is_ours = dsn is None
        folder = self._plan.data_dir / "postgres"
        self._servers["postgres"] = await make_service_role(owner_dsn, folder) if is_ours else owner_dsn

    async def _serve(self, prepare: Callable[[Path, int], EmbeddedServer], name: str) -> str:
        port = free_port()
        server = prepare(self._plan.data_dir / name, port)
        addresses = [("127.0.0.1", port)]
        await self._supervisor.start(name, server.command, in_thread(server.is_ready), addresses=addresses)
        await self._supervisor.wait_ready(name)
        return server.url

    async def _start_waves(self, ordered: list[list[Service]]) -> None:
        """Each when the one before answers."""
        for wave in ordered:
            started = [endpoint for service in wave for endpoint in self._plan.ports.of(service.name)]
            for service in wave:
                for endpoint in self._plan.ports.of(service.name):
                    await self._start(service, endpoint)
            await self._supervisor.wait_ready(*(endpoint.name for endpoint in started))

    async def _start(self, service: Service, endpoint: Endpoint) -> None:
        plan = self._plan
        setup = Setup(plan.options, plan.host, plan.ports, plan.places, self._servers, plan.acknowledge_url)
        await self._supervisor.start(
            endpoint.name,
            [sys.executable, "-m", "crossbook", service.name],
            probe_of(service, endpoint, plan.host),
            environment_of(setup, service, endpoint),
            endpoint.addresses(plan.host),
        )


def probe_of(service: Service, endpoint: Endpoint, host: str) -> Probe:
    """How to tell that a process of the service can be used."""
    return answers_grpc(endpoint.target(host)) if service.speaks == "grpc" else listens(host, endpoint.port)
