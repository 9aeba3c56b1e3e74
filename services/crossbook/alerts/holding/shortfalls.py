"""Remembers what did not reach a rule's thresholds, so that it can be asked for: written in batches, beside the way.

It is the one reason that is noted without certainty: a replica that dies takes the last half second with it.
"""

import asyncio

from crossbook.alerts.match import Match
from crossbook.alerts.store.alerts import note_of
from crossbook.alerts.store.suppressions import Note, SuppressionStore
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.plumbing.errors import UnavailableError

WAITING_LIMIT = 10_000
BATCH = 1_000
WRITE_SECONDS = 0.5


class Shortfalls:
    """When full, what comes is not remembered."""

    def __init__(self, store: SuppressionStore) -> None:
        self._store = store
        self._waiting: list[Note] = []

    def add(self, rule: pb.AlertRule, opportunity: arbitrage_pb2.Opportunity, words: str) -> None:
        """An opportunity is over and has never reached the rule."""
        if len(self._waiting) < WAITING_LIMIT:
            match = Match(rule, opportunity, opportunity.id)
            self._waiting.append(note_of(match, pb.SUPPRESSION_REASON_THRESHOLD, words))

    async def run(self) -> None:
        """Writes until cancelled."""
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            await self.write()

    async def write(self) -> None:
        """One batch; while Postgres is away it waits."""
        batch = self._waiting[:BATCH]
        if not batch:
            return
        try:
            await self._store.write(batch)
        except UnavailableError:  # the health watch says so; the next round tries again
            return
        del self._waiting[: len(batch)]
