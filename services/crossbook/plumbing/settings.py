"""Every setting of every service: one typed tree, one prefix (`CROSSBOOK_`), `__` between levels, checked at start.

`CROSSBOOK_AGGREGATOR__WINDOW_SECONDS=15` sets `settings.aggregator.window_seconds`. Lists take JSON or plain commas.
Arguments of `load_settings` win over the environment. A bad value names its key and where it came from.
"""

import json
import os
import re
import ssl
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.recording import MAX_RECORDING_BYTES
from crossbook.plumbing.targets import is_target

PREFIX = "CROSSBOOK_"
PARENT_PIPE_VARIABLE = "CROSSBOOK_PARENT_PIPE"  # no setting: a supervisor's word to its processes
SHARD_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


def _split_commas(value: object) -> object:
    if not isinstance(value, str):
        return value
    return [item.strip() for item in value.split(",") if item.strip()]


def _divides_a_minute(seconds: int) -> int:
    if 60 % seconds:
        raise ValueError(f"{seconds} does not divide 60, so windows would not meet at the minute")
    return seconds


def _is_target(target: str) -> str:
    if not is_target(target):
        raise ValueError("must look like host:port, and with an IPv6 address like [address]:port")
    return target


def _is_shard_name(name: str) -> str:
    if SHARD_NAME.fullmatch(name) is None:
        raise ValueError(f"{name!r} is no shard name: take up to 32 of a-z, 0-9 and -, beginning with none of -")
    return name


def _holds_certificates(path: Path) -> Path:
    try:
        ssl.create_default_context(cafile=path)
    except OSError as error:  # SSLError is one
        raise ValueError(f"must be a PEM file of certificates ({error.strerror or error})") from None
    return path


