"""How long a venue asks to be left alone: the Retry-After header (RFC 9110, 10.2.3) and what to do without one."""

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# What a venue answers when it is asked too often; 418 is a ban for going on after 429.
THROTTLED_STATUSES = frozenset({418, 429})
DEFAULT_SECONDS = 10.0
LONGEST_SECONDS = 3600.0


def retry_after_seconds(header: str | None, now: datetime | None = None) -> float | None:
    """Seconds that the header asks for, at most LONGEST_SECONDS; None when it is absent or makes no sense."""
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        seconds = _seconds_until(header, now or datetime.now(UTC))
    if not math.isfinite(seconds):
        return None
    return min(max(seconds, 0.0), LONGEST_SECONDS)


def _seconds_until(date: str, now: datetime) -> float:
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return math.nan
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
