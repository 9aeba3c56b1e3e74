"""Whether this replica can do its work: it needs Redis, Postgres and arbitrage, and says what is wrong, once."""

import asyncio

from crossbook.alerts.counters import Counters
from crossbook.alerts.evaluation.ownership import Ownership
from crossbook.alerts.firing import FiringLine
from crossbook.alerts.store.stores import Stores
from crossbook.plumbing.data.cooldown import CooldownStore
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.question import Question

INTERVAL_SECONDS = 1.0
ANSWER_SECONDS = 5.0
PARTS = ("postgres", "redis", "arbitrage", "slots", "firing")  # of the health


class HealthWatch:
    """Keeps the counters and the server's health up to date."""

    def __init__(
        self,
        stores: Stores,
        cooldowns: CooldownStore,
        counters: Counters,
        ownership: Ownership,
        line: FiringLine,
        health: ServiceHealth,
    ) -> None:
        self._deliveries = stores.deliveries
        self._failures = stores.failures
        self._counters = counters
        self._ownership = ownership
        self._line = line
        self._health = health
        self._postgres = Question(self._count, ANSWER_SECONDS)
        self._redis = Question(cooldowns.check, ANSWER_SECONDS)

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                await self.look()
                await asyncio.sleep(INTERVAL_SECONDS)
        finally:
            self._postgres.close()
            self._redis.close()

    async def look(self) -> None:
        """Asks both servers now."""
        postgres, redis = await asyncio.gather(_problem(self._postgres), _problem(self._redis))
        postgres = postgres or self._failures.reason
        self._counters.is_postgres_available = not postgres
        self._counters.is_redis_available = not redis
        arbitrage = "" if self._counters.is_connected else "its stream of opportunities is down"
        parts = (postgres, redis, arbitrage, self._ownership.problem, self._line.problem)
        await self._health.tell_all(dict(zip(PARTS, parts, strict=True)))

    async def _count(self) -> None:
        self._counters.pending = await self._deliveries.count_pending()


async def _problem(question: Question) -> str:
    try:
        await question.ask()
    except (UnavailableError, TimeoutError) as error:
        return str(error)
    return ""
