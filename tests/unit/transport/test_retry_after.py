"""The header in both its spellings, and what a venue may write by mistake."""

from datetime import UTC, datetime

import pytest

from crossbook.transport.retry_after import LONGEST_SECONDS, retry_after_seconds

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("3", 3.0),
        ("0.5", 0.5),
        ("-4", 0.0),
        ("1e9", LONGEST_SECONDS),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("Fri, 20 Nov 2026 12:00:07 GMT", 7.0),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 0.0),
    ],
)
def test_it_is_read_as_seconds(header: str | None, seconds: float | None) -> None:
    """Seconds and dates give seconds from now; nonsense gives nothing; nothing is longer than the longest."""
    assert retry_after_seconds(header, NOW) == seconds
