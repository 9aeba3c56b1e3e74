"""What the simulator planted and broke, a line each."""

import json
from pathlib import Path

import pytest

from crossbook.plumbing.private_files import PrivateFolderError
from crossbook.simulator.world.truth import TruthFile


def test_every_line_is_there_at_once(tmp_path: Path) -> None:
    """Whoever reads meanwhile sees whole lines; an earlier run's are gone."""
    path = tmp_path / "run" / "truth.jsonl"
    path.parent.mkdir()
    path.write_text("earlier\n")
    truth = TruthFile(path)
    truth.started(7, ["v"], ["BTC"], {}, 5)
    (line,) = path.read_text().splitlines()
    assert json.loads(line) == {
        "kind": "simulator_started",
        "at_ns": 5,
        "seed": 7,
        "venues": ["v"],
        "assets": ["BTC"],
        "relays": {},
    }
    truth.stopped(9)
    assert json.loads(path.read_text().splitlines()[-1]) == {"kind": "simulator_stopped", "at_ns": 9}
    truth.close()


def test_it_is_not_written_through_a_link(tmp_path: Path) -> None:
    """What the link points to stays."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "truth.jsonl").symlink_to(victim)
    with pytest.raises(PrivateFolderError):
        TruthFile(tmp_path / "truth.jsonl")
    assert victim.read_text() == "precious"


def test_without_a_path_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It only counts."""
    monkeypatch.chdir(tmp_path)
    truth = TruthFile(None)
    truth.started(1, [], [], {}, 0)
    truth.close()
    assert list(tmp_path.iterdir()) == []
