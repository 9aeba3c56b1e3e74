"""Rust modules use each other in one direction, crates keep their floors, and only the plane touches the world."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.house.modules import circles, crates
from tests.house.rust import branches, crate_modules, rust_modules, uses, without_tests

ROOT = Path(__file__).parents[3]
CORE = ROOT / "core-rs"
NATIVE = ROOT / "tests" / "bench" / "native"
FLOORS = [
    {"market", "transcode"},
    {"codec", "wire"},
    {"venues", "engine", "trading"},
    {"outgoing", "orders"},
    {"plane"},
    {"python"},
]
"""From the ground up: a crate depends on lower ones alone."""
WORLD = {
    "tokio",
    "async-std",
    "smol",
    "futures",
    "mio",
    "hyper",
    "h2",
    "tonic",
    "tower",
    "reqwest",
    "rustls",
    "tokio-rustls",
    "ureq",
    "socket2",
    "tungstenite",
    "chrono",
    "time",
}
MODULES = {"crate", "crate::a", "crate::a::inner", "crate::b"}


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("use crate::b::Thing;", {"crate::b"}),
        ("use super::b::{One, Two as Other};", {"crate::b"}),
        ("use inner::Thing;\nmod inner;", {"crate::a::inner"}),
        ("use crate::{\n    a::inner::Thing,\n    b::{self, Other},\n};", {"crate::a::inner", "crate::b"}),
        ("fn call() -> u8 {\n    crate::b::call() + inner::more()\n}", {"crate::b", "crate::a::inner"}),
        ("mod inner;\nuse std::sync::Arc;\nuse other_crate::b::Thing;", set()),
        ("use super::Root;", {"crate"}),
        ('// use crate::b::Thing;\nconst TEXT: &str = "crate::b";', set()),
        ("#[cfg(test)]\nuse crate::b::Thing;\n#[cfg(test)]\nmod tests {\n    use crate::b::Thing;\n}", set()),
        ("#[cfg(test)]\nimpl X {\n    fn y() {\n        crate::b::z();\n    }\n}\nuse inner::T;", {"crate::a::inner"}),
    ],
)
def test_a_module_uses_what_it_names_and_not_what_it_declares_or_tests(text: str, used: set[str]) -> None:
    """One line each of the ways in which Rust names another module."""
    assert uses("crate::a", without_tests(text), MODULES) == used


def test_a_use_tree_is_as_many_paths_as_it_has_leaves() -> None:
    """Nested groups keep what stands before them."""
    assert branches("a::{b,c::{d,e::f},g}") == ["a::b", "a::c::d", "a::c::e::f", "a::g"]


def test_the_sources_are_read() -> None:
    """Modules of every crate are there, with arrows between them, and test modules are not."""
    modules = rust_modules(CORE)
    assert {name.split("::")[0] for name in modules} == set().union(*FLOORS)
    assert "venues::market_data" in modules["venues::venue"]
    assert "venues::testing" not in modules


def test_no_rust_module_uses_another_in_a_circle() -> None:
    """Whoever reads a module upwards comes to an end."""
    assert circles(rust_modules(CORE)) == []


def test_every_crate_stands_on_lower_floors_alone() -> None:
    """The floors name each crate, and a manifest leads downwards."""
    found = crates(CORE)
    height = {name: level for level, floor in enumerate(FLOORS) for name in floor}
    assert set(found) == set(height)
    assert [
        f"{name} -> {other}" for name, used in found.items() for other in used if height[other] >= height[name]
    ] == []


def test_only_the_binding_knows_python_and_only_the_plane_the_world() -> None:
    """All others are told the time and handed bytes: neither a runtime nor sockets nor a clock, however far below."""
    manifests = {path.parent.name: tomllib.loads(path.read_text()) for path in CORE.glob("crates/*/Cargo.toml")}
    dependencies = {name: set(manifest.get("dependencies", {})) for name, manifest in manifests.items()}
    assert {name for name, used in dependencies.items() if "pyo3" in used} == {"python"}
    assert {name for name, used in dependencies.items() if used & WORLD} == {"plane"}
    assert {name for name in manifests if _locked(f"crossbook-{name}") & WORLD} == {"plane", "python"}
    clock = re.compile(r"\b(std::net|SystemTime|Instant::now|thread::sleep)\b")
    sources = {path: without_tests(path.read_text()) for path in CORE.glob("crates/*/src/**/*.rs")}
    found = [path.relative_to(CORE / "crates") for path, text in sources.items() if clock.search(text)]
    assert [path.as_posix() for path in found if path.parts[0] != "plane"] == []


def test_the_benchs_own_tools_run_in_no_circle_either() -> None:
    """Their modules are read as the core's are."""
    modules = crate_modules(NATIVE / "src")
    assert "native::schedule" in modules["native::source"]
    assert circles(modules) == []


def test_the_benchs_own_tools_are_no_part_of_the_core_and_have_nothing_of_it() -> None:
    """A workspace and a lock of their own, so that what they need is not built for the product."""
    manifest = tomllib.loads((NATIVE / "Cargo.toml").read_text())
    assert {"workspace", "package"} <= set(manifest)
    assert (NATIVE / "Cargo.lock").exists()
    assert [name for name in manifest["dependencies"] if name.startswith("crossbook")] == []
    assert manifest["lints"]["rust"]["unsafe_code"] == "forbid"


def test_every_file_of_the_benchs_own_tools_says_what_it_is_for_and_is_short() -> None:
    """As any other source."""
    for path in (NATIVE / "src").rglob("*.rs"):
        text = path.read_text()
        assert text.startswith("//! "), path.name
        assert len(text.splitlines()) < 400, path.name


def _locked(crate: str) -> set[str]:
    """Whatever the crate is built with, by the lock file."""
    packages = tomllib.loads((CORE / "Cargo.lock").read_text())["package"]
    needs = {package["name"]: [name.split()[0] for name in package.get("dependencies", ())] for package in packages}
    found, left = set[str](), [crate]
    while left:
        for name in needs[left.pop()]:
            if name not in found:
                found.add(name)
                left.append(name)
    return found
