"""Which Rust module uses which: read off the sources as rustfmt lays them out, without what only tests compile.

A module is a file. It uses another when it names an item of it: in a `use`, by a path that begins with crate, self or
super, or by one that begins with a submodule of its own. That it declares a submodule counts for nothing.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.modules import Graph

_VISIBILITY = re.compile(r"\bpub\(in [\w:]+\)")
_USE = re.compile(r"^\s*(?:pub(?:\([a-z: ]+\))? )?use ([^;]+);", re.MULTILINE)
_PATH = re.compile(r"(?<![\w:])(?:crate|self|super)(?:::\w+)+")
_QUALIFIED = re.compile(r"(?<![\w:])(?!(?:crate|self|super)::)([a-z_]\w*)::\w")
_COMMENT_OR_TEXT = re.compile(r'//[^\n]*|"(?:[^"\\]|\\.)*"')
_TEST_MODULE = re.compile(r"#\[cfg\(test\)\]\n(?:pub(?:\([a-z: ]+\))? )?mod (\w+);")


def rust_modules(core: Path) -> Graph:
    """Every module of every crate, as `crate::module::submodule`."""
    return {name: used for crate in sorted(core.glob("crates/*/src")) for name, used in crate_modules(crate).items()}


def crate_modules(source: Path) -> dict[str, frozenset[str]]:
    """The same of one crate, by its folder of sources."""
    root = source.parent.name
    texts = {_name(path, source): path.read_text() for path in sorted(source.rglob("*.rs"))}
    tested = {f"{name}::{child}" for name, text in texts.items() for child in _TEST_MODULE.findall(text)}
    live = {name: without_tests(text) for name, text in texts.items() if not _is_below(name, tested)}
    return {
        "::".join([root, *name.split("::")[1:]]): frozenset(
            "::".join([root, *used.split("::")[1:]]) for used in uses(name, text, set(live))
        )
        for name, text in live.items()
    }


def _is_below(name: str, roots: set[str]) -> bool:
    return any(name == root or name.startswith(f"{root}::") for root in roots)


def _name(path: Path, source: Path) -> str:
    parts = path.relative_to(source).with_suffix("").parts
    return "::".join(["crate", *(part for part in parts if part not in ("lib", "mod"))])


def without_tests(text: str) -> str:
    """The source without comments, texts, visibilities, and the items under `#[cfg(test)]`."""
    return without_test_items(_VISIBILITY.sub("pub", _COMMENT_OR_TEXT.sub("", text)))


def without_test_items(text: str) -> str:
    """The source without the items under `#[cfg(test)]`."""
    kept: list[str] = []
    lines = iter(text.splitlines())
    for line in lines:
        if line.strip() == "#[cfg(test)]":
            _skip_item(lines, len(line) - len(line.lstrip()))
        else:
            kept.append(line)
    return "\n".join(kept)


def _skip_item(lines: Iterator[str], indent: int) -> None:
    """An item ends with the first line of its own indent that closes it."""
    for line in lines:
        if len(line) - len(line.lstrip()) == indent and line.rstrip().endswith((";", "}", "},")):
            return


def uses(name: str, text: str, known: set[str]) -> set[str]:
    """The other modules that this one names, each by its longest known path."""
    paths = [path for tree in _USE.findall(text) for path in branches(re.sub(r"\s+", "", tree))]
    paths += _PATH.findall(text) + _QUALIFIED.findall(text)
    found = {_module(_absolute(path.split("::"), name, known), known) for path in paths}
    return found - {name, ""}


def branches(tree: str) -> list[str]:
    """The paths of a use tree without spaces: `a::{b,c::{d}}` is `a::b` and `a::c::d`."""
    start = tree.find("{")
    if start < 0:
        return [tree.split("as")[0] if re.search(r"\bas\b", tree) else tree]
    parts, depth, part = [], 0, ""
    for letter in tree[start + 1 : tree.rfind("}")] + ",":
        depth += (letter == "{") - (letter == "}")
        if letter == "," and depth == 0:
            parts.append(part)
            part = ""
        else:
            part += letter
    return [tree[:start] + path for part in parts if part for path in branches(part)]


def _absolute(parts: list[str], name: str, known: set[str]) -> list[str]:
    here = name.split("::")
    if parts[0] == "super":
        while parts and parts[0] == "super":
            here, parts = here[:-1], parts[1:]
        return here + parts
    if parts[0] == "self":
        return here + parts[1:]
    if parts[0] == "crate":
        return parts
    return here + parts if f"{name}::{parts[0]}" in known else []


def _module(parts: list[str], known: set[str]) -> str:
    for end in range(len(parts), 0, -1):
        if (path := "::".join(parts[:end])) in known:
            return path
    return ""
