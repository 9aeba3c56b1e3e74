"""The rules as this replica knows them: read whole whenever any replica announces a change, and now and then anyway."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import structlog

from crossbook.alerts.rules import default_rule
from crossbook.alerts.store.rules import RuleStore
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.tasks import set_within

REFRESH_SECONDS = 5.0
UNREAD_SECONDS = 0.5

log = structlog.get_logger()


class Rulebook:
    """Keeps the last rules read while Postgres is down."""

    def __init__(self, store: RuleStore) -> None:
        self._store = store
        self._rules: list[pb.AlertRule] = []
        self._wake = asyncio.Event()
        self.is_read = asyncio.Event()

    def rules(self) -> Sequence[pb.AlertRule]:
        """As last read; the same list until one changes."""
        return self._rules

    def wake(self) -> None:
        """The rules have changed."""
        self._wake.set()

    async def refresh(self) -> None:
        """Reads them now. Raises UnavailableError."""
        rules = await self._store.list_rules()
        if rules != self._rules:  # the same list stands for the same rules
            self._rules = rules
        self.is_read.set()

    async def run(self) -> None:
        """Makes the first rule of a new installation, then follows changes until cancelled."""
        while True:
            self._wake.clear()
            with suppress(UnavailableError):  # the health watch says so
                if not self.is_read.is_set() and await self._store.create_first_rule(default_rule()):
                    log.info("default_rule_created")
                await self.refresh()
            await set_within(self._wake, REFRESH_SECONDS if self.is_read.is_set() else UNREAD_SECONDS)
