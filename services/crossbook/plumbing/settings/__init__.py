"""Every setting of every service: one typed tree, one prefix (`CROSSBOOK_`), `__` between levels, checked at start.

`CROSSBOOK_AGGREGATOR__WINDOW_SECONDS=15` sets `settings.aggregator.window_seconds`. Lists take JSON or plain commas.
Arguments of `load_settings` win over the environment. A bad value names its key and where it came from.

A section is a file; tree.py holds them together, loader.py reads them, types.py says what values may be. Others import
from here.
"""

from crossbook.plumbing.settings.access import AccessSettings
from crossbook.plumbing.settings.aggregator import AggregatorSettings
from crossbook.plumbing.settings.alerts import AlertsSettings
from crossbook.plumbing.settings.arbitrage import ArbitrageSettings
from crossbook.plumbing.settings.gateway import GatewaySettings
from crossbook.plumbing.settings.loader import (
    PARENT_PIPE_VARIABLE,
    load_settings,
    require_postgres_dsn,
    require_redis_url,
)
from crossbook.plumbing.settings.oidc import OidcSettings
from crossbook.plumbing.settings.simulator import SimulatorSettings
from crossbook.plumbing.settings.tls import TlsSettings
from crossbook.plumbing.settings.tracker import Endpoint, Fees, TrackerSettings
from crossbook.plumbing.settings.tree import Settings
from crossbook.plumbing.settings.types import Section, Shards

__all__ = [
    "PARENT_PIPE_VARIABLE",
    "AccessSettings",
    "AggregatorSettings",
    "AlertsSettings",
    "ArbitrageSettings",
    "Endpoint",
    "Fees",
    "GatewaySettings",
    "OidcSettings",
    "Section",
    "Settings",
    "Shards",
    "SimulatorSettings",
    "TlsSettings",
    "TrackerSettings",
    "load_settings",
    "require_postgres_dsn",
    "require_redis_url",
]
