"""What each process of one machine is told: its settings as CROSSBOOK_ variables, over those given to us."""

import json
from dataclasses import dataclass
from pathlib import Path

from crossbook.local.options import UpOptions
from crossbook.local.run.ports import Endpoint, Ports

Environment = dict[str, str]


@dataclass(frozen=True, slots=True)
class Places:
    """Where the run keeps things. Without a file, shards are listed in the environment."""

    truth_file: Path
    record_dir: Path | None
    shards_file: Path | None = None


STABLECOINS = "USDC"  # so that the simulated venues' currencies convert at a live rate


class Environments:
    """Makes the environments of one run."""

    def __init__(
        self, options: UpOptions, host: str, ports: Ports, places: Places, postgres_dsn: str, redis_url: str
    ) -> None:
        self._options = options
        self._host = host
        self._ports = ports
        self._places = places
        self._common = {
            "CROSSBOOK_HOST": host,
            "CROSSBOOK_POSTGRES_DSN": postgres_dsn,
            "CROSSBOOK_REDIS_URL": redis_url,
        }

    def aggregator(self, shard: str) -> Environment:
        environment = {**self._service(self._ports.aggregators[shard]), "CROSSBOOK_AGGREGATOR__SHARD": shard}
        if self._options.window_seconds is not None:
            environment["CROSSBOOK_AGGREGATOR__WINDOW_SECONDS"] = str(self._options.window_seconds)
        return environment

    def arbitrage(self) -> Environment:
        environment = self._service(self._ports.arbitrage) | self._shards("ARBITRAGE")
        if self._places.record_dir:
            environment["CROSSBOOK_ARBITRAGE__RECORD_DIR"] = str(self._places.record_dir / "arbitrage")
        return environment

    def alerts(self) -> Environment:
        return {
            **self._service(self._ports.alerts),
            "CROSSBOOK_ALERTS__ARBITRAGE_TARGETS": self._ports.arbitrage.target(self._host),
        }

    def simulator(self) -> Environment:
        options = self._options
        environment = {
            **self._common,
            "CROSSBOOK_SIMULATOR__PORT": str(self._ports.simulator.port),
            "CROSSBOOK_SIMULATOR__SEED": str(options.seed),
            "CROSSBOOK_SIMULATOR__VENUES": ",".join(options.venues),
            "CROSSBOOK_SIMULATOR__STABLECOINS": STABLECOINS,
            "CROSSBOOK_SIMULATOR__TRUTH_FILE": str(self._places.truth_file),
            "CROSSBOOK_SIMULATOR__FAULTS": options.faults,
            "CROSSBOOK_SIMULATOR__SPEED": str(options.speed),
        }
        if options.duration_seconds is not None:
            environment["CROSSBOOK_SIMULATOR__DURATION_SECONDS"] = str(options.duration_seconds)
        if options.replay is not None:
            environment["CROSSBOOK_SIMULATOR__REPLAY"] = str(options.replay.resolve())
        return environment

    def tracker(self, endpoint: Endpoint, venues: list[str]) -> Environment:
        environment = {
            **self._service(endpoint),
            **self._shards("TRACKER"),
            "CROSSBOOK_TRACKER__VENUES": ",".join(venues),
            "CROSSBOOK_TRACKER__SYMBOLS": ",".join(self._options.symbols),
            "CROSSBOOK_TRACKER__ASSETS": ",".join(self._options.assets),
        }
        if not self._options.is_live:
            environment["CROSSBOOK_TRACKER__ENDPOINTS"] = json.dumps(
                {venue: self._simulated(venue) for venue in venues}
            )
        if self._places.record_dir:
            environment["CROSSBOOK_TRACKER__RECORD_DIR"] = str(self._places.record_dir / "tracker")
        return environment

    def _shards(self, section: str) -> Environment:
        if self._places.shards_file is not None:
            return {f"CROSSBOOK_{section}__SHARDS_FILE": str(self._places.shards_file)}
        return {f"CROSSBOOK_{section}__SHARDS": json.dumps(self._ports.shards(self._host))}

    def _simulated(self, venue: str) -> dict[str, str]:
        address = f"{self._ports.simulator.target(self._host)}/{venue}"
        return {"websocket_url": f"ws://{address}", "rest_url": f"http://{address}"}

    def _service(self, endpoint: Endpoint) -> Environment:
        section = f"CROSSBOOK_{endpoint.setting.upper()}__"
        return {
            **self._common,
            f"{section}PORT": str(endpoint.port),
            f"{section}METRICS_PORT": str(endpoint.metrics_port),
        }
