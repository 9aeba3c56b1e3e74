"""What a setting's value may be, and what is said of one that may not."""

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from crossbook.plumbing.targets import is_target

SHARD_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


def _split_commas(value: object) -> object:
    if not isinstance(value, str):
        return value
    return [item.strip() for item in value.split(",") if item.strip()]


def _is_target(target: str) -> str:
    if not is_target(target):
        raise ValueError("must look like host:port, and with an IPv6 address like [address]:port")
    return target


def _is_shard_name(name: str) -> str:
    if SHARD_NAME.fullmatch(name) is None:
        raise ValueError(f"{name!r} is no shard name: take up to 32 of a-z, 0-9 and -, beginning with none of -")
    return name


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
PostgresDsn = Annotated[SecretStr, AfterValidator(_is_postgres_dsn)]
RedisUrl = Annotated[SecretStr, AfterValidator(_is_redis_url)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Section(BaseModel):
    """A level of the tree; a key that it does not know is an error, not a silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)
