"""Values that a setting refuses, and secrets that never show."""

import pytest

from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.settings import load_settings


@pytest.mark.parametrize("key", ["postgres_dsn", "redis_url"])
@pytest.mark.parametrize(
    "value", ["http://me:hidden@h/x", "me:hidden@h", "postgresql://me:hidden@h:port/x", "redis://me:hidden@h:port"]
)
def test_a_malformed_dsn_is_refused_without_being_quoted(key: str, value: str) -> None:
    with pytest.raises(SettingsError, match=rf"setting {key} .*must be a URL") as raised:
        load_settings(**{key: value})
    assert "hidden" not in str(raised.value)


def test_a_password_does_not_show() -> None:
    assert "hidden" not in repr(load_settings(postgres_dsn="postgresql://me:hidden@h/x", redis_url="redis://:hidden@h"))
