"""How long the other side asks to be left alone: the Retry-After header (RFC 9110, 10.2.3), whoever wrote it."""

import re
import time
from datetime import UTC
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")


def retry_after_seconds(header: str | None, longest_seconds: float, now: float | None = None) -> float | None:
    """Seconds that the header asks for, at most `longest_seconds`; None when it is absent or makes no sense.

    It is seconds, with a fraction as some send them, or a date, which is compared with `now`, seconds since the epoch.
    """
    text = (header or "").strip()
    if text.isascii() and _SECONDS.fullmatch(text):
        return min(float(text), longest_seconds)
    try:
        moment = parsedate_to_datetime(text)
        seconds = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - (time.time() if now is None else now)
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), longest_seconds)
