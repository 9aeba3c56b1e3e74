"""How often something was tried, shared by every process that asks the same Redis: a count for each key and minute."""

from crossbook.plumbing.data.redis import Redis, translating_outages

PREFIX = "crossbook:attempts:"


class Attempts:
    """A key is forgotten when its time is over."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def take(self, key: str, most: int, seconds: int) -> bool:
        """Whether it was not tried more than so often within so many seconds. Raises UnavailableError."""
        with translating_outages():
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.incr(f"{PREFIX}{key}")
                pipe.expire(f"{PREFIX}{key}", seconds, nx=True)
                count, _ = await pipe.execute()
        return int(count) <= most
