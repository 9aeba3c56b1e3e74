"""Whether this replica can do its work: it needs Redis, Postgres and arbitrage, and says what is wrong, once."""

import asyncio

import structlog

from crossbook.alerts.counters import Counters
from crossbook.alerts.store import AlertStore
from crossbook.plumbing.data.cooldown import CooldownStore
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.grpc.server import RunningServer
from crossbook.plumbing.question import Question

INTERVAL_SECONDS = 1.0
ANSWER_SECONDS = 5.0

log = structlog.get_logger()


class HealthWatch:
    """Keeps the counters and the server's health up to date."""

    def __init__(
        self, store: AlertStore, cooldowns: CooldownStore, counters: Counters, server: RunningServer, service_name: str
    ) -> None:
        self._store = store
        self._counters = counters
        self._server = server
        self._names = ("", service_name)
        self._postgres = Question(self._count, ANSWER_SECONDS)
        self._redis = Question(cooldowns.ping, ANSWER_SECONDS)
        self._reasons: dict[str, str] | None = None

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
        postgres = postgres or self._store.write_failure or None
        self._counters.is_postgres_available = postgres is None
        self._counters.is_redis_available = redis is None
        arbitrage = None if self._counters.is_connected else "its stream of opportunities is down"
        found = {"postgres": postgres, "redis": redis, "arbitrage": arbitrage}
        reasons = {name: reason for name, reason in found.items() if reason}
        if reasons != self._reasons:
            await self._tell(reasons)
            self._reasons = reasons

    async def _count(self) -> None:
        self._counters.pending = await self._store.count_pending()

    async def _tell(self, reasons: dict[str, str]) -> None:
        for name in self._names:
            await self._server.set_serving(name, not reasons)
        if reasons:
            log.warning("not_serving", **reasons)
        else:
            log.info("serving")


async def _problem(question: Question) -> str | None:
    try:
        await question.ask()
    except (UnavailableError, TimeoutError) as error:
        return str(error)
    return None
