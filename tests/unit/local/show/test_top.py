"""Where `crossbook top` finds a run, and what typing does to what it shows."""

import asyncio
import json
from pathlib import Path

import pytest

from crossbook.local.show.narrowing import Narrowing
from crossbook.local.show.observer import Observer
from crossbook.local.show.top import MAX_TEXT, targets_of_run, targets_of_settings, top, typed
from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.process import Lifetime
from crossbook.plumbing.settings import Settings


def test_a_run_says_where_its_services_listen(tmp_path: Path) -> None:
    """Servers that are no services of ours, and what has no address, are left out."""
    processes = {
        "tracker-1": {"pid": 1, "address": "127.0.0.1:50051"},
        "aggregator-b": {"pid": 2, "address": "127.0.0.1:50062"},
        "postgres": {"pid": 3, "address": None},
        "redis": {"pid": 4, "address": "127.0.0.1:6379"},
    }
    path = tmp_path / "run.json"
    path.write_text(json.dumps({"mode": "simulated", "processes": processes}))
    expected = {"tracker-1": "127.0.0.1:50051", "aggregator-b": "127.0.0.1:50062"}
    assert targets_of_run(path) == ("simulated", expected)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"mode": "live", "processes": []}', '{"processes": {"tracker": 1}}'])
def test_a_file_of_no_run_is_refused(tmp_path: Path, text: str) -> None:
    """By name, in one line."""
    path = tmp_path / "run.json"
    path.write_text(text)
    with pytest.raises(SettingsError, match=r"run\.json does not tell of a run"):
        targets_of_run(path)


def test_without_a_run_the_settings_say_where() -> None:
    """Each service that speaks gRPC, and every shard."""
    targets = targets_of_settings(Settings())
    assert targets["tracker"] == "127.0.0.1:50051"
    assert targets["aggregator-main"] == "127.0.0.1:50052"
    assert "simulator" not in targets
    Observer(targets, lambda _: 0)  # takes every name


def test_keys_make_the_text() -> None:
    """Letters add, erasing takes one away, Escape all; what is no letter does nothing, and there is an end."""
    text = ""
    for key in "bt\x01c":
        text = typed(text, key)
    assert text == "btc"
    assert typed(text, "\x7f") == "bt"
    assert typed(text, "\x1b") == ""
    assert len(typed("x" * MAX_TEXT, "y")) == MAX_TEXT


async def test_it_ends_when_it_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With nothing to look at, too."""
    lifetime = Lifetime()
    asyncio.get_running_loop().call_later(0.05, lifetime.stop)
    await top({}, "Crossbook", Narrowing(), lifetime, tmp_path)
