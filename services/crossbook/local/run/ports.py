"""Which port every process of one machine listens on, and whether it is free.

The defaults are those of the settings; another process of a service counts on by ten. `--port-base B` lays all of them
out from B: services in the order of the table, their metrics ten above, the pages at B + 9, another process of a
service on by twenty.
B = 0 takes whatever is free.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from crossbook.local.options import UpOptions
from crossbook.local.processes.addresses import Address, free_port, is_free
from crossbook.local.services import SERVICES, Part, Service, services_of
from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.settings import Settings
from crossbook.plumbing.targets import target_of

_PAGES = 9  # of a base, the place of the port that browsers ask
_STRIDE = 10  # between processes of one service, and between services and their metrics


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one process of a service listens; a metrics_port of 0 is none."""

    name: str
    service: str
    port: int
    metrics_port: int = 0
    shard: str = ""
    http_port: int = 0  # of pages, where the service has any

    def target(self, host: str) -> str:
        return target_of(host, self.port)

    def addresses(self, host: str) -> list[Address]:
        """All that it listens on."""
        return [(host, port) for port in (self.port, self.metrics_port, self.http_port) if port]


@dataclass(frozen=True, slots=True)
class Ports:
    """One endpoint a process."""

    endpoints: tuple[Endpoint, ...]

    def of(self, service: str) -> list[Endpoint]:
        """All processes of a service."""
        return [endpoint for endpoint in self.endpoints if endpoint.service == service]

    def one(self, service: str) -> Endpoint:
        """The process of a service that has one; the first of several."""
        return self.of(service)[0]

    def shards(self, host: str) -> dict[str, str]:
        """Where each shard listens."""
        return {endpoint.shard: endpoint.target(host) for endpoint in self.endpoints if endpoint.shard}


def choose_ports(settings: Settings, options: UpOptions) -> Ports:
    """Chooses without looking whether they are free; see check_ports."""
    return Ports(
        tuple(
            _endpoint(settings, options.port_base, service, part, number)
            for service in services_of(is_live=options.is_live)
            for number, part in enumerate(service.parts(service.name, options))
        )
    )


def _endpoint(settings: Settings, base: int | None, service: Service, part: Part, number: int) -> Endpoint:
    own = getattr(settings, service.name)
    port, metrics_port, stride = own.port, getattr(own, "metrics_port", 0), _STRIDE
    has_metrics, http_port = service.speaks == "grpc", getattr(own, "http_port", 0)
    if base == 0:
        port = metrics_port = 0
        http_port = http_port and free_port(settings.host)
    elif base is not None:
        port, stride = base + SERVICES.index(service), 2 * _STRIDE
        metrics_port = port + _STRIDE if has_metrics else 0
        http_port = http_port and base + _PAGES
    return Endpoint(
        part.name,
        service.name,
        port + stride * number if port else free_port(settings.host),
        metrics_port and metrics_port + stride * number,
        part.shard,
        http_port and http_port + (stride * number if base else 0),
    )


def check_ports(host: str, needed: Sequence[Endpoint]) -> None:
    """Raises SettingsError that names the setting of the first port that is taken."""
    for endpoint in needed:
        for key in ("port", "metrics_port", "http_port"):
            port = getattr(endpoint, key)
            if port and not is_free((host, port)):
                variable = f"CROSSBOOK_{endpoint.service.upper()}__{key.upper()}"
                raise SettingsError(
                    f"setting {endpoint.service}.{key}: {target_of(host, port)} is taken: stop the program that listens"
                    f" there, or choose another port with {variable} or --port-base"
                )
