"""`crossbook record` and `crossbook replay`: what they take, and what they print."""

from pathlib import Path
from typing import Any

import pytest
import typer

from crossbook.cli import record as module
from crossbook.cli.record import record, replay
from crossbook.local.options import UpOptions
from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.recording import RecordingError
from crossbook.replay import compare
from crossbook.replay.compare import Comparison
from crossbook.replay.fingerprint import Fingerprint, fingerprint

SOME, OTHER = fingerprint([b"a"]), fingerprint([b"b"])


def compared(monkeypatch: pytest.MonkeyPatch, *rows: Comparison) -> list[tuple[Path, float]]:
    """A replay that gives these rows; how it is asked."""
    asked: list[tuple[Path, float]] = []

    def replayed(directory: Path, speed: float, on_event: Any) -> list[Comparison]:
        asked.append((directory, speed))
        return list(rows)

    monkeypatch.setattr(compare, "replay", replayed)
    return asked


def row(recorded: Fingerprint | None, replayed: Fingerprint = SOME) -> Comparison:
    return Comparison("quotes alpha", recorded, replayed)


@pytest.mark.parametrize(("text", "speed"), [("max", 0.0), ("1", 1.0), ("0.5", 0.5), ("1e2", 100.0)])
def test_a_speed_is_a_factor_or_max(monkeypatch: pytest.MonkeyPatch, text: str, speed: float, tmp_path: Path) -> None:
    """As fast as it goes is 0 within."""
    asked = compared(monkeypatch, row(SOME))
    replay(tmp_path, text)
    assert asked == [(tmp_path, speed)]


@pytest.mark.parametrize("text", ["0", "-1", "inf", "nan", "fast", ""])
def test_what_is_no_speed_is_told(text: str, tmp_path: Path) -> None:
    """As it was given."""
    with pytest.raises(SettingsError, match="neither max nor a number above 0"):
        replay(tmp_path, text)


def test_each_comparison_is_a_line_with_its_verdict(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where nothing was recorded there is nothing to differ from, and the run is well."""
    compared(monkeypatch, row(SOME), row(None))
    replay(tmp_path)
    head, same, nothing = capsys.readouterr().out.splitlines()
    assert head.split() == ["what", "items", "recorded", "items", "replayed"]
    assert same.startswith("quotes alpha")
    assert same.endswith("same")
    assert nothing.endswith("nothing recorded")


def test_a_difference_is_the_exit_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """After everything has been printed."""
    compared(monkeypatch, row(OTHER), row(SOME))
    with pytest.raises(typer.Exit) as ended:
        replay(tmp_path)
    assert ended.value.exit_code == 1


def test_a_folder_without_a_recording_is_told(tmp_path: Path) -> None:
    """With what makes one."""
    with pytest.raises(RecordingError, match="name a folder that `crossbook record` has written"):
        replay(tmp_path)


def run_with(monkeypatch: pytest.MonkeyPatch) -> list[UpOptions]:
    """The options of runs that do not run."""
    given: list[UpOptions] = []
    monkeypatch.setattr(module, "run_everything", given.append)
    return given


def test_a_recorded_run_keeps_everything_below_its_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On ports of its own and without a view, and is then replayed as fast as it goes."""
    given, asked = run_with(monkeypatch), compared(monkeypatch, row(SOME))
    path = tmp_path / "new"
    record(path, duration="5m", assets="BTC, ETH", seed=7, shards=2)
    (options,) = given
    assert (options.record_dir, options.data_dir, options.duration_seconds) == (path, path / "state", 300.0)
    assert (options.assets, options.seed, options.shards) == (["BTC", "ETH"], 7, 2)
    assert (options.port_base, options.is_view_wanted, options.is_live) == (0, False, False)
    assert asked == [(path, 0.0)]


def test_a_folder_that_holds_something_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing runs; an empty one is taken."""
    given = run_with(monkeypatch)
    compared(monkeypatch, row(SOME))
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file"):
        with pytest.raises(SettingsError, match="is there already"):
            record(path)
    assert given == []
    (tmp_path / "empty").mkdir()
    record(tmp_path / "empty")
    assert len(given) == 1
