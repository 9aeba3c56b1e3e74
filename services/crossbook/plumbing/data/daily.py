"""Counts of a day, shared by every process that asks the same Redis: a number for each key and day."""

from collections.abc import Mapping

from crossbook.plumbing.data.redis import Redis, translating_outages

PREFIX = "crossbook:day:"
KEPT_SECONDS = 2 * 86_400


class DailyCounts:
    """A day is forgotten two days after it was counted first."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def add(self, day: int, counts: Mapping[str, int]) -> dict[str, int]:
        """What it comes to, by key; day is of any numbering that all agree on. Raises UnavailableError."""
        with translating_outages():
            async with self._redis.pipeline(transaction=False) as pipe:
                for key, count in counts.items():
                    name = f"{PREFIX}{day}:{key}"
                    pipe.incrby(name, count)
                    pipe.expire(name, KEPT_SECONDS, nx=True)
                answers = await pipe.execute()
        return dict(zip(counts, map(int, answers[::2]), strict=True))
