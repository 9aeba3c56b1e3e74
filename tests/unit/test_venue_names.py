"""Venue names stay in their homes: shared code that learns one has started to decay."""

import re
from pathlib import Path

import pytest

from crossbook._core import venue_profiles
from tests.house.rust import without_test_items

ROOT = Path(__file__).parents[2]
HOMES = (
    "/simulator/faces/",
    "/crates/venues/src/venues/",
    "/crates/venues/tests/recorded_",
    "/crates/trading/src/venues/",
    "/crates/trading/tests/recorded_",
    "/pb/",
    "/target/",
)
"""A venue's decoder and orders, the lists of them, its face, tests of its captured frames; what is made or built."""
SOURCES = [
    path
    for pattern in ("services/**/*.py", "core-rs/crates/**/*.rs", "tests/bench/native/src/**/*.rs")
    for path in ROOT.glob(pattern)
    if not any(home in path.as_posix() for home in HOMES)
]


def read(path: Path) -> str:
    """Unit tests of shared Rust code, at its foot, may take a venue for an example."""
    text = path.read_text()
    return without_test_items(text) if path.suffix == ".rs" else text


@pytest.mark.parametrize("venue", [profile.id for profile in venue_profiles()])
def test_venue_is_named_only_at_home(venue: str) -> None:
    """No source outside a venue's homes names it."""
    name = re.compile(rf"\b{venue}\b", re.IGNORECASE)
    assert [path.relative_to(ROOT).as_posix() for path in SOURCES if name.search(read(path))] == []


def test_sources_are_found() -> None:
    """The search sees the code it is meant to guard: services, and the crate that holds the venues."""
    assert len(SOURCES) > 200
    assert ROOT / "core-rs/crates/venues/src/feed.rs" in SOURCES
