"""Which files have no unit tests beside them."""

from pathlib import Path

import pytest

from tests.house.mirrors import MOST_WIRING, idle_excuses, statements, without_mirror


def function(lines: int) -> str:
    return "\n".join(['def f() -> None:\n    """Says so."""', *["    print()"] * lines, ""])


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """Sources and tests: one file with its mirror, two without, one that only wires, and generated ones."""
    sources, tests = tmp_path / "sources", tmp_path / "tests"
    given = {
        "part/mirrored.py": 20,
        "part/alone.py": 20,
        "part/store/sql.py": 20,
        "part/wiring.py": 3,
        "pb/made.py": 99,
    }
    for name, lines in given.items():
        (sources / name).parent.mkdir(parents=True, exist_ok=True)
        (sources / name).write_text(function(lines))
    (tests / "part").mkdir(parents=True)
    (tests / "part/test_mirrored.py").touch()
    return sources, tests


def test_a_file_with_logic_must_have_its_mirror_or_an_excuse(places: tuple[Path, Path]) -> None:
    """By file or by folder; a mirror elsewhere is none."""
    assert without_mirror(*places, excused=()) == ["part/alone.py", "part/store/sql.py"]
    assert without_mirror(*places, excused=("part/store/",)) == ["part/alone.py"]
    assert without_mirror(*places, excused=("part/store/", "part/alone.py")) == []


def test_an_excuse_that_nobody_needs_is_told(places: tuple[Path, Path]) -> None:
    """Of what has a mirror by now, is gone, or has no logic."""
    excused = ("part/alone.py", "part/store/", "part/mirrored.py", "part/wiring.py", "gone/")
    assert idle_excuses(*places, excused=excused) == ["part/mirrored.py", "part/wiring.py", "gone/"]


def test_what_counts_is_what_functions_do() -> None:
    """Not what documents, declares or imports; a function within another counts once."""
    assert statements(function(MOST_WIRING)) == MOST_WIRING
    assert statements('"""A file."""\n\nimport os\n\nLIMIT = 3\n\n\nclass A:\n    x: int = 1\n') == 0
    assert statements("def f():\n    def g():\n        return 1\n    return g\n") == 3
