"""Sizes: a file without Rust's tests, a function from its first line to its last."""

from pathlib import Path

from tests.house.sizes import WALL, Part, measured

RUST = """\
/// Adds.
pub(super) fn add(
    left: u32,
) -> u32 {
    left
}

trait Adds {
    fn declared(&self);
}

#[cfg(test)]
mod tests {
    fn not_counted() {
    }
}
"""
PYTHON = '''"""A file."""


class Adder:
    def add(self) -> int:
        """Adds."""
        return 1


async def later() -> None: ...
'''


def test_rust_functions_end_at_their_brace_and_tests_at_the_foot_do_not_count(tmp_path: Path) -> None:
    """A declaration is one line."""
    (tmp_path / "add.rs").write_text(RUST)
    sizes = measured("rust", tmp_path, [tmp_path / "add.rs"])
    assert (sizes.files, sizes.functions) == ([Part("add.rs", 11)], [Part("add", 5), Part("declared", 1)])


def test_python_functions_are_counted_with_their_docstrings(tmp_path: Path) -> None:
    """Methods and coroutines are functions too."""
    (tmp_path / "adder.py").write_text(PYTHON)
    sizes = measured("python", tmp_path, [tmp_path / "adder.py"])
    assert sizes.files == [Part("adder.py", 10)]
    assert sorted(sizes.functions, key=lambda part: part.name) == [Part("add", 3), Part("later", 1)]


def test_a_file_past_the_wall_is_named_and_rusts_tests_make_none_long(tmp_path: Path) -> None:
    """The wall itself is not past it."""
    for name, lines in (("wall.rs", WALL), ("past.rs", WALL + 1)):
        (tmp_path / name).write_text("//\n" * lines + "#[cfg(test)]\n" + "//\n" * WALL)
    paths = [tmp_path / "wall.rs", tmp_path / "past.rs"]
    assert measured("rust", tmp_path, paths).too_long() == [Part("past.rs", WALL + 1)]
