"""Which port every process of one machine listens on, and whether it is free.

The defaults are those of the settings; another tracker or aggregator counts on by ten. `--port-base B` lays all of them
out from B; B = 0 takes whatever is free.
"""

import errno
import socket
import string
from dataclasses import dataclass

from crossbook.local.servers.embedded import free_port
from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.settings import Settings
from crossbook.plumbing.targets import target_of

MAIN_SHARD = "main"  # the name of an aggregator that is alone; of several, each bears a letter
_STRIDE = 10  # between processes of one kind


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one process listens, and the settings that say so."""

    name: str
    setting: str
    port: int
    metrics_port: int = 0

    def target(self, host: str) -> str:
        return target_of(host, self.port)


@dataclass(frozen=True, slots=True)
class Ports:
    """One entry per process; aggregators by the names of their shards."""

    trackers: list[Endpoint]
    aggregators: dict[str, Endpoint]
    arbitrage: Endpoint
    alerts: Endpoint
    simulator: Endpoint

    def services(self) -> list[Endpoint]:
        """All that speak gRPC."""
        return [*self.trackers, *self.aggregators.values(), self.arbitrage, self.alerts]

    def shards(self, host: str) -> dict[str, str]:
        """Where each shard listens."""
        return {shard: endpoint.target(host) for shard, endpoint in self.aggregators.items()}


def choose_ports(settings: Settings, tracker_processes: int, port_base: int | None, shards: int = 1) -> Ports:
    """Chooses without looking whether they are free; see check_ports."""
    if port_base is not None:
        settings = _rebased(settings, port_base)
    names = ["tracker"] if tracker_processes == 1 else [f"tracker-{i + 1}" for i in range(tracker_processes)]
    tracker, aggregator = settings.tracker, settings.aggregator
    return Ports(
        trackers=[
            _endpoint(name, "tracker", tracker.port, tracker.metrics_port, _STRIDE * i) for i, name in enumerate(names)
        ],
        aggregators={
            shard: _endpoint(name, "aggregator", aggregator.port, aggregator.metrics_port, _STRIDE * i)
            for i, (shard, name) in enumerate(_aggregators(shards))
        },
        arbitrage=_endpoint("arbitrage", "arbitrage", settings.arbitrage.port, settings.arbitrage.metrics_port),
        alerts=_endpoint("alerts", "alerts", settings.alerts.port, settings.alerts.metrics_port),
        simulator=_endpoint("simulator", "simulator", settings.simulator.port, 0),
    )


def _aggregators(shards: int) -> list[tuple[str, str]]:
    """Shards and the names of their processes."""
    if shards == 1:
        return [(MAIN_SHARD, "aggregator")]
    return [(letter, f"aggregator-{letter}") for letter in string.ascii_lowercase[:shards]]


def _rebased(settings: Settings, base: int) -> Settings:
    def section(name: str, offset: int) -> object:
        ports = {"port": base and base + offset}
        if name != "simulator":
            ports["metrics_port"] = base and base + offset + 5
        return getattr(settings, name).model_copy(update=ports)

    names = ("tracker", "aggregator", "arbitrage", "alerts", "simulator")
    return settings.model_copy(update={name: section(name, offset) for offset, name in enumerate(names)})


def _endpoint(name: str, setting: str, port: int, metrics_port: int, offset: int = 0) -> Endpoint:
    return Endpoint(name, setting, port + offset if port else free_port(), metrics_port and metrics_port + offset)


def check_ports(host: str, needed: list[Endpoint]) -> None:
    """Raises SettingsError that names the setting of the first port that is taken."""
    for endpoint in needed:
        for key, port in (("port", endpoint.port), ("metrics_port", endpoint.metrics_port)):
            if port and not _is_free(host, port):
                setting = f"{endpoint.setting}.{key}"
                variable = f"CROSSBOOK_{endpoint.setting.upper()}__{key.upper()}"
                raise SettingsError(
                    f"setting {setting}: {target_of(host, port)} is taken: stop the program that listens there, or"
                    f" choose another port with {variable} or --port-base"
                )


def _is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what lingers after a close is not taken
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise SettingsError(
                f"setting host: {target_of(host, port)} cannot be listened on: {error.strerror}"
            ) from None
    return True
