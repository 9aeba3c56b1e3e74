"""How much a key may ask in a day, counted by all gateways together: at once here, in Redis once a second.

So no request waits for Redis, and a key may get beyond its quota by what the gateways answer within a second. While
Redis is away each gateway counts for itself: data is answered. Days are those of UTC.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from crossbook.gateway.http.problem import ProblemError
from crossbook.plumbing.access.roles import Caller
from crossbook.plumbing.data.daily import DailyCounts
from crossbook.plumbing.errors import UnavailableError

DAY_SECONDS = 86_400
SHARE_SECONDS = 1.0

log = structlog.get_logger()


@dataclass(slots=True)
class _Used:
    """Of one key: what all are known to have asked, and what of ours is not in it yet."""

    known: int = 0
    own: int = 0

    @property
    def together(self) -> int:
        return self.known + self.own


class Quotas:
    """`of_keys` are the quotas by key; keys without one are not counted. `counts` is None without Redis."""

    def __init__(
        self,
        of_keys: Callable[[], Mapping[str, int]],
        counts: DailyCounts | None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._of_keys = of_keys
        self._counts = counts
        self._clock = clock
        self._day = 0
        self._used: dict[str, _Used] = {}

    def take(self, caller: Caller) -> dict[str, str]:
        """Counts a request; the headers that tell how many are left. Raises ProblemError when none is."""
        key = caller.credential.removeprefix("keys/")
        quota = self._of_keys().get(key) if key != caller.credential else None
        if quota is None:
            return {}
        used = self._today().setdefault(key, _Used())
        left_seconds = DAY_SECONDS - int(self._clock()) % DAY_SECONDS
        is_over = used.together >= quota
        used.own += 0 if is_over else 1
        headers = {
            "RateLimit-Policy": f'"day";q={quota};w={DAY_SECONDS}',
            "RateLimit": f'"day";r={quota - used.together if not is_over else 0};t={left_seconds}',
        }
        if is_over:
            raise ProblemError(429, "this key's quota of the day is used up", (), left_seconds, headers)
        return headers

    def used(self, key: str) -> int:
        """Today, by all, as far as it is known here."""
        found = self._today().get(key)
        return found.together if found else 0

    async def run(self) -> None:
        """Until cancelled."""
        is_told = False
        while True:
            await asyncio.sleep(SHARE_SECONDS)
            try:
                await self.share()
                is_told = False
            except UnavailableError as error:
                if not is_told:
                    log.warning("quotas_not_shared", reason=str(error))
                is_told = True

    async def share(self) -> None:
        """Tells what was asked here, and hears what was asked everywhere. Raises UnavailableError."""
        if self._counts is None:
            return
        used, quotas = self._today(), self._of_keys()
        told = {key: used[key].own if key in used else 0 for key in quotas}
        if not told:
            return
        known = await self._counts.add(self._day, told)
        if self._today() is not used:  # it was yesterday's
            return
        for key, count in known.items():
            one = used.setdefault(key, _Used())
            one.known, one.own = count, one.own - told[key]

    def _today(self) -> dict[str, _Used]:
        day = int(self._clock()) // DAY_SECONDS
        if day != self._day:
            self._day, self._used = day, {}
        return self._used
