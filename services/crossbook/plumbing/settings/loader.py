"""Reads the settings, once, at start; a bad value names its key and where it came from."""

import os
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.settings.tree import PREFIX, Settings

PARENT_PIPE_VARIABLE = "CROSSBOOK_PARENT_PIPE"  # no setting: a supervisor's word to its processes


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
