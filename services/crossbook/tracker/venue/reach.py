"""How one venue is reached: where, and within which limits. It outlives feeds, as the venue's memory of us does."""

from dataclasses import dataclass

from crossbook.plumbing.settings import Endpoint
from crossbook.transport.fetcher import Fetcher
from crossbook.transport.limits import Limits


@dataclass(frozen=True, slots=True)
class Reach:
    """`fetcher` is open as long as the venue is tracked."""

    venue: str
    endpoint: Endpoint
    limits: Limits
    fetcher: Fetcher

    @property
    def throttled_seconds(self) -> float:
        """How long the venue still wants no requests or no dials; 0 when it takes both."""
        return max(self.limits.requests.paused_seconds, self.limits.dials.paused_seconds)
