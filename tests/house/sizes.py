"""How large files and functions are: Python by its syntax tree, Rust by the braces that rustfmt aligns."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

WALL = 400  # lines of a file
_RUST_FUNCTION = re.compile(r"(?P<indent> *)(?:pub(?:\([a-z ]+\))? )?(?:const |unsafe )*fn (?P<name>\w+)")
_RUST_TESTS = re.compile(r"^#\[cfg\(test\)\]$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Part:
    """A file or a function and its length in lines."""

    name: str
    lines: int


@dataclass(frozen=True, slots=True)
class Sizes:
    """One row of the table."""

    title: str
    files: list[Part]
    functions: list[Part]
    folders: int

    def too_long(self) -> list[Part]:
        """Files past the wall."""
        return [file for file in self.files if file.lines > WALL]

    def cells(self) -> list[str]:
        """Title, folders, files, their median and longest, functions, their median and longest."""
        return [
            self.title,
            str(self.folders),
            *_summary(self.files),
            *_summary(self.functions),
        ]


def _summary(parts: list[Part]) -> list[str]:
    longest = max(parts, key=lambda part: part.lines)
    return [str(len(parts)), f"{median(part.lines for part in parts):.0f}", f"{longest.lines} {longest.name}"]


def measured(title: str, root: Path, paths: Iterable[Path]) -> Sizes:
    """All of one tree; Rust's tests at a file's foot do not count."""
    files: list[Part] = []
    functions: list[Part] = []
    folders = set()
    for path in paths:
        text = path.read_text()
        name = path.relative_to(root).as_posix()
        if path.suffix == ".rs":
            text = _RUST_TESTS.split(text)[0]
        folders.add(path.parent)
        files.append(Part(name, len(text.splitlines())))
        functions += _python_functions(text) if path.suffix == ".py" else _rust_functions(text)
    return Sizes(title, files, functions, len(folders))


def _python_functions(text: str) -> Iterator[Part]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Part(node.name, (node.end_lineno or node.lineno) - node.lineno + 1)


def _rust_functions(text: str) -> Iterator[Part]:
    lines = text.splitlines()
    for start, line in enumerate(lines):
        if match := _RUST_FUNCTION.match(line):
            yield Part(match["name"], _end(lines, start, match["indent"]) - start + 1)


def _end(lines: list[str], start: int, indent: str) -> int:
    """The closing brace stands as deep as the function; a declaration ends in a semicolon."""
    for at in range(start, len(lines)):
        if lines[at].rstrip() == indent + "}" or (lines[at].endswith((";", "}")) and at == start):
            return at
    return len(lines) - 1
