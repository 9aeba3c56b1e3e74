"""What a recorded run left outside its recording."""

from pathlib import Path

import pytest

from crossbook.alerts.evaluation.decisions import Decision
from crossbook.alerts.rules import default_rule
from crossbook.plumbing.recording import RecordingError
from crossbook.replay.captured import FILE_NAME, Captured, VenueWindowsCaptured, load, save
from crossbook.replay.fingerprint import fingerprint


def test_it_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    """Rules and all, before and after the first replay."""
    windows = {"a": VenueWindowsCaptured(15, 30, fingerprint([b"row"]))}
    captured = Captured(15, windows, [default_rule()], [Decision("alertRules/default", "x")])
    save(captured, tmp_path)
    assert load(tmp_path) == captured
    captured.merged = fingerprint([b"event"])
    save(captured, tmp_path)
    assert load(tmp_path) == captured


def test_a_killed_run_left_none(tmp_path: Path) -> None:
    """Its recording is good all the same."""
    assert load(tmp_path) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"window_seconds": 15, "windows": {"a": 7}}'])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    """Not a traceback."""
    (tmp_path / FILE_NAME).write_text(text)
    with pytest.raises(RecordingError, match=FILE_NAME):
        load(tmp_path)
