"""run.json: what runs now and where."""

import json
import os
from pathlib import Path

from crossbook.local.processes.child import Child
from crossbook.local.processes.supervisor import Supervised
from crossbook.local.run.runfile import RunFile, shards_listed
from crossbook.plumbing.settings import load_settings
from crossbook.plumbing.shards import read_shards


async def ready() -> bool:
    return True


def test_it_names_processes_and_addresses(tmp_path: Path) -> None:
    """A process without an address of ours, such as a server, has none."""
    path = tmp_path / "run.json"
    run_file = RunFile(path, "simulated", {"tracker": "127.0.0.1:50051"})
    processes = {name: Supervised(Child(name, ["true"], tmp_path / "log"), ready) for name in ("redis", "tracker")}
    with run_file.removed_at_end():
        run_file.write(processes)
        assert json.loads(path.read_text()) == {
            "pid": os.getpid(),
            "mode": "simulated",
            "processes": {"redis": {"pid": 0, "address": None}, "tracker": {"pid": 0, "address": "127.0.0.1:50051"}},
        }
    assert not path.exists()


def test_the_shards_are_listed_while_the_run_lasts(tmp_path: Path) -> None:
    """As trackers and arbitrage read them."""
    path = tmp_path / "shards.json"
    settings = load_settings(tracker={"shards_file": path}).tracker
    with shards_listed(path, {"a": "h:1", "b": "h:2"}):
        assert read_shards("tracker", settings) == {"a": "h:1", "b": "h:2"}
    assert not path.exists()


def test_a_run_that_wrote_nothing_ends_well(tmp_path: Path) -> None:
    """It may have failed before its first process."""
    with RunFile(tmp_path / "run.json", "live", {}).removed_at_end():
        pass
    assert not (tmp_path / "run.json").exists()
