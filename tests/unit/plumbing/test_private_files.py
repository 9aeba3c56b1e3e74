"""What we write is ours alone, and goes nowhere but where we meant it to."""

import os
import stat
from pathlib import Path

import pytest

from crossbook.plumbing.private_files import PrivateFolderError, open_private, private_folder, write_whole
from tests.support.servers.small_disk import small_disk


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_folder_is_taken_from_others(tmp_path: Path) -> None:
    """One that is made, those above it that are made with it, and one that was there, open to all."""
    private_folder(tmp_path / "a" / "b")
    assert mode_of(tmp_path / "a") == mode_of(tmp_path / "a" / "b") == 0o700
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    private_folder(tmp_path / "open", 0o711)
    assert mode_of(tmp_path / "open") == 0o711


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give something away")
def test_a_folder_or_a_link_of_somebody_else_is_refused(tmp_path: Path) -> None:
    """Whoever owns it chooses what we write over. A link of our own is our own word for where it is."""
    folder, planted, own = tmp_path / "theirs", tmp_path / "planted", tmp_path / "own"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    with pytest.raises(PrivateFolderError, match="theirs is no folder of this user"):
        private_folder(folder)
    (tmp_path / "ours").mkdir()
    planted.symlink_to(tmp_path / "ours")
    os.lchown(planted, 65534, 65534)
    with pytest.raises(PrivateFolderError, match="planted is no folder of this user"):
        private_folder(planted)
    own.symlink_to(tmp_path / "ours")
    private_folder(own)


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    """What the link points to stays as it is."""
    victim, planted = tmp_path / "victim", tmp_path / "lock"
    victim.write_text("precious")
    planted.symlink_to(victim)
    with pytest.raises(PrivateFolderError, match="lock is a link"):
        open_private(planted, os.O_WRONLY | os.O_TRUNC)
    (tmp_path / ".run.json.partial").symlink_to(victim)
    with pytest.raises(PrivateFolderError):
        write_whole(tmp_path / "run.json", "{}")
    assert victim.read_text() == "precious"


def test_a_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Also one that was readable before."""
    path = tmp_path / "summary.json"
    path.write_text("old")
    path.chmod(0o644)
    write_whole(path, "new")
    assert (path.read_text(), mode_of(path)) == ("new", 0o600)
    log = tmp_path / "log"
    log.touch(0o644)
    os.close(open_private(log, os.O_WRONLY | os.O_APPEND))
    assert mode_of(log) == 0o600


def test_a_disk_that_is_full_leaves_the_old_file(tmp_path: Path) -> None:
    """And nothing half-written beside it."""
    with small_disk(tmp_path) as disk:
        if disk is None:
            pytest.skip("nothing may be mounted here")
        path = tmp_path / "summary.json"
        write_whole(path, "old")
        disk.fill()
        with pytest.raises(OSError, match="No space left"):
            write_whole(path, "n" * 100_000)
        assert path.read_text() == "old"
        assert {one.name for one in tmp_path.iterdir()} == {"summary.json", "filler"}
