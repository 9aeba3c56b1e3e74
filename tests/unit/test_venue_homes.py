"""A venue has all its homes: the core's registry, the simulator's, and the page that says what is known of it."""

from pathlib import Path

from crossbook._core import venue_profiles
from crossbook.cli.venue_table import page
from crossbook.simulator.registry import TRAITS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "venues.md"
DECODERS = ROOT / "core-rs" / "crates" / "venues" / "src" / "venues"
KNOWN = {profile.id for profile in venue_profiles()}


def test_the_page_is_current() -> None:
    """`make venues` writes it from the registry."""
    assert PAGE.read_text() == page(), "docs/venues.md is not current: run make venues"


def test_the_registries_and_the_page_name_the_same_venues() -> None:
    """Whoever adds a venue adds its face, without which nothing proves it."""
    lines = PAGE.read_text().splitlines()
    told = {line.split("|")[1].strip() for line in lines if line.startswith("| ")} - {"venue", "---"}
    assert told == KNOWN
    assert set(TRAITS) == KNOWN


def test_each_file_of_a_venue_is_a_row_of_the_registry() -> None:
    """A file that no row names would not even be compiled."""
    assert {path.stem for path in DECODERS.glob("*.rs")} - {"mod"} == KNOWN
