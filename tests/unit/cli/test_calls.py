"""Where the command line finds the services that it calls."""

import json
from pathlib import Path

import pytest

from crossbook.cli.calls import default_target, shard_targets


@pytest.fixture(autouse=True)
def _in_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_service_is_where_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless a target is given; an IPv6 host is bracketed."""
    assert default_target("arbitrage", None) == "127.0.0.1:50053"
    monkeypatch.setenv("CROSSBOOK_HOST", "::1")
    monkeypatch.setenv("CROSSBOOK_ARBITRAGE__PORT", "7")
    assert default_target("arbitrage", None) == "[::1]:7"
    assert default_target("arbitrage", "h:1") == "h:1"


def test_shards_are_those_given_then_those_set_then_those_of_the_run_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the one aggregator where there is no other word."""
    assert shard_targets(None) == ["127.0.0.1:50052"]
    (tmp_path / ".crossbook").mkdir()
    (tmp_path / ".crossbook" / "shards.json").write_text(json.dumps({"a": "h:1", "b": "h:2"}))
    assert shard_targets(None) == ["h:1", "h:2"]
    monkeypatch.setenv("CROSSBOOK_ARBITRAGE__SHARDS", '{"x": "h:3"}')
    assert shard_targets(None) == ["h:3"]
    assert shard_targets("h:4, h:5") == ["h:4", "h:5"]
