"""What a change touches: its files by git, and from them the unit tests and crates that can tell whether it holds."""

import re
import subprocess
from collections.abc import Iterable, Set
from pathlib import Path

_IMPORT = re.compile(
    r"^\s*(?:from (?P<source>[\w.]+) import (?P<names>[\w, ]+|\()|import (?P<module>[\w.]+))", re.MULTILINE
)
_CRATE = re.compile(r"core-rs/crates/([\w-]+)/")


def changed_files(root: Path, base: str | None) -> list[Path]:
    """Since `base`, or what is not committed; where all is committed, the last commit's. Deleted files are left out."""
    if base is None:
        base = "HEAD" if _git(root, "status", "--porcelain") else "HEAD~1"
    names = [*_git(root, "diff", "--name-only", base), *_git(root, "ls-files", "--others", "--exclude-standard")]
    return [root / name for name in sorted(set(names)) if (root / name).is_file()]


def _git(root: Path, *arguments: str) -> list[str]:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def unit_tests(root: Path, changed: Iterable[Path]) -> list[Path]:
    """Changed tests, those that mirror a changed file, and those that import one; helpers of tests count as files."""
    changed = set(changed)
    touched = {_module(root, path) for path in changed if path.suffix == ".py"}
    return [
        path
        for path in sorted((root / "tests/unit").rglob("test_*.py"))
        if path in changed or _mirrored(root, path) in touched or _imports(path) & touched
    ]


def crates(changed: Iterable[Path]) -> list[str]:
    """The crates that have a changed file, the binding apart: it has no tests of its own in Rust."""
    found = {match[1] for path in changed if (match := _CRATE.search(path.as_posix()))}
    return sorted(found - {"python"})


def _module(root: Path, path: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[1:] if parts[0] == "services" else parts)


def _mirrored(root: Path, test: Path) -> str:
    """The module that a unit test's path stands for."""
    folder = test.parent.relative_to(root / "tests/unit")
    return ".".join(("crossbook", *folder.parts, test.stem.removeprefix("test_")))


def _imports(test: Path) -> Set[str]:
    """Modules, and what is taken from them, which may be modules too."""
    found = set()
    for match in _IMPORT.finditer(test.read_text()):
        source = match["source"] or match["module"]
        found.add(source)
        found |= {f"{source}.{name.split(' as ')[0].strip()}" for name in (match["names"] or "").split(",")}
    return found
