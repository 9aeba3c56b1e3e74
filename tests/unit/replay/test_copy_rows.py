"""Rows of COPY BINARY."""

import struct

import pytest

from crossbook.replay.copy_rows import SIGNATURE, copy_rows

HEADER = SIGNATURE + struct.pack(">II", 0, 0)
ROWS = [
    struct.pack(">hi3si", 2, 3, b"abc", -1),
    struct.pack(">h", 0),
    struct.pack(">hi8s", 1, 8, b"\xff" * 8),
]
END = struct.pack(">h", -1)


def test_every_row_comes_as_it_stands() -> None:
    """With NULLs, without fields, with bytes that look like an end."""
    assert list(copy_rows(HEADER + b"".join(ROWS) + END)) == ROWS
    assert list(copy_rows(HEADER + END)) == []


@pytest.mark.parametrize("cut", [1, 2, 5, len(ROWS[2]) + 1])
def test_what_is_cut_short_is_refused(cut: int) -> None:
    """Wherever the end is missing."""
    whole = HEADER + b"".join(ROWS) + END
    with pytest.raises(ValueError, match="cut short"):
        list(copy_rows(whole[:-cut]))


def test_another_format_is_refused() -> None:
    """By its signature."""
    with pytest.raises(ValueError, match="not COPY BINARY"):
        list(copy_rows(b"a\tb\n"))
