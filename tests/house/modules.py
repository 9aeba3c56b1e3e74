"""Who imports whom: Python modules by their import statements, crates by their manifests, both as plain graphs."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

import grimp

Graph = Mapping[str, frozenset[str]]
"""Each node and what it imports."""

PACKAGE = "crossbook"


def python_modules() -> Graph:
    """Every module of the package, imports that are for type checkers included: a circle is one all the same."""
    graph = grimp.build_graph(PACKAGE, exclude_type_checking_imports=False, cache_dir=None)
    return {name: frozenset(graph.find_modules_directly_imported_by(name)) for name in sorted(graph.modules)}


def crates(core: Path) -> Graph:
    """The workspace's crates, without their dependencies from elsewhere."""
    manifests = {path.parent.name: tomllib.loads(path.read_text()) for path in sorted(core.glob("crates/*/Cargo.toml"))}
    names = {manifest["package"]["name"]: folder for folder, manifest in manifests.items()}
    return {
        folder: frozenset(names[name] for name in manifest.get("dependencies", {}) if name in names)
        for folder, manifest in manifests.items()
    }


def rooms(graph: Graph, depth: int) -> dict[str, dict[str, int]]:
    """Modules taken together by the first `depth` parts below the package: how many imports go from one to another."""
    counts: dict[str, dict[str, int]] = {}
    for name, imported in graph.items():
        room = _room(name, depth)
        counts.setdefault(room, {})
        for other in imported:
            if (target := _room(other, depth)) != room:
                counts[room][target] = counts[room].get(target, 0) + 1
    return counts


def _room(module: str, depth: int) -> str:
    return ".".join(module.split(".")[1 : 1 + depth]) or PACKAGE


def layers_of(pyproject: Path) -> list[list[str]]:
    """The rooms from the top down, as the layer contract that `make lint` enforces lists them."""
    contracts = tomllib.loads(pyproject.read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    return [[name.strip().removeprefix(f"{PACKAGE}.") for name in layer.split("|")] for layer in layers]


def floors(graph: Graph) -> list[list[str]]:
    """Nodes of a graph without circles from the top down: whoever imports stands above what it imports."""
    heights: dict[str, int] = {}

    def height(name: str) -> int:
        if name not in heights:
            heights[name] = 1 + max((height(other) for other in graph[name]), default=-1)
        return heights[name]

    for name in graph:
        height(name)
    return [_at(heights, level) for level in range(max(heights.values()), -1, -1)]


def _at(heights: Mapping[str, int], level: int) -> list[str]:
    return sorted(name for name, height in heights.items() if height == level)


def circles(graph: Graph) -> list[list[str]]:
    """Groups of nodes each of which can be reached from each other of its group: Tarjan's algorithm."""
    return sorted(sorted(group) for group in _components(graph) if len(group) > 1)


def _components(graph: Graph) -> Iterable[list[str]]:
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []
    groups: list[list[str]] = []

    def visit(name: str) -> None:
        order[name] = lowest[name] = len(order)
        path.append(name)
        for other in sorted(graph.get(name, ())):
            if other not in order:
                visit(other)
                lowest[name] = min(lowest[name], lowest[other])
            elif other in path:
                lowest[name] = min(lowest[name], order[other])
        if lowest[name] == order[name]:
            start = path.index(name)
            groups.append(path[start:])
            del path[start:]

    for name in graph:
        if name not in order:
            visit(name)
    return groups
