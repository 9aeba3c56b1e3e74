"""Where a server that runs as somebody else can go."""

import os
import shutil
from pathlib import Path

import pytest

from crossbook.local.processes import privileges

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs servers as somebody else")
as_user = pytest.mark.skipif(os.geteuid() == 0, reason="root runs servers as somebody else")


@pytest.fixture
def own_temporary_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand-ins made by these tests stay among themselves."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(folder))
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@as_user
def test_without_root_everything_stays_in_place(tmp_path: Path) -> None:
    """The server is we ourselves."""
    assert privileges.server_user() is None
    assert privileges.server_home(tmp_path / "data") == tmp_path / "data"
    assert privileges.reachable_programs(tmp_path, ["bin"]) == tmp_path


@as_root
def test_a_private_folder_gets_a_stand_in(tmp_path: Path, own_temporary_folder: Path) -> None:
    """Always the same one, of which only root may change anything."""
    tmp_path.chmod(0o700)
    home = privileges.server_home(tmp_path / "data")
    assert home.parent == own_temporary_folder
    assert home.stat().st_mode & 0o777 == 0o711
    assert privileges.server_home(tmp_path / "data") == home
    assert (tmp_path / "data").is_dir()


@as_root
def test_stand_ins_of_folders_that_are_gone_are_removed(tmp_path: Path, own_temporary_folder: Path) -> None:
    """With the next one that is made."""
    tmp_path.chmod(0o700)
    gone = privileges.server_home(tmp_path / "gone")
    shutil.rmtree(tmp_path / "gone")
    kept = privileges.server_home(tmp_path / "kept")
    assert not gone.exists()
    assert kept.exists()


@as_root
def test_a_stand_in_of_somebody_else_is_refused(tmp_path: Path, own_temporary_folder: Path) -> None:
    """Whoever put it there could read and change the data."""
    tmp_path.chmod(0o700)
    home = privileges.server_home(tmp_path / "data")
    home.chmod(0o777)
    with pytest.raises(privileges.PrivateFolderError, match="not a private folder"):
        privileges.server_home(tmp_path / "data")
    shutil.rmtree(home)
    home.symlink_to(tmp_path)
    with pytest.raises((privileges.PrivateFolderError, FileExistsError)):
        privileges.server_home(tmp_path / "data")


@as_root
def test_private_programs_are_copied_once(tmp_path: Path, own_temporary_folder: Path) -> None:
    """And run from the copy."""
    tmp_path.chmod(0o700)
    program = tmp_path / "install" / "bin" / "server"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copy = privileges.reachable_programs(tmp_path, ["install"])
    assert copy.parent == own_temporary_folder
    assert (copy / "install" / "bin" / "server").stat().st_mode & 0o111
    assert privileges.reachable_programs(tmp_path, ["install"]) == copy
