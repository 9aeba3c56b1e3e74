"""What `crossbook up` is about to do, decided before anything starts: settings, ports, where the run keeps things."""

from dataclasses import dataclass
from pathlib import Path

from crossbook.local.options import UpOptions
from crossbook.local.processes.addresses import Address
from crossbook.local.run.environments import Places
from crossbook.local.run.ports import Ports, check_ports, choose_ports
from crossbook.plumbing.exposure import check_exposure
from crossbook.plumbing.settings import Settings, load_settings
from crossbook.plumbing.targets import target_of


@dataclass(frozen=True, slots=True)
class Plan:
    """One run, of which nothing has begun."""

    options: UpOptions
    settings: Settings
    ports: Ports
    places: Places

    @property
    def data_dir(self) -> Path:
        return self.options.data_dir

    @property
    def host(self) -> str:
        return self.settings.host

    @property
    def targets(self) -> dict[str, str]:
        """Where each process listens, by its name."""
        return {endpoint.name: endpoint.target(self.host) for endpoint in self.ports.endpoints}

    @property
    def pages(self) -> dict[str, str]:
        """Where browsers find each process that has pages, by its name."""
        scheme = "https" if self.settings.gateway.certificate_file else "http"
        return {
            endpoint.name: f"{scheme}://{target_of(self.host, endpoint.http_port)}"
            for endpoint in self.ports.endpoints
            if endpoint.http_port
        }

    @property
    def acknowledge_url(self) -> str:
        """What messages link to: what the settings say, else the page of this run."""
        pages = self.pages.get("gateway")
        return self.settings.alerts.acknowledge_url or (f"{pages}/ack?token=" if pages else "")

    @property
    def addresses(self) -> list[Address]:
        """All that the services listen on."""
        return [address for endpoint in self.ports.endpoints for address in endpoint.addresses(self.host)]

    @property
    def are_figures_kept(self) -> bool:
        """Whether a summary or a recording wants those of a finished run."""
        return bool(self.options.summary or self.places.record_dir)

    @property
    def headline(self) -> str:
        """What is about to run, in one line."""
        venues = ", ".join(self.options.venues)
        match self.options.mode:
            case "live":
                return f"Crossbook is LIVE: real venues {venues}"
            case "play":
                return f"Crossbook is SIMULATED: {venues}, with {self.options.play} played"
            case _:
                return f"Crossbook is SIMULATED: {venues}, seed {self.options.seed}"

    @property
    def footer(self) -> str:
        """How to stop it, and where it listens."""
        listening: dict[str, list[int]] = {}
        for endpoint in self.ports.endpoints:
            key = endpoint.service if endpoint.service == "tracker" else endpoint.name
            listening.setdefault(key, []).append(endpoint.port)
        return "Ctrl-C stops · " + " ".join(f"{name} {' '.join(map(str, ports))}" for name, ports in listening.items())


def plan_run(options: UpOptions) -> Plan:
    """Raises SettingsError for settings that are wrong and ports that are taken."""
    aggregator = {} if options.window_seconds is None else {"window_seconds": options.window_seconds}
    settings = load_settings(aggregator=aggregator)
    check_exposure(settings)
    ports = choose_ports(settings, options)
    check_ports(settings.host, ports.endpoints)
    data_dir = options.data_dir.resolve()
    places = Places(
        truth_file=data_dir / "truth.jsonl",
        record_dir=options.record_dir.resolve() if options.record_dir else None,
        shards_file=data_dir / "shards.json",
        spool_dir=data_dir / "spool",
        access_dir=data_dir / "access",
    )
    return Plan(options, settings, ports, places)
