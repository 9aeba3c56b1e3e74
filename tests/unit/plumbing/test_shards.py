"""The list of shards: from the settings or from a file, and errors that say what to write."""

import json
from pathlib import Path
from typing import Any

import pytest

from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.settings import TrackerSettings, load_settings
from crossbook.plumbing.shards import read_shards


def settings(path: Path | None = None, **shards: str) -> TrackerSettings:
    given: dict[str, Any] = {"shards_file": path} | ({"shards": shards} if shards else {})
    return load_settings(tracker=given).tracker


def test_there_is_one_shard_unless_more_are_listed() -> None:
    """The default is one aggregator on this machine, named main."""
    assert read_shards("tracker", settings()) == {"main": "127.0.0.1:50052"}
    assert read_shards("tracker", settings(a="h:1", b="h:2")) == {"a": "h:1", "b": "h:2"}


def test_the_environment_lists_shards_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """As every nested setting."""
    monkeypatch.setenv("CROSSBOOK_ARBITRAGE__SHARDS", '{"a": "h:1", "b": "h:2"}')
    assert load_settings().arbitrage.shards == {"a": "h:1", "b": "h:2"}


def test_a_file_wins_and_is_read_anew(tmp_path: Path) -> None:
    """What it says at each reading counts, whatever the settings list."""
    path = tmp_path / "shards.json"
    chosen = settings(path, a="h:1")
    for listed in ({"b": "h:2"}, {"b": "h:2", "c": "unix:/tmp/c"}):
        path.write_text(json.dumps(listed))
        assert read_shards("tracker", chosen) == listed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "must look like"),
        ("[]", "must look like"),
        ("{}", "at least 1 item"),
        ('{"A": "h:1"}', "'A' is no shard name"),
        (json.dumps({"a" * 33: "h:1"}), "is no shard name"),
        ('{"-a": "h:1"}', "'-a' is no shard name"),
        ('{"a": "nowhere"}', "a: must look like host:port"),
        ('{"a": 1}', "valid string"),
        ('{"a": "h:1", "a": "h:2"}', "'a' stands there twice"),
    ],
)
def test_a_file_that_cannot_be_used_says_what_to_write(tmp_path: Path, text: str, said: str) -> None:
    """Setting and file are named, with the form that it should have."""
    path = tmp_path / "shards.json"
    path.write_text(text)
    with pytest.raises(SettingsError, match=r"setting tracker\.shards_file: .*shards\.json") as raised:
        read_shards("tracker", settings(path))
    assert said in str(raised.value)
    assert '{"main": "host:port", ...}' in str(raised.value)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    """The system's own words say what is wrong with it."""
    with pytest.raises(SettingsError, match="No such file"):
        read_shards("tracker", settings(tmp_path / "none.json"))


@pytest.mark.parametrize("name", ["Main", "a_b", "", "x" * 33])
def test_an_aggregator_has_a_name_that_can_be_listed(name: str) -> None:
    """The same rule for its own name as for the names in the lists."""
    with pytest.raises(SettingsError, match=r"aggregator\.shard .*is no shard name"):
        load_settings(aggregator={"shard": name})
