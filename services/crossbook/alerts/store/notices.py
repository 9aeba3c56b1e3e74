"""What any replica announces to all: changed rules, due deliveries, fired alerts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

from crossbook.alerts.store.tables import NOTICES
from crossbook.plumbing.data.postgres import connect, translating_outages

RULES_CHANGED = "rules"
DELIVERIES_DUE = "deliveries"
FIRED = "fired:"  # and the alert's id
SHARED_SECONDS = 1.0  # between two looks where notices cannot be heard


class Notices:
    """Through a connection of their own."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[AsyncIterator[str]]:
        """What is announced from now on: RULES_CHANGED, DELIVERIES_DUE, FIRED + alert id.

        Behind a pooler that shares sessions nothing can be heard: it ends soon, so that the caller looks for itself.
        """
        with translating_outages():
            async with await connect(self._dsn) as connection:
                if connection.is_shared:
                    yield _nothing(SHARED_SECONDS)
                    return
                await connection.execute(f"LISTEN {NOTICES}")
                # Left open, the generator would keep the connection's lock, and closing would wait for it for ever.
                async with aclosing(connection.notifies()) as notices:
                    yield (notice.payload async for notice in notices)


async def _nothing(seconds: float) -> AsyncIterator[str]:
    await asyncio.sleep(seconds)
    return
    yield
