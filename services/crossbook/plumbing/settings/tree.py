"""The whole tree, and how the environment is read into it."""

import json
from typing import Any, Literal

from pydantic import Field
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from crossbook.plumbing.settings.access import AccessSettings
from crossbook.plumbing.settings.aggregator import AggregatorSettings
from crossbook.plumbing.settings.alerts import AlertsSettings
from crossbook.plumbing.settings.arbitrage import ArbitrageSettings
from crossbook.plumbing.settings.gateway import GatewaySettings
from crossbook.plumbing.settings.simulator import SimulatorSettings
from crossbook.plumbing.settings.tls import TlsSettings
from crossbook.plumbing.settings.tracker import TrackerSettings
from crossbook.plumbing.settings.types import PostgresDsn, RedisUrl

PREFIX = "CROSSBOOK_"


class _Environment(EnvSettingsSource):
    """Hands on what is not JSON as it is, so that lists take commas and a wrong value is reported by its key."""

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        try:
            return json.loads(value)
        except ValueError:
            return value


class Settings(BaseSettings):
    """The whole tree. A port of 0 lets the system choose; a metrics_port of 0 turns metrics off.

    allow_open says that host may be one that other machines reach; see plumbing/exposure.py.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True)

    host: str = Field(default="127.0.0.1", min_length=1)
    allow_open: bool = False
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["text", "json"] = "text"
    postgres_dsn: PostgresDsn | None = None
    redis_url: RedisUrl | None = None
    access: AccessSettings = AccessSettings()
    tls: TlsSettings = TlsSettings()
    tracker: TrackerSettings = TrackerSettings()
    aggregator: AggregatorSettings = AggregatorSettings()
    arbitrage: ArbitrageSettings = ArbitrageSettings()
    alerts: AlertsSettings = AlertsSettings()
    simulator: SimulatorSettings = SimulatorSettings()
    gateway: GatewaySettings = GatewaySettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment; nothing else is read."""
        return init_settings, _Environment(settings_cls)
