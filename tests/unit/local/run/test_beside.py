"""Commands beside a run show its key to its own processes, and to nobody else."""

import json
from pathlib import Path

import pytest

from crossbook.local.run.beside import settings_beside
from crossbook.plumbing.access.folder import key_file


@pytest.fixture
def run(tmp_path: Path) -> Path:
    key_file(tmp_path / "access").parent.mkdir(parents=True)
    key_file(tmp_path / "access").write_text("cbk_a_b\n")
    entries = {"aggregator": {"address": "h:1"}, "postgres": {"address": None}}
    (tmp_path / "run.json").write_text(json.dumps({"processes": entries}))
    return tmp_path


def test_the_key_is_for_the_processes_of_the_run(run: Path) -> None:
    """One target that is another's, and nothing is shown."""
    assert settings_beside(["h:1"], run).access.token_file == key_file(run / "access")
    assert settings_beside(["h:1", "h:2"], run).access.token_file is None


def test_a_key_that_the_shell_names_goes_first(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the caller's own."""
    monkeypatch.setenv("CROSSBOOK_ACCESS__TOKEN_FILE", "/mine")
    assert settings_beside(["h:1"], run).access.token_file == Path("/mine")


@pytest.mark.parametrize("document", ["", "[]", '{"processes": {"aggregator": {}}}', None])
def test_where_no_run_is_told_of_nothing_is_shown(run: Path, document: str | None) -> None:
    """A file that is broken, or gone with its run."""
    if document is None:
        (run / "run.json").unlink()
    else:
        (run / "run.json").write_text(document)
    assert settings_beside(["h:1"], run).access.token_file is None
