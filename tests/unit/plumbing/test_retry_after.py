"""The header in both its spellings, and what the other side may write by mistake or on purpose."""

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossbook.plumbing.retry_after import retry_after_seconds

NOW = 1_000_000.0
LONGEST = 3600.0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0.0),
        (" 12 ", 12.0),
        ("0.437", 0.437),
        ("99999999999999", LONGEST),
        ("9" * 5000, LONGEST),
        ("-4", None),
        ("1e9", None),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        (formatdate(1_000_030, usegmt=True), 30.0),
        (formatdate(1_000_030, usegmt=True).replace("GMT", "-0000"), 30.0),
        (formatdate(999_000, usegmt=True), 0.0),
        (formatdate(2_000_000, usegmt=True), LONGEST),
        ("Fri, 20 Nov 2026 12:00:07 +99999999999999", None),
        ("Fri, 20 Nov 99999 12:00:07 GMT", None),
        ("٣", None),
    ],
)
def test_it_is_read_as_seconds(header: str | None, seconds: float | None) -> None:
    """Seconds and dates give seconds from now; nonsense gives nothing; nothing is longer than the longest."""
    assert retry_after_seconds(header, LONGEST, NOW) == seconds


@given(st.text() | st.from_regex(r"\AFri, [0-9]{1,9} Nov [0-9]{1,9} 12:00:07 [+-][0-9]{1,30}\Z"))
def test_whatever_is_written_it_is_nothing_or_within_bounds(header: str) -> None:
    """Whoever may write it may also be hostile."""
    seconds = retry_after_seconds(header, LONGEST, NOW)
    assert seconds is None or 0 <= seconds <= LONGEST
