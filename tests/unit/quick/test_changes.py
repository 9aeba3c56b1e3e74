"""Which checks a change asks for, in a repository of the test's own."""

import subprocess
from pathlib import Path

import pytest

from tests.quick.changes import changed_files, crates, unit_tests

FILES = {
    "services/crossbook/tracker/pace.py": "",
    "services/crossbook/tracker/other.py": "",
    "tests/support/waiting.py": "",
    "tests/unit/tracker/test_pace.py": "",
    "tests/unit/tracker/test_other.py": "",
    "tests/unit/local/test_view.py": "from crossbook.tracker.pace import Pace\n",
    "tests/unit/local/test_lines.py": "from crossbook.tracker import other as module, pace\n",
    "tests/unit/local/test_up.py": "from tests.support.waiting import eventually\n",
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """One commit with FILES in it."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    _git(tmp_path, "init", "--quiet")
    _commit(tmp_path)
    return tmp_path


def test_a_changed_file_calls_its_mirror_and_every_test_that_imports_it(repository: Path) -> None:
    """Whether by its name or out of its package."""
    tests = unit_tests(repository, [repository / "services/crossbook/tracker/pace.py"])
    assert [path.name for path in tests] == ["test_lines.py", "test_view.py", "test_pace.py"]


def test_a_changed_helper_of_tests_calls_its_tests(repository: Path) -> None:
    """Support files count as what they are: code."""
    assert [path.name for path in unit_tests(repository, [repository / "tests/support/waiting.py"])] == ["test_up.py"]


def test_what_is_not_committed_is_the_change_and_else_the_last_commit(repository: Path) -> None:
    """New files count, deleted ones do not."""
    (repository / "new.py").write_text("")
    (repository / "tests/unit/local/test_view.py").unlink()
    assert changed_files(repository, None) == [repository / "new.py"]
    _commit(repository)
    assert changed_files(repository, None) == [repository / "new.py"]


def test_crates_are_named_once_and_the_binding_is_left_out() -> None:
    """The binding's tests are Python's."""
    root = Path("/repository/core-rs/crates")
    paths = [
        root / "wire/src/lib.rs",
        root / "wire/src/decode.rs",
        root / "python/src/lib.rs",
        root / "market/src/book.rs",
    ]
    assert crates(paths) == ["market", "wire"]


def _commit(folder: Path) -> None:
    _git(folder, "add", "--all")
    _git(folder, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "--message", "m")


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True)
