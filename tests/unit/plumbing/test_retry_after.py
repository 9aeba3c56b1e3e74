"""The header in both its spellings, and what the other side may write by mistake or on purpose."""

from email.utils import formatdate

import pytest

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
