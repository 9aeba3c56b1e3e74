"""What a receiver's answer means: by its status first, and for the kinds that need it by its body.

2xx is delivered, unless the kind finds an error in the body: that may work later. 429 limits the destination and is no
try. 408, 425, 5xx and whatever breaks on the way may work later, not before Retry-After. Any other status means that
the target is wrong: the delivery fails at once and can be redriven when it has been put right.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from crossbook.alerts.channels.outcome import Delivered, Failed, Limited, Outcome, Retry
from crossbook.plumbing.retry_after import retry_after_seconds

RETRYABLE = frozenset({408, 425})
TOO_MANY = 429
LIMITED_SECONDS = 5.0  # where the other end does not say for how long
MAX_RETRY_AFTER_SECONDS = 24 * 3600.0
MAX_WORDS = 80
NO_WORDS = re.compile(r"[^A-Za-z0-9 _.,:'-]+")

Judge = Callable[[bytes], str]
"""What the body of a 2xx answer says is wrong; empty when it says nothing of the kind."""


def outcome_of(status: int, headers: Mapping[str, str], body: bytes, judge: Judge | None) -> Outcome:
    """How the try ended."""
    if 200 <= status < 300:
        problem = judge(body) if judge else ""
        return Retry(f"HTTP {status}, but the answer says: {problem}", status) if problem else Delivered(status)
    after = retry_after_seconds(headers.get("retry-after"), MAX_RETRY_AFTER_SECONDS)
    if status == TOO_MANY:
        return Limited(f"HTTP {status}", status, LIMITED_SECONDS if after is None else after)
    if status in RETRYABLE or status >= 500:
        return Retry(f"HTTP {status}", status, after)
    if 300 <= status < 400:
        return Failed(f"HTTP {status}: redirects are not followed", status)
    return Failed(f"HTTP {status}", status)


def json_object(body: bytes) -> dict[str, Any] | None:
    """The object that a body is; None for any other."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def words(value: object) -> str:
    """What the other end said, fit for a line of text: short, printable and plain."""
    return NO_WORDS.sub(" ", str(value))[:MAX_WORDS].strip() or "nothing that can be read"
