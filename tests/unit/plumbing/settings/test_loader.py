"""Reading: arguments, the environment, and errors that name key and source."""

from typing import Any

import pytest

from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.settings import load_settings, require_postgres_dsn, require_redis_url


def test_an_argument_wins_over_the_environment_key_by_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSBOOK_ALERTS__PORT", "1234")
    monkeypatch.setenv("CROSSBOOK_ALERTS__DELIVERY_ATTEMPTS", "3")
    alerts = load_settings(alerts={"port": 4321}).alerts
    assert (alerts.port, alerts.delivery_attempts) == (4321, 3)


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("AGGREGATOR__WINDOW_SECONDS", "fifteen", "valid integer"),
        ("AGGREGATOR__WINDOW", "15", r"aggregator\.window .*no such setting"),
        ("ALERTS__PORT", "70000", r"alerts\.port .*CROSSBOOK_ALERTS__PORT"),
        ("ARBITRAGE__MAX_AGE_SECONDS", "nan", r"arbitrage\.max_age_seconds"),
        ("ARBITRAGE__MIN_NOTIONAL", "-1", r"arbitrage\.min_notional"),
        ("ALERTS__ARBITRAGE_TARGETS", "nowhere", r"alerts\.arbitrage_targets\.0 .*host:port"),
        ("TRACKER__ENDPOINTS", "{", r"tracker\.endpoints .*valid dictionary"),
        ("TRACKER", "[]", r"setting tracker \(from environment variable CROSSBOOK_TRACKER\)"),
        ("LOG_LEVEL", "loud", r"setting log_level \(from environment variable CROSSBOOK_LOG_LEVEL\)"),
    ],
)
def test_a_bad_value_names_its_key_and_source(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, expected: str
) -> None:
    monkeypatch.setenv(f"CROSSBOOK_{variable}", value)
    with pytest.raises(SettingsError, match=expected):
        load_settings()


@pytest.mark.parametrize("variable", ["CROSSBOOK_TRAKCER__PORT", "CROSSBOOK_POSTGRES_DNS", "CROSSBOOK_"])
def test_a_variable_that_no_setting_reads_is_refused(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "hidden")
    with pytest.raises(SettingsError, match=rf"{variable}: there is no setting .*; known: .*postgres_dsn") as raised:
        load_settings()
    assert "hidden" not in str(raised.value)


def test_the_supervisors_word_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSBOOK_PARENT_PIPE", "7")
    assert load_settings() == load_settings(host="127.0.0.1")


@pytest.mark.parametrize("overrides", [{"aggregator": {"window_seconds": 7}}, {"unheard_of": 1}, {"host": ""}])
def test_a_bad_argument_is_called_an_argument(overrides: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="from an argument"):
        load_settings(**overrides)


def test_a_missing_server_address_says_which_variable_to_set() -> None:
    with pytest.raises(SettingsError, match="CROSSBOOK_POSTGRES_DSN"):
        require_postgres_dsn(load_settings())
    with pytest.raises(SettingsError, match="CROSSBOOK_REDIS_URL"):
        require_redis_url(load_settings())
