"""Venue names stay in their homes: shared code that learns one has started to decay."""

import re
from pathlib import Path

import pytest

from crossbook._core import venue_profiles

ROOT = Path(__file__).parents[2]
SOURCES = [
    path
    for pattern in ("services/**/*.py", "core-rs/crates/**/*.rs")
    for path in ROOT.glob(pattern)
    if not any(
        home in path.as_posix()
        for home in ("/simulator/faces/", "/simulator/registry.py", "/crates/venues/", "/pb/", "/target/")
    )
]


@pytest.mark.parametrize("venue", [profile.id for profile in venue_profiles()])
def test_venue_is_named_only_at_home(venue: str) -> None:
    """No source outside the venues crate, the simulator's faces and its list of them names a venue."""
    name = re.compile(rf"\b{venue}\b", re.IGNORECASE)
    assert [path.relative_to(ROOT).as_posix() for path in SOURCES if name.search(path.read_text())] == []


def test_sources_are_found() -> None:
    """The search sees the code it is meant to guard."""
    assert len(SOURCES) > 40
