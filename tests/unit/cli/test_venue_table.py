"""What `crossbook venues` shows of each venue."""

from types import SimpleNamespace
from typing import Any

import pytest

from crossbook._core import venue_profiles
from crossbook.cli import venue_table as module
from crossbook.cli.venue_table import COLUMNS, evidence_rows, page, rows


def profile(**given: Any) -> Any:
    """One venue's facts."""
    facts: dict[str, Any] = {
        "id": "alpha",
        "channels": ["book", "top"],
        "guard_rule": "each frame names the one before",
        "is_gap_visible": True,
        "relays": None,
        "status_channel": "status",
        "unavailable_reason": None,
        "instruments_per_connection": 20,
        "connects_per_minute": 60,
        "request_weight_per_minute": 1200,
        "taker_fee_percent": 0.05,
        "maker_fee_percent": 0.02,
        "sources": ["docs", "captures"],
        "certainty": "captured",
        "facts": [],
    }
    return SimpleNamespace(**facts | given)


def row_of(monkeypatch: pytest.MonkeyPatch, **given: Any) -> dict[str, str]:
    monkeypatch.setattr(module, "venue_profiles", lambda: [profile(**given)])
    (row,) = rows()
    return dict(zip(COLUMNS, row, strict=True))


def test_a_row_is_what_the_profile_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell for each column."""
    assert row_of(monkeypatch) == {
        "venue": "alpha",
        "channels": "book, top",
        "what proves a book whole": "each frame names the one before",
        "what tells a halt": "status, and the market list",
        "limits": "20 instruments a connection; a minute: 60 connects, 1200 weight of requests",
        "fees": "taker 0.05 %, maker 0.02 %",
        "sources": "docs; captures",
        "certainty": "captured",
    }


def test_what_the_rule_cannot_do_stands_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Losses that show late, books that are another venue's, and why it is not to be had."""
    row = row_of(monkeypatch, is_gap_visible=False, relays="beta", unavailable_reason="closed to us")
    assert row["what proves a book whole"] == (
        "each frame names the one before; a lost frame may show late; relays the books of beta; closed to us"
    )


def test_the_page_is_a_table_whatever_the_cells_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bar within a cell ends none."""
    monkeypatch.setattr(module, "venue_profiles", lambda: [profile(guard_rule="a | b")])
    table = [line for line in page().splitlines() if line.startswith("| alpha")]
    assert len(table) == 1
    assert r"a \| b" in table[0]
    assert table[0].replace(r"\|", "").count("|") == len(COLUMNS) + 1


def test_every_venue_has_a_row_and_its_evidence() -> None:
    """Each shape at one level at least."""
    names = [found.id for found in venue_profiles()]
    assert [row[0] for row in rows()] == names
    shown = {row[0]: row[1:] for row in evidence_rows()}
    assert set(shown) <= set(names)
    assert all(any(cells) for cells in shown.values())
