"""Where a message is cut, and that nothing of it is lost or broken by that."""

import html
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossbook.alerts.channels.parts import (
    LEFT_OUT,
    MAX_PARTS,
    Form,
    characters,
    cut,
    parts_of,
    plain_form,
    unchanged,
    utf8_bytes,
    utf16_units,
)
from crossbook.alerts.channels.text import Text

HTML = Form(60, utf16_units, lambda text: f"<b>{html.escape(text)}</b>", html.escape)
PLAIN = Form(60, characters, unchanged, unchanged)


def text(*lines: str, title: str = "title") -> Text:
    return Text("key", title, lines)


def test_what_fits_is_one_part_with_its_title_first() -> None:
    """In markup, and plain beside it."""
    (part,) = parts_of(text("a < b", "c"), HTML)
    assert part.text == "<b>title</b>\na &lt; b\nc"
    assert part.plain == "title\na < b\nc"


def test_parts_end_between_lines() -> None:
    """As long as a line fits into a part."""
    parts = parts_of(text(*("x" * 20 for _ in range(6))), PLAIN)
    assert [part.plain.split("\n") for part in parts] == [["title", "x" * 20, "x" * 20], ["x" * 20] * 2, ["x" * 20] * 2]


def test_a_line_that_is_too_long_is_cut_behind_a_blank() -> None:
    """And never within an escape: what is cut is the text before its markup."""
    parts = parts_of(text("word & word " * 12), HTML)
    assert all(HTML.measure(part.text) <= HTML.most for part in parts)
    for part in parts:
        assert html.unescape(part.text.replace("<b>", "").replace("</b>", "")) == part.plain
    assert " ".join(part.plain for part in parts).split() == ["title", *["word", "&", "word"] * 12]


@given(st.lists(st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=200), max_size=8))
def test_no_character_is_lost_but_blanks_at_a_cut(lines: list[str]) -> None:
    """Whatever the script, as long as there is room for it."""
    form = Form(300, utf8_bytes, unchanged, unchanged)
    parts = parts_of(text(*lines), form)
    assert all(form.measure(part.text) <= form.most for part in parts)
    if parts[-1].plain.endswith(LEFT_OUT):
        return
    told = "".join("".join(part.plain.split()) for part in parts)
    assert told == "".join("".join(line.split()) for line in ("title", *lines))


@pytest.mark.parametrize("joined", ["e\u0301", "👍🏽", "👩\u200d🚀", "🇩🇪"])
def test_no_cut_goes_through_a_character_as_readers_see_it(joined: str) -> None:
    """Marks, skin tones, joined pictures, flags."""
    for most in range(5, 12):
        found = cut("x" * (most - 2) + joined * 3, most)
        rest = ("x" * (most - 2) + joined * 3).removeprefix(found.removesuffix("…"))
        assert found.endswith("…")
        assert not rest or not (unicodedata.combining(rest[0]) or rest[0] in "\u200d🏽")


def test_more_than_so_many_parts_are_not_sent_and_the_last_says_so() -> None:
    """A storm is no reason for a hundred messages."""
    parts = parts_of(text(*("x" * 50 for _ in range(100))), PLAIN)
    assert len(parts) == MAX_PARTS
    assert parts[-1].plain.endswith(LEFT_OUT)
    assert len(parts[-1].plain) <= PLAIN.most


def test_plain_is_without_markup_and_as_long_as_before() -> None:
    """For those who refuse markup."""
    (part,) = parts_of(text("a < b"), plain_form(HTML))
    assert part.text == part.plain == "title\na < b"


def test_a_title_that_stands_elsewhere_is_not_in_the_text() -> None:
    """Nor does a message without lines end in nothing."""
    form = Form(60, characters, unchanged, unchanged, has_title=False)
    assert [part.plain for part in parts_of(text("a"), form)] == ["a"]
    assert [part.plain for part in parts_of(text(), form)] == [""]
