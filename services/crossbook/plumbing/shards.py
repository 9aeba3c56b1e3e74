"""The aggregators that share the instruments: a name and a target each, from a service's settings or its shards file.

A shards file that cannot be used is a SettingsError that says what to write; nothing is taken of it.
"""

import json
from pathlib import Path
from typing import Protocol

from pydantic import TypeAdapter, ValidationError

from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.settings import Shards

_SHARDS: TypeAdapter[dict[str, str]] = TypeAdapter(Shards)
_LOOK = 'must look like {"main": "host:port", ...}'


class ShardSettings(Protocol):
    """The part of a service's settings that lists the shards."""

    @property
    def shards(self) -> dict[str, str]: ...
    @property
    def shards_file(self) -> Path | None: ...


def read_shards(section: str, settings: ShardSettings) -> dict[str, str]:
    """Target by shard: by the file, if there is one. Raises SettingsError."""
    if settings.shards_file is None:
        return dict(settings.shards)
    try:
        return _SHARDS.validate_python(json.loads(settings.shards_file.read_text(), object_pairs_hook=_named_once))
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        where = "".join(f" {part}:" for part in problem["loc"] if part != "[key]")
        reason = problem["msg"].removeprefix("Value error, ")
        raise SettingsError(f"{_file(section, settings)}:{where} {reason}: {_LOOK}") from None
    except (OSError, ValueError) as error:
        raise SettingsError(f"{_file(section, settings)}: {error}: {_LOOK}") from None


def _file(section: str, settings: ShardSettings) -> str:
    return f"setting {section}.shards_file: {settings.shards_file}"


def _named_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """JSON would silently keep the last of two equal names."""
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{name!r} stands there twice")
    return dict(pairs)