def _check_scheme(secret: SecretStr, schemes: tuple[str, ...]) -> SecretStr:
    """The value holds a password, so no message may quote it."""
    try:
        parts = urlsplit(secret.get_secret_value())
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        port_is_valid = False
    if not port_is_valid or parts.scheme not in schemes:
        raise ValueError(f"must be a URL that starts with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    return secret


def _is_postgres_dsn(secret: SecretStr) -> SecretStr:
    return _check_scheme(secret, ("postgresql", "postgres"))


def _is_redis_url(secret: SecretStr) -> SecretStr:
    return _check_scheme(secret, ("redis", "rediss", "unix"))


Names = Annotated[list[str], BeforeValidator(_split_commas)]
AssetClassName = Literal["coin", "share", "metal", "commodity", "index", "fx", "pre-market"]
AssetClassNames = Annotated[list[AssetClassName], BeforeValidator(_split_commas), Field(min_length=1)]
Port = Annotated[int, Field(ge=0, le=65535)]
Target = Annotated[str, AfterValidator(_is_target)]
ShardName = Annotated[str, AfterValidator(_is_shard_name)]
Shards = Annotated[dict[ShardName, Target], Field(min_length=1)]  # where each aggregator listens, by its name
Targets = Annotated[list[Target], BeforeValidator(_split_commas), Field(min_length=1)]
RecordingBytes = Annotated[int, Field(ge=64 * 1024)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Section(BaseModel):
    """A level of the tree; a key that it does not know is an error, not a silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Endpoint(Section):
    """Where a venue is reached in place of its own addresses; None keeps the venue's own."""

    websocket_url: str | None = None
    rest_url: str | None = None


class TrackerSettings(Section):
    """crossbook tracker. Empty venues, symbols and assets mean all; each venue's recording has the limit for itself.

    Of what venues list only markets of the asset_classes are looked at; those of another class are as if not listed.

    A choice_file, JSON such as {"symbols": [...], "assets": [...]}, replaces symbols and assets; SIGHUP reads it again.
    A shards_file, JSON such as {"main": "host:port"}, replaces shards. What is not committed is kept in spool_dir too,
    up to buffer_bytes for each lane, and sent by whichever process tracks the venue next. limits_share is this
    process's part of what venues allow one address in requests and dials, where others there ask the same venues.
    """

    port: Port = 50051
    metrics_port: Port = 9101
    venues: Names = []
    symbols: Names = []
    assets: Names = []
    asset_classes: AssetClassNames = ["coin"]
    choice_file: Path | None = None
    listing_interval_seconds: Positive = 60
    max_clock_error_seconds: Positive = 2
    endpoints: dict[str, Endpoint] = {}
    limits_share: float = Field(default=1, gt=0, le=1)
    shards: Shards = {"main": "127.0.0.1:50052"}
    shards_file: Path | None = None
    spool_dir: Path | None = None
    record_dir: Path | None = None
    record_max_bytes: RecordingBytes = MAX_RECORDING_BYTES
    buffer_bytes: int = Field(default=64 * 1024 * 1024, ge=64 * 1024)
    stale_after_seconds: Positive | None = None


class AggregatorSettings(Section):
    """crossbook aggregator. shard is the name by which trackers and arbitrage list it.

    extra_venues may be fed besides those that Crossbook knows.
    """

    port: Port = 50052
    metrics_port: Port = 9102
    shard: ShardName = "main"
    extra_venues: Names = []
    window_seconds: Annotated[int, Field(ge=1, le=60), AfterValidator(_divides_a_minute)] = 15
    snapshot_retention_seconds: Positive = 3600
    minute_retention_seconds: Positive = 3600
    retention_interval_seconds: Positive = 60
    max_waiting_windows: int = Field(default=960, ge=1)


class ArbitrageSettings(Section):
    """crossbook arbitrage. min_notional is in the quote currency of the buy leg.

    A shards_file, JSON such as {"main": "host:port"}, replaces shards; SIGHUP reads it again.
    dollar_currencies stand for a dollar each: markets of one quoted in another give live rates. equal_currencies
    convert one to one where no market gives a rate. relays adds to what venues say of themselves: venue and source.
    event_retention_seconds is for how long a reader may be away and still hear all that happened, with Postgres.
    """

    port: Port = 50053
    metrics_port: Port = 9103
    shards: Shards = {"main": "127.0.0.1:50052"}
    shards_file: Path | None = None
    open_net_percent: float = Field(default=0.10, allow_inf_nan=False)
    close_net_percent: float = Field(default=0.02, allow_inf_nan=False)
    update_step_percent: Positive = 0.05
    min_life_ms: int = Field(default=200, ge=0)
    max_age_seconds: Positive = 10
    max_skew_seconds: Positive = 5
    min_notional: NotNegative = 100
    max_mid_difference_percent: Positive = 30
    suspect_after_seconds: Positive = 60
    dollar_currencies: Names = ["USD", "USDC", "USDT"]
    equal_currencies: list[list[str]] = [["USD", "USDC", "USDT"]]
    max_rate_age_seconds: Positive = 60
    max_depeg_percent: Positive = 1
    allow_depegged: bool = False
    relays: dict[str, str] = {}
    event_retention_seconds: Positive = 3600
    record_dir: Path | None = None
    record_max_bytes: RecordingBytes = MAX_RECORDING_BYTES


class AlertsSettings(Section):
    """crossbook alerts. A history shorter than a rule's cooldown leaves that cooldown to Redis alone.

    authorities_file names certificate authorities (PEM) whose receivers are trusted besides the public ones'.
    arbitrage_targets are replicas of one service: one is followed, the others stand by.
    A delivery is tried delivery_attempts times at least and for delivery_seconds at least.
    """

    port: Port = 50054
    metrics_port: Port = 9104
    arbitrage_targets: Targets = ["127.0.0.1:50053"]
    allow_private_targets: bool = False
    authorities_file: Annotated[Path, AfterValidator(_holds_certificates)] | None = None
    check_interval_seconds: Positive = 15
    delivery_attempts: int = Field(default=8, ge=1)
    delivery_seconds: NotNegative = 86_400
    delivery_lease_seconds: Positive = 30
    claim_lease_seconds: Positive = 10
    history_retention_seconds: float = Field(default=31 * 86_400, ge=60, allow_inf_nan=False)


class SimulatorSettings(Section):
    """crossbook simulator. Empty venues mean all; rate multiplies updates.

    play is a capture of a venue, to be served in the world's place; speed 0 is as fast as possible.

    duration_seconds, when known, keeps planted episodes out of the last moments. stablecoins are listed beside the
    assets on venues that have such markets, and give live rates between currencies. ledger_file tells every change of
    every book, for whoever judges the system from outside; it grows without bound.
    """

    port: Port = 8700
    seed: int = 1
    venues: Names = []
    assets: int = Field(default=20, ge=1)
    stablecoins: Names = []
    rate: Positive = 1
    episode_interval_seconds: Positive = 4
    quiet_seconds: NotNegative = 10
    duration_seconds: Positive | None = None
    truth_file: Path | None = None
    ledger_file: Path | None = None
    faults: str = ""
    play: Path | None = None
    speed: NotNegative = 1


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
    postgres_dsn: Annotated[SecretStr, AfterValidator(_is_postgres_dsn)] | None = None
    redis_url: Annotated[SecretStr, AfterValidator(_is_redis_url)] | None = None
    tracker: TrackerSettings = TrackerSettings()
    aggregator: AggregatorSettings = AggregatorSettings()
    arbitrage: ArbitrageSettings = ArbitrageSettings()
    alerts: AlertsSettings = AlertsSettings()
    simulator: SimulatorSettings = SimulatorSettings()

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


def load_settings(**overrides: Any) -> Settings:
    """Reads the environment, then the overrides; raises SettingsError naming the first bad key and its source."""
    _check_variables()
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SettingsError(_describe(error.errors(include_input=False)[0], overrides)) from None


def _check_variables() -> None:
    """A misspelt variable is an error too: the library would only look for those that it knows."""
    for variable in sorted(os.environ):
        if not variable.upper().startswith(PREFIX) or variable == PARENT_PIPE_VARIABLE:
            continue
        key = variable.upper().removeprefix(PREFIX).partition("__")[0].lower()
        if key not in Settings.model_fields:
            known = ", ".join(Settings.model_fields)
            raise SettingsError(f"environment variable {variable}: there is no setting {key!r}; known: {known}")


def _describe(problem: ErrorDetails, overrides: dict[str, Any]) -> str:
    path = [str(part) for part in problem["loc"]]
    reason = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        reason = "there is no such setting"
    return f"setting {'.'.join(path)} (from {_source(path, overrides)}): {reason}"


def _source(path: list[str], overrides: dict[str, Any]) -> str:
    if _is_given(path, overrides):
        return "an argument"
    given = {name.upper() for name in os.environ}
    for depth in range(len(path), 0, -1):
        variable = PREFIX + "__".join(path[:depth]).upper()
        if variable in given:
            return f"environment variable {variable}"
    return "the defaults"


def _is_given(path: list[str], overrides: object) -> bool:
    for part in path:
        if isinstance(overrides, BaseModel):
            return part in overrides.model_fields_set
        if not isinstance(overrides, dict) or part not in overrides:
            return isinstance(overrides, list)
        overrides = overrides[part]
    return True


def require_postgres_dsn(settings: Settings) -> str:
    """The DSN, for services that cannot live without Postgres."""
    return _require(settings.postgres_dsn, "postgres_dsn")


def require_redis_url(settings: Settings) -> str:
    """The URL, for services that cannot live without Redis."""
    return _require(settings.redis_url, "redis_url")


def _require(secret: SecretStr | None, key: str) -> str:
    if secret is None:
        raise SettingsError(f"setting {key} is missing: set {PREFIX}{key.upper()}")
    return secret.get_secret_value()
