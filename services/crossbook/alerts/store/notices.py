"""What any replica announces to all: changed rules, due deliveries, fired alerts."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

from crossbook.alerts.store.tables import NOTICES
from crossbook.plumbing.data.postgres import connect, translating_outages

RULES_CHANGED = "rules"
DELIVERIES_DUE = "deliveries"
FIRED = "fired:"  # and the alert's id


class Notices:
    """Through a connection of their own."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[AsyncIterator[str]]:
        """What is announced from now on: RULES_CHANGED, DELIVERIES_DUE, FIRED + alert id."""
        with translating_outages():
            async with await connect(self._dsn) as connection:
                await connection.execute(f"LISTEN {NOTICES}")
                # Left open, the generator would keep the connection's lock, and closing would wait for it for ever.
                async with aclosing(connection.notifies()) as notices:
                    yield (notice.payload async for notice in notices)
