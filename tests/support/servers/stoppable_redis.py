"""A Redis of a test's own that can be stopped and started again at the same address."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from crossbook.local.processes.child import Child
from crossbook.local.servers.embedded import EmbeddedServer, is_up, owned
from crossbook.local.servers.redis import prepare_redis


class StoppableRedis:
    """Started when the test gets it."""

    def __init__(self, server: EmbeddedServer, data_dir: Path) -> None:
        self.url = server.url
        self._server = server
        self._child = Child(server.name, server.command, data_dir / "redis.log")

    async def start(self) -> None:
        """Returns once it answers."""
        await self._child.start()
        assert await is_up(self._server, self._child), self._child.last_words()

    async def stop(self) -> None:
        """Its connections are cut."""
        await self._child.stop()


@asynccontextmanager
async def stoppable_redis(data_dir: Path) -> AsyncIterator[StoppableRedis]:
    """Stopped at the end of the block."""
    with owned(data_dir):
        redis = StoppableRedis(prepare_redis(data_dir), data_dir)
        try:
            await redis.start()
            yield redis
        finally:
            await redis.stop()
