"""What a receiver's answer means: by its status first, and for the kinds that need it by its body.

2xx is delivered, unless the kind finds an error in the body: that may work later. 429 limits the destination and is no
try. 408, 425, 5xx and whatever breaks on the way may work later, not before Retry-After. Any other status means that
the target is wrong: the delivery fails at once and can be redriven when it has been put right.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; headers by their names in lower case, of the body its beginning, if anybody reads it."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """The body's object; an empty one where it is none."""
        return json_object(self.body) or {}

    @property
    def is_ok(self) -> bool:
        """2xx."""
        return 200 <= self.status < 300


Reader = Callable[[Answer], Outcome]
"""What an answer means to a kind of channel."""


def outcome_of(answer: Answer, judge: Judge | None = None, said: object = "", after: object = None) -> Outcome:
    """How the try ended. `said` and `after`, seconds, are a reason and a limit that the kind found in the body."""
    status = answer.status
    if answer.is_ok:
        problem = judge(answer.body) if judge else ""
        return Retry(f"HTTP {status}, but the answer says: {problem}", status) if problem else Delivered(status)
    reason = f"HTTP {status}: {words(said)}" if said else f"HTTP {status}"
    told = retry_after_seconds(str(after or answer.headers.get("retry-after", "")), MAX_RETRY_AFTER_SECONDS)
    if status == TOO_MANY:
        return Limited(reason, status, LIMITED_SECONDS if told is None else told)
    if status in RETRYABLE or status >= 500:
        return Retry(reason, status, told)
    if 300 <= status < 400:
        return Failed(f"HTTP {status}: redirects are not followed", status)
    return Failed(reason, status)


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
