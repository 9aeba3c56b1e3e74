"""Text from outside is printable and bounded, whatever it was; and nothing of the tracker's shows it raw."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossbook.plumbing.outside import MAX_CHARACTERS, OutsideText

SERVICES = Path(__file__).parents[3] / "services" / "crossbook"
# What hands a stranger's words on: (attribute or call, the file that may, and makes OutsideText of it).
RAW_WAYS = {"close_reason": "transport/connection.py", "handshake_exc": "transport/connection.py"}


@given(st.text(max_size=2_000) | st.binary(max_size=2_000))
def test_it_is_printable_and_bounded(raw: str | bytes) -> None:
    """Escape sequences, bells, line ends, directions of writing, lone surrogates."""
    text = OutsideText.read(raw) if isinstance(raw, bytes) else OutsideText.of(raw)
    assert text.isprintable()
    assert len(text) <= MAX_CHARACTERS
    text.encode()


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain words", "plain words"),
        ("Zu viele Anfragen – später", "Zu viele Anfragen – später"),
        ("two\r\nlines\tand more", "two lines and more"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("a\u202eb", "a\\u202eb"),
        (ValueError("of an error"), "of an error"),
    ],
)
def test_what_can_be_read_stays_and_the_rest_is_written_out(raw: object, shown: str) -> None:
    """Blanks become one."""
    assert OutsideText.of(raw) == shown


def test_what_is_cut_says_so() -> None:
    """Three dots at its end."""
    assert OutsideText.of("x" * 300) == "x" * (MAX_CHARACTERS - 3) + "..."
    assert OutsideText.of("x" * MAX_CHARACTERS) == "x" * MAX_CHARACTERS
    assert len(OutsideText.of("words", 4)) == 4


def test_a_stranger_s_words_enter_in_one_place_only() -> None:
    """Whoever else reads them raw is named here."""
    found = set()
    for path in (path for part in ("tracker", "transport") for path in (SERVICES / part).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr in RAW_WAYS:
                found.add((node.attr, str(path.relative_to(SERVICES))))
    assert found == set(RAW_WAYS.items())
