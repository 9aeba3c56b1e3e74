"""The tree: its defaults, and how the environment reaches each of its keys."""

import pytest

from crossbook.plumbing.settings import load_settings


@pytest.mark.parametrize("text", ["a,b", " a , b,", '["a","b"]'])
def test_lists_take_commas_and_json(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("CROSSBOOK_TRACKER__VENUES", text)
    assert load_settings().tracker.venues == ["a", "b"]


def test_the_defaults_are_valid() -> None:
    settings = load_settings()
    assert settings.aggregator.window_seconds == 15
    assert settings.arbitrage.equal_currencies == [["USD", "USDC", "USDT"]]


def test_the_environment_reaches_nested_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSBOOK_AGGREGATOR__WINDOW_SECONDS", "20")
    monkeypatch.setenv("CROSSBOOK_TRACKER__ENDPOINTS", '{"v": {"rest_url": "http://localhost:1"}}')
    settings = load_settings()
    assert settings.aggregator.window_seconds == 20
    assert settings.tracker.endpoints["v"].rest_url == "http://localhost:1"
    assert settings.tracker.endpoints["v"].websocket_url is None
