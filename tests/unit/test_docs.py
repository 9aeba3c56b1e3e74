"""The pages for people name what there is: files, links, decisions."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("docs", "deploy", "clients")
FETCHED = "node_modules"  # others' pages
PAGES = sorted(
    page
    for page in [*ROOT.glob("*.md"), *(page for name in FOLDERS for page in (ROOT / name).rglob("*.md"))]
    if FETCHED not in page.parts
)
LINK = re.compile(r"\]\(([^)#\s]+)")
NAMED = re.compile(r"`((?:clients|core-rs|deploy|docs|protos|services|tests)/[\w./*-]+)`")
PLACE = re.compile(r"`([\w./*-]+)`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_and_files_are_there(page: Path) -> None:
    """A name of a file that was moved sends its reader nowhere."""
    text = page.read_text()
    links = [link for link in LINK.findall(text) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []
    assert [name for name in NAMED.findall(text) if not any(ROOT.glob(name))] == []


def test_every_bound_has_a_place_that_is_there() -> None:
    """In the last column, below services/crossbook unless it says otherwise."""
    rows = [line.split(" | ") for line in (ROOT / "docs/bounds.md").read_text().splitlines() if line.startswith("| ")]
    places = [place for row in rows if len(row) == 5 for place in PLACE.findall(row[-1])]
    assert len(places) > 100
    assert [one for one in places if not any(ROOT.glob(one)) and not any((ROOT / "services/crossbook").glob(one))] == []


def test_every_decision_is_in_their_index() -> None:
    """Under its own title."""
    index = (ROOT / "docs/decisions/README.md").read_text()
    pages = (ROOT / "docs/decisions").glob("[0-9]*.md")
    titles = {page.name: re.sub(r"^# \d+[.:] ", "", page.read_text().splitlines()[0]) for page in pages}
    assert [name for name, title in titles.items() if f"({name}) {title}\n" not in index] == []
